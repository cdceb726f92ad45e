"""Counts, pointers and meters, and the listing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.model.facts import SAMPLE, Facts, NeededFacts
from reconciler.model.ref import Ref
from tests.contract.stands import Stand, refs

pytestmark = pytest.mark.every_run

FIRST, SECOND, ROLE = refs("package/first package", "package/second package", "role/first role")


@pytest.fixture
def used(stand: Stand) -> Stand:
    """Users of every sort on the first package."""
    users = {f"user {n:02}": {"package": "first package"} for n in range(15)}
    users |= {
        "asleep": {"package": "first package", "status": "suspended"},
        "left": {"package": "first package", "status": "closed"},
        "binned": {"package": "first package", "status": "closed"},
        "child": {"package": "first package"},
        "elsewhere": {"package": "second package", "overrides": {"sending.daily_limit": 7}},
        "free": {"package": "none"},
    }
    stand.load({"tenant": users})
    stand.sql("UPDATE esp_tenant SET deleted_at = '2025-01-01' WHERE email = 'binned'")
    stand.sql(
        "UPDATE esp_tenant SET parent_id = (SELECT id FROM esp_tenant WHERE email = 'left') WHERE email = 'child'"
    )
    stand.sql("INSERT INTO esp_usage (tenant_id, sent_today) SELECT id, id * 10 FROM esp_tenant WHERE email <> 'free'")
    return stand


def both(stand: Stand, question: NeededFacts) -> Sequence[Facts]:
    """The same answer by either door."""
    with stand.target.reader() as reader:
        one = reader.facts(question)
    with stand.target.writer() as writer:
        writer.begin()
        other = writer.facts(question)
        writer.rollback()
    assert one == other
    return (one, other)


def test_users_of_any_status_count_and_few_are_named(used: Stand) -> None:
    facts, _ = both(used, NeededFacts(holders=frozenset({FIRST, SECOND, ROLE, Ref("package", "none such")})))
    assert Ref("package", "none such") not in facts.holders
    holders = facts.holders[FIRST]
    assert (holders.count, holders.binned, holders.unnamed) == (19, 1, 1)
    assert holders.by_status == {"active": 16, "closed": 1, "suspended": 1}
    assert holders.sample == ("asleep", "binned", "left", *(f"user {n:02}" for n in range(SAMPLE - 3)))
    assert facts.holders[SECOND].sample == ("elsewhere",)
    assert facts.holders[ROLE].count == 0


def test_sub_accounts_and_the_bin_are_no_tenants_but_are_moved(used: Stand) -> None:
    with used.target.reader() as reader:
        snapshot = reader.snapshot()
    assert not {"binned", "child"} & set(snapshot.sheets["tenant"])
    assert snapshot.taken == {"tenant": {"binned", "child"}}
    with used.target.writer() as writer:
        writer.begin()
        assert writer.reassign(FIRST, "second package") == 19
        writer.delete("package", ["first package"])
        writer.commit()


def test_the_key_of_an_account_in_the_bin_is_not_given_again(used: Stand) -> None:
    with used.target.writer() as writer:
        writer.begin()
        with pytest.raises(Exception, match="name is taken"):
            writer.insert("tenant", {"binned": {}})
        writer.rollback()


def test_pointers_are_what_refers_without_being_a_user(used: Stand) -> None:
    used.load({"package": {"mover": {"quota.action": "move", "quota.move_to": "first package", "role": "first role"}}})
    facts, _ = both(used, NeededFacts(pointers=frozenset({FIRST, SECOND, ROLE})))
    mover = Ref("package", "mover")
    assert facts.pointers == {FIRST: ((mover, "quota.move_to"),), SECOND: (), ROLE: ((mover, "role"),)}


def test_meters_give_overrides_and_counters(used: Stand) -> None:
    elsewhere, free = refs("tenant/elsewhere", "tenant/free")
    asked = NeededFacts(
        meters=frozenset({FIRST, SECOND, elsewhere, free}), counters=frozenset({"sent_today", "nonsense"})
    )
    facts, _ = both(used, asked)
    assert {meter.ref.key for meter in facts.meters[FIRST]} == {*(f"user {n:02}" for n in range(15)), "asleep", "left"}
    (meter,) = facts.meters[SECOND]
    assert meter.overrides == {"sending.daily_limit": 7}
    assert set(meter.counters) == {"sent_today"} and meter.counters["sent_today"] > 0
    assert facts.meters[elsewhere] == (meter,)
    assert facts.meters[free][0].counters == {"sent_today": 0}


def test_the_schema_protects_and_spreads_nothing(used: Stand) -> None:
    facts, _ = both(used, NeededFacts(pointers=frozenset({FIRST, ROLE})))
    assert facts.protection == {"package": "A", "role": "A"}
    assert facts.cascades == {}


def test_no_question_no_answer(used: Stand) -> None:
    assert both(used, NeededFacts())[0] == Facts()


def test_the_listing_is_the_admin_panel_s_table(used: Stand) -> None:
    with used.target.reader() as reader:
        packages = reader.listing("package", "FIRST")
        tenants = reader.listing("tenant", "elsew")
        roles = reader.listing("role")
    assert packages.columns == ("ID", "Name", "User role", "Created on", "Users")
    assert [(row[1], row[2], row[4]) for row in packages.rows] == [("first package", "", 19)]
    assert tenants.columns == ("ID", "E-mail", "Package", "Status", "Created on")
    assert [row[1:4] for row in tenants.rows] == [("elsewhere", "second package", "active")]
    assert [row[1] for row in roles.rows] == ["first role", "second role"]
