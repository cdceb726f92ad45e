"""Counts, pointers and counters: what guards ask."""

from __future__ import annotations

from collections import Counter

from reconciler.model.facts import SAMPLE, Facts
from reconciler.model.ref import Ref
from reconciler.model.values import NONE, Value
from reconciler.testing.stand import Stand

__all__ = [
    "test_counters_and_overrides_are_told_of_each_user",
    "test_no_question_no_answer",
    "test_pointers_are_what_refers_without_being_a_user",
    "test_sub_accounts_and_the_bin_are_no_objects_but_are_moved",
    "test_users_of_any_status_count_and_few_are_named",
]

FIRST, SECOND, ROLE = Ref("package", "first package"), Ref("package", "second package"), Ref("role", "first role")
STATES = {"asleep": "suspended", "left": "closed", "binned": "closed"}
USERS = tuple(sorted(("child", *STATES, *(f"user {n:02}" for n in range(15)))))
"""All who are on the first package."""


def _loaded(stand: Stand) -> tuple[set[str], set[str]]:
    """Load users of every sort; who is in the bin, and who is a sub-account."""
    stand.needs("tenant.package")
    users: dict[str, dict[str, Value]] = {key: {"package": FIRST.key} for key in USERS}
    for key, word in STATES.items():
        users[key]["status"] = word
    users |= {"elsewhere": {"package": SECOND.key}, "free": {"package": NONE}}
    stand.load({"tenant": users})
    return {key for key in ("binned",) if stand.to_bin(key)}, {
        key for key in ("child",) if stand.make_child(key, "left")
    }


def test_users_of_any_status_count_and_few_are_named(stand: Stand) -> None:
    """Whoever is on an object counts, whatever their status; the first few are named."""
    binned, children = _loaded(stand)
    facts = stand.facts(holders=[FIRST, SECOND, Ref("package", "none such")])
    assert Ref("package", "none such") not in facts.holders
    users = facts.holders[FIRST]
    assert (users.count, users.binned, users.unnamed) == (len(USERS), len(binned), len(children))
    held = {
        key: word
        for key, word in STATES.items()
        if stand.has("tenant.status") and stand.holds("tenant", "status", word)
    }
    if stand.has("tenant.status"):
        assert users.by_status == Counter(held.get(key, "active") for key in USERS if key not in binned)
    assert users.sample == tuple(key for key in USERS if key not in children)[:SAMPLE]
    assert facts.holders[SECOND].sample == ("elsewhere",)


def test_sub_accounts_and_the_bin_are_no_objects_but_are_moved(stand: Stand) -> None:
    """Who is no object of its own is moved with the others, so that what they were on can go."""
    binned, children = _loaded(stand)
    with stand.target.reader() as reader:
        snapshot = reader.snapshot()
    assert not (binned | children) & set(snapshot.sheets["tenant"])
    assert binned | children <= snapshot.taken.get("tenant", frozenset())
    stand.creates("package")
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.reassign(FIRST, SECOND.key) == len(USERS)
        writer.delete("package", [FIRST.key])
        writer.commit()
    assert stand.facts(holders=[SECOND]).holders[SECOND].count == len(USERS) + 1


def test_pointers_are_what_refers_without_being_a_user(stand: Stand) -> None:
    """A reference that makes nobody a user is a pointer, as (who, by which field)."""
    references = {"role": ROLE, "quota.move_to": FIRST}
    places = {name: ref for name, ref in references.items() if stand.has(f"package.{name}")}
    if not places:
        stand.needs("package.role")
    stand.load({"package": {"pointing": {"quota.action": "move", **{name: ref.key for name, ref in places.items()}}}})
    facts = stand.facts(pointers=[*places.values(), SECOND])
    pointing = Ref("package", "pointing")
    assert facts.pointers == {SECOND: (), **{ref: ((pointing, name),) for name, ref in places.items()}}


def test_counters_and_overrides_are_told_of_each_user(stand: Stand) -> None:
    """Of a package's users, and of a single user, what each overrides and has used."""
    binned, children = _loaded(stand)
    elsewhere, free = Ref("tenant", "elsewhere"), Ref("tenant", "free")
    own: dict[str, Value] = {"sending.hourly_speed": 7}
    overrides = own if stand.has("tenant.overrides") and stand.holds("tenant", "overrides", own) else {}
    if overrides:
        stand.change("tenant", {"elsewhere": {"overrides": own}})
    counted = stand.use("sent_today", "elsewhere", 30)
    facts = stand.facts(meters=[FIRST, SECOND, elsewhere, free], counters=["sent_today", "nonsense"])
    assert {usage.ref.key for usage in facts.meters[FIRST]} == set(USERS) - binned - children
    (usage,) = facts.meters[SECOND]
    assert (usage.ref, usage.overrides) == (elsewhere, overrides)
    assert facts.meters[elsewhere] == (usage,)
    assert set(usage.counters) <= {"sent_today"}
    if counted:
        assert (usage.counters, facts.meters[free][0].counters) == ({"sent_today": 30}, {"sent_today": 0})


def test_no_question_no_answer(stand: Stand) -> None:
    """Nothing is counted that nobody asked for."""
    assert stand.facts() == Facts()
