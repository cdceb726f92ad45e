"""A quota in one sentence: how it reads, that it promises what happens, and where a plan file keeps it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import pytest

from reconciler.kinds import KINDS
from reconciler.kinds.quota import Quota, State, quota_sentence
from reconciler.model.change import Cause, Create, Effect, FieldDelta, Update
from reconciler.model.plan import Plan
from reconciler.model.ref import Ref
from reconciler.report.plan_file import dumps, fingerprint, parse_plan, plan_document, seal
from reconciler.report.text import drift_text, plan_text
from tests.unit.kinds.quota_facts import SETTINGS, Situation, fact, quota_in

READS = [
    (
        ("N", "T", "yes", "reset"),
        "1,000 emails a month from the first send; at the limit nothing goes out until the month is over, then it "
        "starts again",
    ),
    (
        ("N", "T", "yes", "none"),
        "1,000 emails within one month from the first send; at the limit, and when the month is over, nothing goes out "
        "any more",
    ),
    (
        ("N", "T", "yes", "move"),
        "1,000 emails within one month from the first send; at the limit nothing goes out, and when the month is over, "
        "the customer moves to Basic",
    ),
    (
        ("N", "T", "no", "none"),
        "1,000 emails within one month from the first send; at the limit, and when the month is over, nothing goes out "
        "any more",
    ),
    (
        ("N", "T", "no", "reset"),
        "1,000 emails at a time; at the limit, and when the month is over, a new period starts at once, so nothing is "
        "limited",
    ),
    (
        ("N", "T", "no", "move"),
        "1,000 emails within one month from the first send; at the limit, or when the month is over, the customer "
        "moves to Basic at once",
    ),
    (("N", "∞", "yes", "none"), "1,000 emails in all; at the limit nothing goes out any more"),
    (
        ("N", "∞", "yes", "reset"),
        "1,000 emails in all; at the limit nothing goes out any more: `reset` waits for the end of a period that has "
        "none",
    ),
    (
        ("N", "∞", "yes", "move"),
        "1,000 emails in all; at the limit nothing goes out any more: `move` waits for the end of a period that has "
        "none",
    ),
    (("N", "∞", "no", "none"), "1,000 emails in all; at the limit nothing goes out any more"),
    (
        ("N", "∞", "no", "reset"),
        "1,000 emails at a time; at the limit a new period starts at once, so nothing is limited",
    ),
    (("N", "∞", "no", "move"), "1,000 emails in all; at the limit the customer moves to Basic at once"),
    (
        ("∞", "T", "yes", "none"),
        "unlimited emails for one month from the first send; when the month is over, nothing goes out any more",
    ),
    (("∞", "T", "yes", "reset"), "unlimited emails; when the month is over, a new period starts, which limits nothing"),
    (
        ("∞", "T", "no", "move"),
        "unlimited emails for one month from the first send; when the month is over, the customer moves to Basic",
    ),
    (("∞", "∞", "yes", "none"), "unlimited emails, with no end"),
    (("0", "T", "yes", "reset"), "nothing goes out at all: the quota is 0 emails"),
    (("N", "0", "yes", "reset"), "nothing goes out at all: the quota lasts 0 months"),
    (("0", "0", "no", "move"), "nothing goes out at all: the quota is 0 emails"),
]

NOTHING, NEVER = "nothing goes out", "never"
FELT = {State.HELD: NOTHING, State.BLOCKED: NOTHING, State.SENDS: "sends", State.RENEWS: "renews", State.MOVES: "moves"}
"""What a customer notices."""

# What a sentence says: at the limit, and when the period is over.
PROMISES: Final = [
    (r"nothing goes out at all: .+", NOTHING, NOTHING),
    (r"unlimited emails, with no end", "sends", NEVER),
    (r"unlimited emails for .+; when .+ over, nothing goes out any more", "sends", NOTHING),
    (r"unlimited emails; when .+ over, a new period starts, which limits nothing", "sends", "renews"),
    (r"unlimited emails for .+; when .+ over, the customer moves to Basic", "sends", "moves"),
    (r".+ emails in all; at the limit nothing goes out any more(: .+)?", NOTHING, NEVER),
    (r".+ emails at a time; at the limit a new period starts at once, so nothing is limited", "renews", NEVER),
    (r".+ emails in all; at the limit the customer moves to Basic at once", "moves", NEVER),
    (r".+ emails within .+; at the limit, and when .+ over, nothing goes out any more", NOTHING, NOTHING),
    (
        r".+ emails (a|an|every) .+; at the limit nothing goes out until .+ over, then it starts again",
        NOTHING,
        "renews",
    ),
    (r".+ emails at a time; at the limit, and when .+ over, a new period starts at once.+", "renews", "renews"),
    (r".+ emails within .+; at the limit nothing goes out, and when .+ over, the customer moves.+", NOTHING, "moves"),
    (r".+ emails within .+; at the limit, or when .+ over, the customer moves to Basic at once", "moves", "moves"),
]


def promised(said: str) -> tuple[str, str]:
    (found,) = [(full, ended) for pattern, full, ended in PROMISES if re.fullmatch(pattern, said)]
    return found


@pytest.mark.parametrize(("settings", "said"), READS, ids=[" ".join(settings) for settings, _ in READS])
def test_a_quota_reads_as_one_sentence(settings: tuple[str, str, str, str], said: str) -> None:
    assert quota_sentence(quota_in(*settings)) == said


@pytest.mark.parametrize("settings", SETTINGS, ids=" ".join)
@pytest.mark.parametrize("times", [1, 3])
def test_what_the_sentence_promises_is_what_happens(settings: tuple[str, str, str, str], times: int) -> None:
    full, ended = promised(quota_sentence(quota_in(*settings, times=times)))
    assert full == FELT[fact(Situation(*settings, expired="no", over="yes"))]
    if settings[1] == "∞" and settings[0] != "0":
        assert ended == NEVER
    else:
        assert {FELT[fact(Situation(*settings, expired="yes", over=over))] for over in ("no", "yes")} == {ended}


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        (Quota(emails=1, time_value=1, time_unit="hour", action="reset"), "1 email an hour from the first send; "),
        (Quota(emails=2, time_value=1, time_unit="day", action="reset"), "2 emails a day from the first send; "),
        (Quota(emails=9, time_value=12, time_unit="week", action="reset"), "9 emails every 12 weeks from the first"),
        (Quota(emails=9, time_value=12, time_unit="week"), "9 emails within 12 weeks from the first send; at the "),
        (
            Quota(emails=None, time_value=1, time_unit="year", action="reset"),
            "unlimited emails; when the year is over, a new",
        ),
    ],
)
def test_one_and_many_read_well(quota: Quota, said: str) -> None:
    assert quota_sentence(quota).startswith(said)


def test_many_periods_are_over_together() -> None:
    quota = Quota(emails=5, time_value=3, action="reset")
    assert "until the 3 months are over, then" in quota_sentence(quota)


@pytest.mark.parametrize(
    ("quota", "told"),
    [
        (Quota(emails=5, time_value=1, action="move"), True),
        (Quota(emails=5, time_value=1, action="move", move_to="Basic"), False),
        (Quota(action="move"), False),
    ],
)
def test_a_move_to_nothing_is_told(quota: Quota, told: bool) -> None:
    assert quota_sentence(quota).endswith(" (it shall move the customer, and names no package)") is told


def test_a_package_may_be_called_like_a_placeholder() -> None:
    quota = Quota(emails=5, time_value=1, wait=False, action="move", move_to="{amount} {0}")
    assert quota_sentence(quota).endswith("the customer moves to {amount} {0} at once")


SAID = "quota: 5 emails a month"
CREATED = Create(
    ref=Ref("package", "New"), after={"quota.emails": 5}, defaults=frozenset(), cause=Cause.DRIFT, explained=(SAID,)
)
DELTA = FieldDelta(name="quota.emails", before=1, after=5, cause=Cause.CHANGE, effect=Effect.MORE)
UPDATED = Update(
    ref=Ref("platform", "default"),
    before={"quota.emails": 1},
    after={"quota.emails": 5},
    fields=(DELTA,),
    cause=Cause.CHANGE,
    explained=(SAID,),
)
PLAN = Plan(target="esp", target_type="native", project="test", changes=(CREATED, UPDATED))


def test_a_plan_file_keeps_the_sentence() -> None:
    sealed = seal(plan_document(PLAN, meta={}), None)
    assert [row["explanation"] for row in sealed["resource_changes"]] == [[SAID], [SAID]]
    assert parse_plan(dumps(sealed), None) == PLAN


def test_a_plan_file_from_before_there_were_sentences_is_still_read() -> None:
    older = replace(PLAN, changes=tuple(replace(change, explained=()) for change in (CREATED, UPDATED)))
    sealed = seal(plan_document(older, meta={}), None)
    assert all("explanation" not in row for row in sealed["resource_changes"])
    assert parse_plan(dumps(sealed), None) == older


def test_the_sentence_is_no_part_of_what_a_plan_does() -> None:
    silent = replace(PLAN, changes=tuple(replace(change, explained=()) for change in (CREATED, UPDATED)))
    assert fingerprint(silent) == fingerprint(PLAN)


def test_a_plan_shows_the_sentence_and_drift_does_not() -> None:
    assert plan_text(PLAN, vocabulary=KINDS, masked=True).count(f"      {SAID}\n") == 2
    assert SAID not in drift_text(PLAN, vocabulary=KINDS, masked=True)
