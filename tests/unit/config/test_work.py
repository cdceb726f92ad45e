"""Files that mean harm make no more work than their size: calls are counted, so no machine is too slow for it."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hostile import SETTINGS, Hostile, hostile_files
from reconciler.model.errors import FileErrors
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.workflow.plan import validated
from reconciler.workflow.site import Choices, open_site

SMALL = 24_000
CASES = [case for case in hostile_files() if case.command == "validate"]
OF_MANY = [case for case in CASES if " as a " not in case.name]
"""Those of many values; what a regular expression does with one long text is no call (`tests/torture`)."""


def written(folder: Path, hostile: Hostile, size: int) -> Path:
    folder.mkdir()
    (folder / "root").mkdir()
    (folder / "reconciler.yaml").write_text(f"root: root\n{SETTINGS}")
    for place, text in hostile.files(size).items():
        path = folder / "root" / place if "/" in place else folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "reconciler.yaml"


def found(settings: Path) -> tuple[Finding, ...]:
    try:
        return validated(open_site(Choices(config=settings), {}, settings.parent))[1]
    except FileErrors as errors:
        return errors.findings


def calls(settings: Path) -> int:
    """How many functions are called to find all that is wrong."""
    number = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    gc.collect()
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found(settings)
    finally:
        sys.setprofile(before)
    return number


@pytest.mark.torture
@pytest.mark.parametrize("hostile", OF_MANY, ids=lambda hostile: hostile.name.replace(" ", "-"))
def test_twice_the_file_is_twice_the_work(tmp_path: Path, hostile: Hostile) -> None:
    settings = written(tmp_path / "warm", hostile, 1_000)
    found(settings)  # what is imported and built once is not counted
    once = calls(written(tmp_path / "once", hostile, SMALL))
    twice = calls(written(tmp_path / "twice", hostile, 2 * SMALL))
    assert twice < 2.6 * once + 20_000


@pytest.mark.parametrize("hostile", CASES, ids=lambda hostile: hostile.name.replace(" ", "-"))
def test_few_are_told_and_the_rest_is_counted(tmp_path: Path, hostile: Hostile) -> None:
    findings = found(written(tmp_path / "once", hostile, SMALL))
    told = Counter((finding.code, finding.at_files) for finding in findings if not finding.is_rest)
    assert not told or max(told.values()) <= MOST_ALIKE
    assert sum(len(f"{finding.message}{finding.remedy}{finding.ref}{finding.field}") for finding in findings) < 400_000
    rest = [finding for finding in findings if finding.is_rest]
    assert len({(finding.code, finding.at_files) for finding in rest}) == len(rest)
    assert all(finding.message == f"{finding.more:,} more of this code are not listed" for finding in rest)
