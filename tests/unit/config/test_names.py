"""Names in files (docs/rules.md#rule-2, #rule-3): what is refused, and that two nearly equal ones are always met."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.names import fault, folded
from tests.unit.config.desired_state import codes, complaints, loaded

LAWFUL = [
    "Starter Plan",
    "ops@acme.example",
    "Café",
    "日本",
    "a/b",
    "x" * 255,
    "-",
    "1a",
    "Ünïcode 😀",
    "<<",
    "a:b",
    "*",
]
UNLAWFUL = [
    ("right-to-left", "ab\u202ecd"),
    ("zero width", "a\u200bb"),
    ("soft hyphen", "a\u00adb"),
    ("mark of byte order", "a\ufeffb"),
    ("escape", "a\x1bb"),
    ("line break", "a\nb"),
    ("c1", "a\x90b"),
    ("blank before", " a"),
    ("blank behind", "a "),
    ("no-break blank behind", "a\u00a0"),
    ("empty", ""),
    ("decomposed", "Cafe\u0301"),
    ("too long", "x" * 256),
    ("unlimited", "unlimited"),
    ("off", "off"),
    ("inherit", "inherit"),
    ("none", "none"),
]


def quoted(name: str) -> str:
    """The name in double quotes, everything unusual escaped."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in name) + '"'


@pytest.mark.parametrize("name", LAWFUL)
def test_lawful_keys(tmp_path: Path, name: str) -> None:
    desired = loaded(tmp_path, {"packages.d/a.yaml": f"{quoted(name)}: {{}}\n"})
    assert desired.findings == ()
    assert list(desired.sheets["package"]) == [name]


@pytest.mark.parametrize("name", [row[1] for row in UNLAWFUL], ids=[row[0] for row in UNLAWFUL])
def test_unlawful_names_everywhere(tmp_path: Path, name: str) -> None:
    word = quoted(name)
    files = {
        "packages.d/a.yaml": f"{word}: {{}}\n",
        "packages.d/b.yaml": f"B:\n  role: {word}\n",
        "packages.d/c.yaml": f"C:\n  assets: {{sending_nodes: [{word}]}}\n",
        "roles.d/r.yaml": f"R:\n  permissions: [{word}]\n",
    }
    assert codes(tmp_path, files) == ["name"] * 4


def test_a_former_name_may_be_unlawful(tmp_path: Path) -> None:
    assert codes(tmp_path, {"packages.d/a.yaml": "A:\n  previously: [' old ', off]\n"}) == []


TWINS = [("Growth", "growth"), ("Café", "CAFÉ"), ("straße", "STRASSE"), ("Ǆ", "ǆ")]


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_twins_name_both_places(tmp_path: Path, one: str, other: str) -> None:
    (told,) = complaints(
        tmp_path, {"packages.d/a.yaml": f"{one}: {{}}\n", "packages.d/b.yaml": f"# c\n{other}: {{}}\n"}
    )
    assert told == (
        f'[twins] package/{other}: differs from "{one}" in packages.d/a.yaml:1 only in case, form or blanks; '
        "give one of them another name  packages.d/b.yaml:2"
    )


def test_the_same_key_in_two_files_names_both(tmp_path: Path) -> None:
    files = {"packages.d/a.yaml": "A: {}\nB: {}\n", "packages.d/b.yaml": "# c\nB: {note: x}\n"}
    assert complaints(tmp_path, files) == [
        "[duplicate] package/B: is already in packages.d/a.yaml:2; take one of them out  packages.d/b.yaml:2"
    ]


def test_kinds_do_not_share_names(tmp_path: Path) -> None:
    assert codes(tmp_path, {"packages.d/a.yaml": "A: {}", "roles.d/a.yaml": "a: {}"}) == []


@settings(max_examples=60, deadline=None)
@given(st.sets(st.text(max_size=12), max_size=40))
def test_every_pair_of_names_that_a_database_may_equate_is_met(names: set[str]) -> None:
    """Whatever the names: the unlawful ones are told of, and of what is left no two fold to the same."""
    content = "".join(f"{quoted(name)}: {{}}\n" for name in sorted(names) if not any(map(_surrogate, name)))
    kept = [name for name in sorted(names) if not any(map(_surrogate, name))]
    with TemporaryDirectory() as root:
        findings = loaded(Path(root), {"packages.d/a.yaml": content}).findings
    assert sum(finding.code == "name" for finding in findings) == sum(bool(fault(name)) for name in kept)
    lawful = [name for name in kept if not fault(name)]
    extra = len(lawful) - len({folded(name) for name in lawful})
    assert sum(finding.code == "twins" for finding in findings) == extra


def _surrogate(character: str) -> bool:
    return unicodedata.category(character) == "Cs"
