"""The rules of a quota against the table of the fact sheet, in every combination; John NoGroup and John WithGroup."""

from __future__ import annotations

import pytest

from reconciler.kinds.quota import Quota, State, quota_of, quota_of_customer, state
from tests.unit.kinds.quota_facts import LIMIT, ROWS, SITUATIONS, Situation, fact, quota_in, rows_for

PLATFORM = {"quota.emails": 1_000, "quota.time_value": 1, "quota.time_unit": "month", "quota.action": "reset"}
GROUP = {"quota.emails": 100, "quota.time_value": 1, "quota.time_unit": "month", "quota.action": "reset"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=" ".join)
def test_what_happens_is_what_the_fact_sheet_says(situation: Situation) -> None:
    *settings, expired, over = situation
    quota = quota_in(*settings)
    for used in (LIMIT, LIMIT + 7) if over == "yes" else (0, LIMIT - 1):
        assert state(quota, used=used, expired=expired == "yes") is fact(situation)


def test_the_table_has_one_row_for_every_combination_and_no_row_for_none() -> None:
    assert len(SITUATIONS) == 3 * 3 * 2 * 3 * 2 * 2
    assert all(len(rows_for(situation)) == 1 for situation in SITUATIONS)
    met = [any(all(a in ("*", b) for a, b in zip(row, s, strict=True)) for s in SITUATIONS) for *row, _ in ROWS]
    assert all(met)


@pytest.mark.parametrize("wait", [True, False])
def test_a_move_to_nothing_only_begins_a_new_period(wait: bool) -> None:
    aimless = Quota(emails=LIMIT, time_value=1, wait=wait, action="move")
    assert state(aimless, used=LIMIT, expired=True) is State.RENEWS


def test_john_without_a_group_has_the_platforms_quota_and_john_with_one_has_his_groups() -> None:
    no_group = quota_of_customer(package=None, platform=PLATFORM)
    with_group = quota_of_customer(package=GROUP, platform=PLATFORM)
    after_100 = [state(john, used=100, expired=False) for john in (no_group, with_group)]
    assert after_100 == [State.SENDS, State.HELD]
    assert state(no_group, used=1_000, expired=False) is State.HELD
    assert [state(john, used=1_000, expired=True) for john in (no_group, with_group)] == [State.RENEWS] * 2


def test_without_a_quota_of_the_platform_only_john_with_a_group_is_limited() -> None:
    no_group = quota_of_customer(package=None, platform={})
    with_group = quota_of_customer(package=GROUP, platform={})
    assert [state(john, used=1_000_000, expired=False) for john in (no_group, with_group)] == [State.SENDS, State.HELD]


def test_what_a_group_does_not_say_comes_from_nowhere_else() -> None:
    silent = quota_of_customer(package={}, platform=PLATFORM)
    assert silent == Quota()
    assert quota_of_customer(package={"quota.emails": 100}, platform=PLATFORM) == Quota(emails=100)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"quota.emails": "many"},
        {"quota.time_value": True},
        {"quota.wait_for_expiry": "yes"},
        {"quota.time_unit": 3},
        {"quota.action": False},
        {"quota.move_to": 12},
    ],
)
def test_values_that_make_no_quota_are_none(spoiled: dict[str, str | int]) -> None:
    whole = {**GROUP, "quota.wait_for_expiry": True}
    assert quota_of(whole) == Quota(emails=100, time_value=1, action="reset")
    assert quota_of({**whole, **spoiled}) is None
    for name in whole:
        assert quota_of({other: value for other, value in whole.items() if other != name}) is None
