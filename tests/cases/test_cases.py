"""Each folder of tests/cases: the plan is what the golden files say, and the laws of docs/architecture.md#laws hold for
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.agreement import disagreements
from reconciler.kinds import KINDS
from reconciler.model.change import Forget
from reconciler.model.errors import FileErrors, Refused
from reconciler.model.exit_codes import drift_code, plan_code
from reconciler.model.plan import Plan
from reconciler.report import plan_file
from reconciler.report.text import findings_text, plan_text
from reconciler.workflow import plan as journey
from reconciler.workflow.plan import PlanRequest
from reconciler.workflow.site import Site
from tests.cases.scene import DATABASE, Scene, copy, dump, lasting, standing, told, wish

ROOT = Path(__file__).parent
CASES = sorted(path.parent for path in ROOT.glob("*/*/live.yaml"))
ENOUGH = 45


def quiet(phase: str) -> None:
    """Nobody waits here."""


def planned(site: Site, asked: PlanRequest) -> Plan:
    return journey.planned(site, asked, quiet)


def as_text(plan: Plan) -> str:
    """What `plan --detailed-exitcode` ends with, and what it says where it is piped: people masked."""
    masked = plan.policy.privacy != "full"
    return f"exit {plan_code(plan, detailed=True)}\n{plan_text(plan, vocabulary=KINDS, masked=masked)}\n"


def as_document(plan: Plan) -> str:
    """The plan file without what differs from one database and one version to the next, and without its digest."""
    steady = replace(plan, source=replace(plan.source, instance="the-instance", version="the-version"))
    whole = plan_file.plan_document(steady, meta={})
    del whole["meta"]
    return plan_file.dumps(whole)


def golden(path: Path, found: str, bless: bool) -> None:
    if bless:
        path.write_text(found, encoding="utf-8")
    assert path.is_file(), f"{path} is missing: run `pytest tests/cases --bless` and read what it writes"
    assert found == path.read_text(encoding="utf-8")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= ENOUGH


def named(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def lengths() -> Iterator[Any]:
    """The costlier laws hold for all cases; here they are proven for every tenth, and for the others in the torture."""
    for number, case in enumerate(CASES):
        in_full = number % 10 == 0
        yield pytest.param(case, in_full, id=named(case))
        if not in_full:
            yield pytest.param(case, True, id=f"{named(case)} in full", marks=pytest.mark.torture)


@pytest.mark.parametrize(("case", "in_full"), list(lengths()))
def test_golden(case: Path, in_full: bool, scene: Scene, bless: bool) -> None:
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
    if (case / "plan.json").exists():  # where the document is the point
        golden(case / "plan.json", as_document(plan), bless)
    assert not list(disagreements(plan, KINDS))
    if in_full:
        again = planned(site, asked)
        assert (as_text(again), as_document(again)) == (as_text(plan), as_document(plan))
    assert dump(database) == before, "planning wrote something"
    if plan.blocked:
        with pytest.raises(Refused):
            journey.applied(site, plan, quiet)
        assert dump(database) == before, "a refused plan left something behind"
        return
    image = scene.folder / "image.db"
    copy(database, image)
    after_an_apply_the_plan_is_empty(site, plan, asked, told(case).get("afterwards", False))
    if in_full:
        once = lasting(database)
        twice_is_once(site, plan)
        assert standing(lasting(database)) == standing(once)
        scene.back_to(image)
        the_file_does_what_the_plan_does(site, plan)
        assert lasting(database) == once


def after_an_apply_the_plan_is_empty(site: Site, plan: Plan, asked: PlanRequest, afterwards: bool) -> None:
    outcome = journey.applied(site, plan, quiet)
    assert outcome.done == plan.changes
    after = planned(site, asked)
    if afterwards:
        assert after.changes
        return
    assert after.changes == (), as_text(after)
    assert (after.remember, after.drop, after.bookkeeping) == ((), (), 0), as_text(after)
    assert (plan_code(after, detailed=True), drift_code(after)) == (0, 0)


def twice_is_once(site: Site, plan: Plan) -> None:
    again = journey.applied(site, plan, quiet)
    assert all(isinstance(change, Forget) for change in again.done), "the second apply did something"


def the_file_does_what_the_plan_does(site: Site, plan: Plan) -> None:
    from_file = plan_file.parse_plan(
        plan_file.dumps(plan_file.seal(plan_file.plan_document(plan, meta={}), None)), None
    )
    assert from_file == plan
    journey.applied(site, from_file, quiet)
