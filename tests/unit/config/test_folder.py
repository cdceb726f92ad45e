"""Files → Records: the values as the engine wants them, and the digest of what is declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from tests.unit.config.desired_state import loaded

VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("package", "sending: {daily_limit: -1}", {"sending.daily_limit": "unlimited"}),
    ("package", "sending: {daily_limit: unlimited}", {"sending.daily_limit": "unlimited"}),
    ("package", "sending: {daily_limit: 0}", {"sending.daily_limit": 0}),
    ("package", "sending: {daily_limit: 9223372036854775807}", {"sending.daily_limit": 2**63 - 1}),
    (
        "package",
        "sending: {daily_limit: 0x10, hourly_speed: 010}",
        {"sending.daily_limit": 16, "sending.hourly_speed": 10},
    ),
    ("package", "sending: {max_threads: off}", {"sending.max_threads": "off"}),
    ("package", "sending: {}", {}),
    ("package", "commercial: {bounce_rate_stop: 100}", {"commercial.bounce_rate_stop": 100}),
    ("package", "setup_guide: False", {"setup_guide": False}),
    ("package", "previously: [b, a]", {"previously": ("a", "b")}),
    ("package", "assets: {sending_nodes: [b, a]}", {"assets.sending_nodes": ("a", "b")}),
    ("package", "assets: {sending_nodes: off}", {"assets.sending_nodes": "off"}),
    ("package", "headers: {b: '1', a: no}", {"headers": {"a": "no", "b": "1"}}),
    ("package", "headers: {}", {"headers": {}}),
    ("package", "options: {a.b: x}", {"options": {"a.b": "x"}}),
    ("package", "note: |\n    two\n    lines\n", {"note": "two\nlines\n"}),
    ("role", "permissions: []", {"permissions": ()}),
    ("role", "permissions: [contacts.*, a]", {"permissions": ("a", "contacts.*")}),
    ("tenant", "package: none", {"package": "none"}),
    ("tenant", "name: no", {"name": "no"}),
    ("tenant", "overrides: none", {"overrides": {}}),
    ("tenant", "overrides: {}", {"overrides": {}}),
    ("tenant", "overrides: {sending: {daily_limit: inherit}}", {"overrides": {}}),
    (
        "tenant",
        "overrides: {sending: {hourly_speed: -1, daily_limit: 7}, require: {dkim: true}, limits: {lists: inherit}}",
        {"overrides": {"require.dkim": True, "sending.daily_limit": 7, "sending.hourly_speed": "unlimited"}},
    ),
    ("tenant", "overrides: {sending: {max_threads: off}}", {"overrides": {"sending.max_threads": "off"}}),
    ("tenant", "credits: {monthly: 0}", {"credits.monthly": 0}),
]


@pytest.mark.parametrize(("kind", "content", "values"), VALUES)
def test_values(tmp_path: Path, kind: str, content: str, values: dict[str, Any]) -> None:
    desired = loaded(tmp_path, {f"{KINDS[kind].folder}/x.yaml": f"X:\n  {content}\n"})
    assert desired.findings == ()
    record = desired.sheets[kind]["X"]
    assert record.values == values
    assert [type(value) for value in record.values.values()] == [type(value) for value in values.values()]
    assert list(record.values) == sorted(record.values)


def test_maps_are_sorted(tmp_path: Path) -> None:
    record = loaded(tmp_path, {"packages.d/x.yaml": "X: {headers: {b: '1', a: '2'}}"}).sheets["package"]["X"]
    assert isinstance(record.values["headers"], dict)
    assert list(record.values["headers"]) == ["a", "b"]


def test_a_boundary_for_every_number(tmp_path: Path) -> None:
    """docs/rules.md#rule-4: one below, the edges, one above; a bool and a number too long for any column."""
    rows = {
        "sending: {daily_limit: %s}": {"-2": 0, "-1": 1, "0": 1, str(2**63 - 1): 1, str(2**63): 0},
        "sending: {max_threads: %s}": {"-1": 0, "0": 0, "1": 1, str(2**63 - 1): 1, str(2**63): 0},
        "quota: {notify_percent: %s}": {"49": 0, "50": 1, "98": 1, "99": 0},
        "commercial: {bounce_rate_stop: %s}": {"0": 0, "1": 1, "100": 1, "101": 0},
        "commercial: {suppressed_domains: %s}": {"-1": 0, "0": 1, str(2**63 - 1): 1, str(2**63): 0},
    }
    everywhere = {"true": 0, ".nan": 0, ".inf": 0, "-.inf": 0, "1.0": 0, "1e3": 0, "9" * 5000: 0, "'1'": 0, "x": 0}
    for place, (field, numbers) in enumerate(rows.items()):
        for number, (word, good) in enumerate({**numbers, **everywhere}.items()):
            root = tmp_path / f"{place}-{number}"
            findings = loaded(root, {"packages.d/x.yaml": f"X:\n  {field % word}\n"}).findings
            assert len(findings) == 1 - good, (field, word)
            assert all(finding.origin is not None and finding.origin.line == 2 for finding in findings)


LAYOUTS = [
    {"packages.d/a.yaml": "A: {note: x, sending: {daily_limit: 5, hourly_speed: 6}}\nB: {note: y}\n"},
    {"packages.d/a.yaml": "# comment\nB: {note: 'y'}\nA: {sending: {hourly_speed: 6, daily_limit: 0x5}, note: x}\n"},
    {
        "packages.d/b.yaml": "B: {note: y}",
        "packages.d/eu/a.yml": "A: {sending: {daily_limit: 5, hourly_speed: 6}, note: x}",
    },
]


def test_the_digest_does_not_depend_on_the_layout(tmp_path: Path) -> None:
    digests = {loaded(tmp_path / str(number), files).digest for number, files in enumerate(LAYOUTS)}
    assert len(digests) == 1


def test_the_digest_depends_on_everything_declared(tmp_path: Path) -> None:
    contents = ["", "A: {}", "B: {}", "A: {note: x}", "A: {note: y}", "A: {sending: {daily_limit: 1}}"]
    contents += ["A: {setup_guide: true}", "A: {setup_guide: false}", "A: {previously: [x]}", "A: {}\nB: {}"]
    digests = [loaded(tmp_path / str(n), {"packages.d/a.yaml": text}).digest for n, text in enumerate(contents)]
    digests += [loaded(tmp_path / "role", {"roles.d/a.yaml": "A: {}"}).digest]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {64}


def test_origins(tmp_path: Path) -> None:
    sheet = loaded(tmp_path, {"packages.d/eu/a.yaml": "# c\nA: {}\n"}).sheets["package"]
    assert str(sheet["A"].origin) == "packages.d/eu/a.yaml:2"
