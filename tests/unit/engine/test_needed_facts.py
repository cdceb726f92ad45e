"""A guard cannot forget to ask: what engine/needed_facts.py did not ask for cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from reconciler.engine import planner
from reconciler.engine.guards import GUARDS, Guard, GuardInput
from reconciler.kinds import KINDS
from reconciler.model.change import Rename
from reconciler.model.facts import Facts, NeededFacts, Users, UserUsage
from reconciler.model.finding import Finding
from reconciler.model.ref import Ref
from tests.unit.engine.plans import plan_of

GROWTH, LEGACY, USER = Ref("package", "Growth"), Ref("package", "Legacy"), Ref("tenant", "a@x.example")
USAGE = UserUsage(ref=USER, overrides={}, counters={"contacts": 7, "lists": 2})
FACTS = Facts(
    holders={GROWTH: Users(count=5), LEGACY: Users(count=3)},
    meters={GROWTH: (USAGE,)},
    protection={"package": "C"},
)
ASKED = FACTS.answering(
    NeededFacts(frozenset({GROWTH, USER}), meters=frozenset({GROWTH}), counters=frozenset({"lists"}))
)


def test_what_was_asked_for_is_read_as_it_was_answered() -> None:
    assert (ASKED.holders[GROWTH].count, dict(ASKED.holders)) == (5, {GROWTH: Users(count=5)})
    assert (len(ASKED.holders), ASKED.holders.get(USER, Users()).count) == (1, 0)  # asked for, and not live
    assert ASKED.used(ASKED.meters[GROWTH][0], "lists") == 2


@pytest.mark.parametrize(
    "read",
    [
        lambda: ASKED.holders[LEGACY],
        lambda: ASKED.holders.get(LEGACY, Users()),
        lambda: LEGACY in ASKED.holders,
        lambda: ASKED.pointers.get(GROWTH, ()),
        lambda: ASKED.meters.get(LEGACY, ()),
        lambda: ASKED.cascades.get(GROWTH),
        lambda: ASKED.protection.get("package"),
        lambda: ASKED.used(USAGE, "contacts"),
    ],
)
def test_what_was_not_asked_for_raises(read: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match=r"was not asked for: .* engine/needed_facts\.py"):
        read()


def test_a_guard_that_forgets_to_ask_does_not_stay_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is on what is renamed is not asked for; a guard that wants to know must not find nobody."""

    def well_known(case: GuardInput) -> Iterator[Finding]:
        for change in case.changes:
            if isinstance(change, Rename) and case.facts.holders.get(change.ref, Users()).count > 2:
                yield Finding(code="in-use", message="many know its old name")

    monkeypatch.setattr(planner, "GUARDS", (*GUARDS, Guard("in-use", well_known)))
    values = {f.name: f.default for f in KINDS.held["package"] if f.default is not None}
    with pytest.raises(AssertionError, match="holders of package/New is read"):
        plan_of({"package/New": {"previously": ("Legacy",)}}, {"package/Legacy": values}, facts=FACTS)
