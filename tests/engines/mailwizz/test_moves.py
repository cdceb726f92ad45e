"""MailWizz moves customers by itself: at the quota, and when an order is complete. That is told and left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz, codes, told

EMAIL = "user@x.example"


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    """Free moves to Paused and Paused to Stopped; Gold is bought. The user is on Free, as applied."""
    mail = Mailwizz(empty_database, tmp_path / "repository").installed()
    mail.group("Stopped", {"quota": "0"})
    for name, to in (("Paused", "Stopped"), ("Free", "Paused")):
        said = {"quota": "5", "action_quota_reached": "move-in-group", "move_to_group_id": str(mail.numbers[to])}
        mail.group(name, said)
    mail.group("Gold")
    mail.group("Other")
    mail.customer(EMAIL, "Free")
    declared(mail, "Free")
    mail.apply()
    return mail


def declared(mail: Mailwizz, package: str) -> None:
    packages = {name: {} for name in ("Free", "Gold", "Other", "Paused", "Stopped")}
    mail.declare({"package": packages, "tenant": {EMAIL: {"package": package, "status": "active"}}})


def moved(mail: Mailwizz, group: str | None) -> None:
    mail.sql("UPDATE {customer} SET group_id = ? WHERE email = ?", mail.numbers[group] if group else None, EMAIL)


@pytest.mark.every_run
@pytest.mark.parametrize("group", ["Paused", "Stopped"])
def test_what_the_quota_did_is_left(mail: Mailwizz, group: str) -> None:
    moved(mail, group)
    plan = mail.plan()
    assert not plan.changes
    assert told(plan, "app-moved") == [
        f"tenant/{EMAIL} package: moved by the application: its quota led it from Free to {group}"
    ]


def test_a_hand_s_move_is_drift_and_healed(mail: Mailwizz) -> None:
    moved(mail, "Other")
    plan = mail.plan()
    assert codes(plan) == []
    assert [change.cause for change in plan.changes] == ["drift"]  # type: ignore[union-attr]
    mail.apply(plan)
    assert mail.group_of(EMAIL) == "Free"


def test_without_the_action_the_target_leads_nowhere(mail: Mailwizz) -> None:
    mail.sql("UPDATE {customer_group_option} SET value = '' WHERE code LIKE '%%action_quota_reached'")
    moved(mail, "Paused")
    assert len(mail.plan().changes) == 1


def test_the_other_fields_are_healed_all_the_same(mail: Mailwizz) -> None:
    moved(mail, "Paused")
    mail.sql("UPDATE {customer} SET status = 'inactive'")
    plan = mail.plan()
    assert codes(plan) == ["app-moved"]
    mail.apply(plan)
    assert mail.group_of(EMAIL) == "Paused"
    assert mail.sql("SELECT status FROM {customer}") == [("active",)]


def test_the_newest_complete_order_gave_the_group(mail: Mailwizz) -> None:
    (number,) = mail.sql("SELECT customer_id FROM {customer}")[0]
    gold, other = mail.plan_of("Gold plan", "Gold"), mail.plan_of("Other plan", "Other")
    moved(mail, "Gold")
    assert len(mail.plan().changes) == 1
    mail.order(number, gold, "pending")
    assert len(mail.plan().changes) == 1
    mail.order(number, gold, "complete")
    mail.order(number, other, "failed")
    plan = mail.plan()
    assert not plan.changes
    assert told(plan, "app-moved") == [
        f"tenant/{EMAIL} package: moved by the application: an order gave it Gold; the file says Free"
    ]
    mail.order(number, other, "complete")
    assert len(mail.plan().changes) == 1


def test_a_quota_goes_on_from_what_an_order_gave(mail: Mailwizz) -> None:
    (number,) = mail.sql("SELECT customer_id FROM {customer}")[0]
    declared(mail, "Other")
    mail.apply()
    mail.order(number, mail.plan_of("Free plan", "Free"), "complete")
    moved(mail, "Paused")
    assert codes(mail.plan()) == ["app-moved"]


def test_who_has_no_group_is_moved_by_the_platform(mail: Mailwizz) -> None:
    declared(mail, "none")
    mail.apply()
    moved(mail, "Paused")
    assert len(mail.plan().changes) == 1
    mail.platform(action_quota_reached="move-in-group", move_to_group_id=str(mail.numbers["Free"]))
    assert codes(mail.plan()) == ["app-moved"]


def test_the_settings_may_want_them_back(mail: Mailwizz) -> None:
    mail.settings(target="app_moves: revert")
    moved(mail, "Paused")
    plan = mail.plan()
    assert codes(plan) == []
    mail.apply(plan)
    assert mail.group_of(EMAIL) == "Free"
    mail.settings(target="app_moves: leave")
    moved(mail, "Paused")
    assert codes(mail.plan()) == ["app-moved"]


def test_a_new_line_in_the_file_wins(mail: Mailwizz) -> None:
    moved(mail, "Paused")
    declared(mail, "Gold")
    mail.apply()
    assert mail.group_of(EMAIL) == "Gold"


def test_groups_that_move_round_in_a_circle_end_the_search(mail: Mailwizz) -> None:
    mail.sql("UPDATE {customer_group_option} SET value = 'move-in-group' WHERE code LIKE '%%action_quota_reached'")
    mail.sql(
        "INSERT INTO {customer_group_option} (group_id, code, value, date_added, last_updated) VALUES "
        "(?, 'system.customer_sending.move_to_group_id', ?, now(), now())",
        *(mail.numbers["Stopped"], str(mail.numbers["Free"])),
    )
    moved(mail, "Stopped")
    assert "app-moved" in codes(mail.plan())
