"""The cache: the same answer as without it, from whatever state of its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.config import cache as caches
from reconciler.config.load import load
from reconciler.config.yaml import Limits
from reconciler.kinds import KINDS
from reconciler.model.facts import Desired
from reconciler.model.resource import Vocabulary
from tests.unit.config.desired_state import written

TENANTS = "".join(
    f"t{n}@x.example:\n  name: Tenant {n}\n  package: {'Growth' if n % 2 else 'none'}\n"
    f"{'  overrides: {sending: {daily_limit: unlimited}, require: {dkim: true}}' if n % 3 == 0 else ''}\n"
    for n in range(200)
)
ROLES = "".join(f"R{n}: {{permissions: [b.{n}, a.*], previously: [], description: Ünïcode}}\n" for n in range(200))
FILES = {"tenants.d/t.yaml": TENANTS, "roles.d/r.yaml": ROLES + "Empty: {}\n", "packages.d/p.yaml": "Growth: {}\n"}


def everything(desired: Desired) -> object:
    return (
        desired.digest,
        desired.findings,
        {
            kind: {key: (record.values, record.origin, record.lines) for key, record in sheet.items()}
            for kind, sheet in desired.sheets.items()
        },
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return written(tmp_path / "desired", FILES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "inside"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def test_the_same_with_and_without(root: Path, folder: Path) -> None:
    plain = everything(load(root, KINDS))
    assert everything(load(root, KINDS, cache=folder)) == plain
    assert len(entries(folder)) == 2  # the small file is not worth an entry
    assert folder.stat().st_mode & 0o777 == 0o700
    assert everything(load(root, KINDS, cache=folder)) == plain


def test_values_keep_their_types(root: Path, folder: Path) -> None:
    load(root, KINDS, cache=folder)
    sheets = load(root, KINDS, cache=folder).sheets
    assert sheets["role"]["R7"].values["permissions"] == ("a.*", "b.7")
    assert sheets["role"]["R7"].values["previously"] == ()
    assert sheets["role"]["Empty"].values == {}
    overrides = sheets["tenant"]["t0@x.example"].values["overrides"]
    assert overrides == {"require.dkim": True, "sending.daily_limit": "unlimited"}
    assert isinstance(overrides, dict)
    assert overrides["require.dkim"] is True


def test_an_entry_is_of_its_content_not_of_its_name(root: Path, folder: Path) -> None:
    load(root, KINDS, cache=folder)
    (root / "tenants.d/t.yaml").rename(root / "tenants.d/other.yaml")
    record = load(root, KINDS, cache=folder).sheets["tenant"]["t5@x.example"]
    assert str(record.origin) == "tenants.d/other.yaml:21"
    (root / "tenants.d/other.yaml").write_text(TENANTS.replace("Tenant 5\n", "Tenant V\n"))
    assert load(root, KINDS, cache=folder).sheets["tenant"]["t5@x.example"].values["name"] == "Tenant V"


def test_the_same_content_under_another_kind_is_another_entry(tmp_path: Path, folder: Path) -> None:
    content = "".join(f"X{n}: {{note: {'x' * 40}}}\n" for n in range(200))
    root = written(tmp_path / "desired", {"packages.d/a.yaml": content, "roles.d/a.yaml": content})
    assert everything(load(root, KINDS, cache=folder)) == everything(load(root, KINDS, cache=folder))
    assert len(entries(folder)) == 2


def test_files_with_complaints_are_not_kept(root: Path, folder: Path) -> None:
    (root / "tenants.d/t.yaml").write_text(TENANTS + "x@x.example: {status: gone}\n")
    for _ in range(2):
        assert [finding.code for finding in load(root, KINDS, cache=folder).findings] == ["choice"]
    assert len(entries(folder)) == 1


def cut(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes()[:-10])


def flip(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes().replace(b"Growth", b"Growht"))


def rubbish(entry: Path) -> None:
    body = b'{"digest": "x"}'
    entry.write_bytes(caches._hash(body) + b"\n" + body)


def empty(entry: Path) -> None:
    entry.write_bytes(b"")


def a_folder(entry: Path) -> None:
    entry.unlink()
    entry.mkdir()


@pytest.mark.parametrize("damage", [cut, flip, rubbish, empty, a_folder], ids=lambda damage: damage.__name__)
def test_a_damaged_entry_is_none(root: Path, folder: Path, damage: Callable[[Path], None]) -> None:
    plain = everything(load(root, KINDS, cache=folder))
    for entry in entries(folder):
        damage(entry)
    assert everything(load(root, KINDS, cache=folder)) == plain


def test_another_vocabulary_or_version_is_another_entry(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(root, KINDS, cache=folder)
    other = Vocabulary(tuple(replace(resource, doc=f"{resource.doc} More.") for resource in KINDS))
    load(root, other, cache=folder)
    assert len(entries(folder)) == 4
    monkeypatch.setattr(caches, "__version__", "9.9.9")
    load(root, KINDS, cache=folder)
    assert len(entries(folder)) == 6


def test_a_folder_that_is_not_ours_alone_is_not_used(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    file = tmp_path / "file"
    file.write_text("x")
    for folder in (shared, file / "below"):
        with caches.open_cache(folder, KINDS) as cache:
            assert cache is None
        assert not load(root, KINDS, cache=folder).findings
    assert not list(shared.iterdir())


def test_it_stays_small(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(root, KINDS, cache=folder)
    kept = {entry.name for entry in entries(folder)}
    monkeypatch.setattr(caches, "LARGEST", 1)
    (root / "tenants.d/t.yaml").write_text(TENANTS + "# more\n")
    load(root, KINDS, cache=folder)
    left = {entry.name for entry in entries(folder)}
    assert len(left) == 2
    assert len(left & kept) == 1


def test_what_cannot_be_written_is_read_again(root: Path, folder: Path) -> None:
    content = TENANTS.encode()
    with caches.open_cache(folder, KINDS) as cache:
        assert cache is not None
        shutil.rmtree(folder)
        folder.write_text("in the way")
        cache.keep(KINDS["tenant"], content, caches.FileObjects())
        cache.prune()
        assert cache.find(KINDS["tenant"], "t.yaml", content) is None


def test_limits_hold_for_what_is_cached(root: Path, folder: Path) -> None:
    load(root, KINDS, cache=folder)
    small = Limits(file_bytes=5000)
    assert {finding.code for finding in load(root, KINDS, small, folder).findings} == {"too-large"}
