"""Each folder of tests/cases: the plan is what the golden files say, and the laws of STYLE 12 hold for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden_scene import DATABASE, Scene, copy, dump, lasting, standing, told, wish

from reconciler.engine.verdict import drift_code, plan_code
from reconciler.kinds import KINDS
from reconciler.model.change import Forget
from reconciler.model.errors import FileErrors, Refused
from reconciler.model.plan import Plan
from reconciler.report import document
from reconciler.report.text import findings_text, plan_text
from reconciler.workflow import journey
from reconciler.workflow.journey import Wish
from reconciler.workflow.site import Site

ROOT = Path(__file__).parents[1] / "cases"
CASES = sorted(path.parent for path in ROOT.glob("*/*/live.yaml"))
ENOUGH = 45


def quiet(phase: str) -> None:
    """Nobody waits here."""


def planned(site: Site, asked: Wish) -> Plan:
    return journey.planned(site, asked, quiet)


def as_text(plan: Plan) -> str:
    """What `plan --detailed-exitcode` ends with, and what it says where it is piped: people masked."""
    masked = plan.policy.privacy != "full"
    return f"exit {plan_code(plan, detailed=True)}\n{plan_text(plan, vocabulary=KINDS, masked=masked)}\n"


def as_document(plan: Plan) -> str:
    """The plan file without what differs from one database and one version to the next, and without its digest."""
    steady = replace(plan, source=replace(plan.source, instance="the-instance", version="the-version"))
    whole = document.document(steady, meta={})
    del whole["meta"]
    return document.dumps(whole)


def golden(path: Path, found: str, bless: bool) -> None:
    if bless:
        path.write_text(found, encoding="utf-8")
    assert path.is_file(), f"{path} is missing: run `pytest tests/golden --bless` and read what it writes"
    assert found == path.read_text(encoding="utf-8")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= ENOUGH


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_golden(case: Path, scene: Scene, bless: bool) -> None:
    site = scene.set_up(case)
    database = scene.folder / DATABASE
    before = dump(database)
    asked = wish(told(case))
    try:
        plan = planned(site, asked)
    except FileErrors as errors:
        golden(case / "plan.txt", f"exit {errors.exit_code}\n{findings_text(errors.findings)}\n", bless)
        assert not (case / "plan.json").exists()
        assert dump(database) == before
        return
    golden(case / "plan.txt", as_text(plan), bless)
    golden(case / "plan.json", as_document(plan), bless)
    again = planned(site, asked)
    assert (as_text(again), as_document(again)) == (as_text(plan), as_document(plan))
    assert dump(database) == before, "planning wrote something"
    if plan.blocked:
        with pytest.raises(Refused):
            journey.applied(site, plan, quiet)
        assert dump(database) == before, "a refused plan left something behind"
    else:
        laws(case, scene, site, plan, asked)


def laws(case: Path, scene: Scene, site: Site, plan: Plan, asked: Wish) -> None:
    """Apply, then plan is empty; apply twice equals once; the plan file does what the plan does."""
    database, other = scene.folder / DATABASE, scene.folder / "other.db"
    copy(database, other)
    outcome = journey.applied(site, plan, quiet)
    assert outcome.done == plan.changes
    after = planned(site, asked)
    if told(case).get("afterwards"):
        assert after.changes
    else:
        assert after.changes == (), as_text(after)
        assert (after.remember, after.drop, after.bookkeeping) == ((), (), 0), as_text(after)
        assert (plan_code(after, detailed=True), drift_code(after)) == (0, 0)

    from_file = document.parse(document.dumps(document.seal(document.document(plan, meta={}), None)), None)
    assert from_file == plan
    journey.applied(scene.site_on(other, case), from_file, quiet)
    assert lasting(other) == lasting(database)

    once = standing(lasting(database))
    again = journey.applied(site, plan, quiet)
    assert all(isinstance(change, Forget) for change in again.done), "the second apply did something"
    assert standing(lasting(database)) == once
