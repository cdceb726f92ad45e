"""Rules that speak of what never happens: fields that reach nothing, guards that are not asked, codes nobody lifts."""

from __future__ import annotations

import pytest

from reconciler.kinds import KINDS
from reconciler.model.exit_codes import drift_code, plan_code
from reconciler.model.facts import Facts, Users
from reconciler.model.finding import CODES, Finding, Severity, allowed
from reconciler.model.ref import Ref
from tests.unit.engine.plans import found, plan_of

NEVER_LIFTED = {"in-use", "referenced", "cascade", "rename-conflict", "stale", "not-held", "tampered", "other-target"}
IN_FILES_ALONE = {"previously": ("Was",), "note": "why", "reassign_to": "Other", "upgrade_to": "Other"}


def test_fields_of_files_alone_reach_nothing_else() -> None:
    assert {f.name for kind in KINDS.kinds for f in KINDS.fields[kind].values() if f.file_only} == set(IN_FILES_ALONE)
    held = {f.name for kind in KINDS.kinds for f in KINDS.held[kind]}
    assert held.isdisjoint(IN_FILES_ALONE)
    files = {"package/P": {**IN_FILES_ALONE, "limits.lists": 1}, "package/Other": {}}
    plan = plan_of(files, {"package/P": {"limits.lists": 1}, "package/Other": {}})
    assert (plan.changes, found(plan, "unsupported")) == ((), [])
    assert {memo.ref.key: memo.stated for memo in plan.remember} == {"P": '{"limits.lists":1}', "Other": "{}"}


def test_drift_never_asks_a_guard() -> None:
    live = {"package/Legacy": {}, "package/Kept": {}}
    facts = Facts(holders={Ref("package", "Legacy"): Users(count=1, by_status={"active": 1})})
    plan = plan_of({"package/Kept": {}}, live, live, facts=facts)
    assert (plan_code(plan), drift_code(plan)) == (3, 0)


@pytest.mark.parametrize("code", sorted(NEVER_LIFTED))
def test_codes_that_are_never_lifted(code: str) -> None:
    refusal = Finding(code=code, message="no")
    assert allowed((refusal,), frozenset(CODES)) == (refusal,)
    assert refusal.severity is Severity.ERROR


def test_a_platform_taken_out_of_the_files_just_stays() -> None:
    platform = {"platform/default": {"sending.daily_limit": 5}}
    plan = plan_of({}, platform, platform)
    assert (plan.changes, plan.findings, plan.drop) == ((), (), (Ref("platform", "default"),))
