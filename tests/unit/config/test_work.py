"""Files that mean harm make no more work than their size: calls are counted, so no machine is too slow for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.hostile import SETTINGS, Hostile, hostile_files
from reconciler.model.errors import FileErrors
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.workflow.plan import validated
from reconciler.workflow.site import Choices, open_site
from tests.support.calls import calls

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


@pytest.mark.torture
@pytest.mark.parametrize("hostile", OF_MANY, ids=lambda hostile: hostile.name.replace(" ", "-"))
def test_twice_the_file_is_twice_the_work(tmp_path: Path, hostile: Hostile) -> None:
    settings = written(tmp_path / "warm", hostile, 1_000)
    found(settings)  # what is imported and built once is not counted
    once, twice = (written(tmp_path / str(size), hostile, size) for size in (SMALL, 2 * SMALL))
    assert calls(lambda: found(twice)) < 2.6 * calls(lambda: found(once)) + 20_000


@pytest.mark.parametrize("hostile", CASES, ids=lambda hostile: hostile.name.replace(" ", "-"))
def test_few_are_told_and_the_rest_is_counted(tmp_path: Path, hostile: Hostile) -> None:
    findings = found(written(tmp_path / "once", hostile, SMALL))
    told = Counter((finding.code, finding.at_files) for finding in findings if not finding.is_rest)
    assert not told or max(told.values()) <= MOST_ALIKE
    assert sum(len(f"{finding.message}{finding.remedy}{finding.ref}{finding.field}") for finding in findings) < 400_000
    rest = [finding for finding in findings if finding.is_rest]
    assert len({(finding.code, finding.at_files) for finding in rest}) == len(rest)
    assert all(finding.message == f"{finding.more:,} more of this code are not listed" for finding in rest)
