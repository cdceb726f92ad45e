"""The laws of `export` for any live system: what is loaded again is what was live, and a second export is empty."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from reconciler.config import export as dump
from reconciler.config.load import load
from reconciler.kinds import KINDS
from reconciler.model.facts import Desired, Snapshot
from reconciler.model.resource import Reference, TextMap
from reconciler.model.values import NONE
from tests.support.properties import tried
from tests.unit.config.random_states import two_worlds, worlds

MODEST = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # A world is large: shrinking one takes minutes and says no more than the difference that is printed.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def write(root: Path, files: Mapping[str, str]) -> Desired:
    for place, content in files.items():
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_bytes(content.encode())
    desired = load(root, KINDS)
    assert [finding for finding in desired.findings if finding.blocks] == []
    return desired


def export(root: Path, live: Snapshot, desired: Desired, *, complete: bool = False) -> dump.ExportedFiles:
    return dump.export(root, live, desired.sheets, KINDS, complete=complete)


def different(
    live: Snapshot, desired: Desired, left_out: set[tuple[str, str, str]], *, everything: bool
) -> list[object]:
    """Fields that a file states otherwise than they are live, or does not state although it should."""
    found: list[object] = []
    for kind, sheet in live.sheets.items():
        for key, record in sheet.items():
            stated = desired.sheets[kind][key].values if key in desired.sheets[kind] else {}
            for name, value in record.values.items():
                nowhere = isinstance(KINDS.fields[kind][name].type, Reference) and value == NONE
                if (kind, key, name) in left_out or (nowhere and name not in stated):
                    continue
                if (everything or name in stated) and stated.get(name) != owned(kind, name, value, stated):
                    found.append((kind, key, name, value, stated.get(name)))
    return found


def owned(kind: str, name: str, value: Any, stated: Mapping[str, Any]) -> Any:
    """Of a map that is owned code by code, what the file speaks of."""
    type_ = KINDS.fields[kind][name].type
    if isinstance(type_, TextMap) and not type_.whole and name in stated:
        return {code: text for code, text in value.items() if code in stated[name]}
    return value


def left_out(made: dump.ExportedFiles) -> set[tuple[str, str, str]]:
    return {(f.ref.kind, f.ref.key, f.field) for f in made.findings if f.ref}


@tried(worlds(), examples=15, profile=MODEST)
def test_load_after_export_equals_live(live: Snapshot) -> None:
    with folder() as root:
        made = export(root, live, load(root, KINDS))
        desired = write(root, made.files)
        assert different(live, desired, left_out(made), everything=True) == []
        assert export(root, live, desired).files == {}


@tried(two_worlds(), examples=15, profile=MODEST)
def test_a_refreshed_file_states_what_is_live_now(pair: tuple[Snapshot, Snapshot]) -> None:
    before, after = pair
    with folder() as root:
        desired = write(root, export(root, before, load(root, KINDS)).files)
        made = export(root, after, desired)
        refreshed = write(root, made.files)
        skipped = left_out(made)
        assert different(after, refreshed, skipped | unset(before, after), everything=False) == []
        again = export(root, after, refreshed)
        assert again.files == {}
        completed = export(root, after, refreshed, complete=True)
        whole = write(root, completed.files)
        assert different(after, whole, left_out(completed) | unset(before, after), everything=True) == []


def unset(before: Snapshot, after: Snapshot) -> set[tuple[str, str, str]]:
    """References that are gone: no file can say so, and the old one stays in it."""
    return {
        (kind, key, name)
        for kind, sheet in after.sheets.items()
        for key, record in sheet.items()
        for name, value in record.values.items()
        if isinstance(KINDS.fields[kind][name].type, Reference) and value == NONE
    }
