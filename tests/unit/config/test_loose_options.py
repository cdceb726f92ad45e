"""The system's own options are typed loosely: text, numbers, true and false, lines; kept as text."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from reconciler.config import schema
from reconciler.kinds import KINDS
from tests.unit.config.desired_state import codes, loaded

VALUES = [
    ("10", "10"),
    ("-1", "-1"),
    ('"010"', "010"),
    ("yes", "yes"),
    ("true", "yes"),
    ("false", "no"),
    ('""', ""),
    ('"two\\nlines"', "two\nlines"),
]
REFUSED = ["1.5", "[a]", "{a: b}", "9223372036854775808", '"bell \\a"', '"${HOME}"']


@pytest.mark.parametrize(("written", "kept"), VALUES)
def test_it_is_kept_as_text(tmp_path: Path, written: str, kept: str) -> None:
    found = loaded(tmp_path, {"packages.d/a.yaml": f"A:\n  options:\n    x.y: {written}\n"})
    assert found.findings == ()
    assert found.sheets["package"]["A"].values["options"] == {"x.y": kept}


@pytest.mark.parametrize("written", REFUSED)
def test_it_is_refused(tmp_path: Path, written: str) -> None:
    assert codes(tmp_path, {"packages.d/a.yaml": f"A:\n  options:\n    x.y: {written}\n"})


def test_headers_are_text_of_one_line_as_ever(tmp_path: Path) -> None:
    for written in ("10", "true", '"two\\nlines"'):
        assert codes(tmp_path, {"packages.d/a.yaml": f"A:\n  headers:\n    X-A: {written}\n"}) == ["type"]


def test_editors_are_told_the_same() -> None:
    document = schema.document_schema(KINDS["package"], KINDS)
    for good in (1, True, "two\nlines"):
        jsonschema.validate({"A": {"options": {"x.y": good}}}, document)
    for bad in (1.5, [], None):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"A": {"options": {"x.y": bad}}}, document)
