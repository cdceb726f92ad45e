"""A few cases as a reviewer reads them: the comment on a pull request and the page for a browser."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.report import topic
from tests.cases.scene import Scene, told, wish
from tests.cases.test_cases import ROOT, golden, planned

CHOSEN = (
    "bookkeeping/released",
    "delete/in_use",
    "display/everything_at_once",
    "display/grouped",
    "display/hidden_people",
    "display/hostile",
    "drift/conflict",
    "guards/too_much_lifted",
    "overrides/changed",
    "removed/reassign_with_files",
    "update/several",
    "update/to_unlimited",
)
FILES = {"markdown": "plan.md", "html": "plan.html"}


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("case", CHOSEN)
def test_as_a_reviewer_reads_it(case: str, form: str, scene: Scene, bless: bool) -> None:
    folder = ROOT / case
    plan = planned(scene.set_up(folder), wish(told(folder)))
    frame = topic.Frame(vocabulary=KINDS, masked=plan.policy.privacy != "full")
    shown = import_module(f"reconciler.report.formats.{form}").report(topic.topic_of_plan(plan), frame)
    golden(folder / FILES[form], shown, bless)


def test_no_golden_file_is_forgotten() -> None:
    """A file of a case that is not chosen would be compared with nothing."""
    there = {str(path.parent.relative_to(ROOT)) for file in FILES.values() for path in Path(ROOT).glob(f"*/*/{file}")}
    assert there == set(CHOSEN)
