"""What an apply leaves in MailWizz's tables, row by row, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.errors import TargetError
from reconciler.model.finding import Severity
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from tests.support.engines import ServerPlace
from tests.support.mailwizz import OLD, Mailwizz, codes, told
from tests.support.mailwizz_filled import fill

LISTS = "system.customer_lists."
SERVERS = "system.customer_servers."
GROWTH: dict[str, Any] = {
    "quota": {"emails": 1000, "time_value": 1, "action": "reset", "notify": True, "notify_percent": 80},
    "sending.hourly_speed": 100,
    "limits": {"contacts": 5000, "lists": "unlimited", "sending_nodes": 0},
    "assets.sending_nodes": ["smtp-eu-1"],
    "options": {"system.customer_campaigns.max_campaigns": 10, "ext.crm.colour": "red", "ext.crm.on": True},
}


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return Mailwizz(empty_database, tmp_path / "repository").installed()


@pytest.mark.every_run
def test_a_new_group_has_every_code_once_as_plain_text_with_dates_in_utc(mail: Mailwizz) -> None:
    mail.server("smtp-eu-1", "eu1.host")
    mail.declare({"package": {"Growth": GROWTH}})
    mail.apply()
    rows = mail.sql("SELECT code, value, is_serialized, date_added, last_updated FROM {customer_group_option}")
    found = {code: value.decode() for code, value, _, _, _ in rows}
    assert len(found) == len(rows)
    assert found == {
        **NEW_GROUP,
        "system.customer_sending.quota": "1000",
        "system.customer_sending.quota_time_value": "1",
        "system.customer_sending.action_quota_reached": "reset",
        "system.customer_sending.quota_notify_enabled": "yes",
        "system.customer_sending.quota_notify_percent": "80",
        "system.customer_sending.hourly_quota": "100",
        LISTS + "max_subscribers": "5000",
        LISTS + "max_lists": "-1",
        SERVERS + "max_delivery_servers": "0",
        "system.customer_campaigns.max_campaigns": "10",
        "ext.crm.colour": "red",
        "ext.crm.on": "yes",
    }
    (group,) = mail.sql("SELECT name, is_default, date_added, last_updated FROM {customer_group}")
    assert group[:2] == ("Growth", "no")
    now = datetime.now(UTC).replace(tzinfo=None)
    dates = [*group[2:], *(date for row in rows for date in row[3:])]
    assert all(abs((now - date).total_seconds()) < 600 for date in dates)
    assert {row[2] for row in rows} == {0}
    assert mail.sql("SELECT count(*) FROM {delivery_server_to_customer_group}") == [(1,)]
    assert not mail.plan().changes


@pytest.mark.every_run
def test_a_change_writes_its_rows_and_no_others(mail: Mailwizz) -> None:
    fill(mail)
    before = {row[0]: row for row in mail.sql("SELECT * FROM {customer_group_option}")}
    mail.declare({"package": {"Growth": {"quota": {"emails": 30_000, "time_value": 1}}}})
    mail.apply()
    after = {row[0]: row for row in mail.sql("SELECT * FROM {customer_group_option}")}
    changed = {number for number in before if before[number] != after.get(number)}
    assert before.keys() == after.keys()
    assert len(changed) == 1
    assert mail.option("Growth", "quota") == [("30000", 0)]
    assert mail.option("Growth", "quota_time_value") == [("i:1;", 1)]
    (stamps,) = mail.sql("SELECT date_added, last_updated FROM {customer_group_option} WHERE value = '30000'")
    assert str(stamps[0]) == OLD
    assert str(stamps[1]) != OLD


def test_duplicates_are_one_row_afterwards(mail: Mailwizz) -> None:
    fill(mail)
    said = {"quota": {"emails": 15, "time_unit": "week"}, "options": {"ext.torn": "b"}}
    mail.declare({"package": {"Torn": said, "Growth": {"sending.hourly_speed": 500}}})
    plan = mail.plan()
    assert [(str(change.ref), {delta.name for delta in change.fields}) for change in plan.changes] == [  # type: ignore[union-attr]
        ("package/Torn", {"quota.emails", "quota.time_unit", "options"})
    ]
    mail.apply(plan)
    assert mail.option("Torn", "quota") == [("15", 0)]
    assert mail.option("Torn", "quota_time_unit") == [("week", 0)]
    assert mail.option("Torn", "ext.torn") == [("b", 0)]
    assert mail.option("Growth", "hourly_quota") == [("500", 0), ("500", 0)]  # agreeing, and nothing to do
    mail.declare({"package": {"Growth": {"sending.hourly_speed": 501}}})
    mail.apply()
    assert mail.option("Growth", "hourly_quota") == [("501", 0)]
    assert not mail.plan().changes


@pytest.mark.every_run
def test_codes_that_no_file_names_stay_as_they_are(mail: Mailwizz) -> None:
    fill(mail)
    mail.declare({"package": {"Growth": {"options": {"ext.crm.colour": "red"}, "quota.emails": 1}}})
    mail.apply()
    assert mail.option("Growth", "ext.crm.colour") == [("red", 0)]
    assert mail.option("Growth", "ext.crm:odd code") == [("kept", 0)]
    assert mail.option("Growth", "ext.crm.api_token") == [("hunter2", 0)]


@pytest.mark.every_run
def test_lists_stay_in_php_s_own_form(mail: Mailwizz) -> None:
    fill(mail)
    one = 'a:1:{i:0;s:4:"smtp";}'
    mail.declare({"package": {"Growth": {"options": {SERVERS + "allowed_server_types": one, "ext.text": "a:1"}}}})
    mail.apply()
    assert mail.option("Growth", SERVERS + "allowed_server_types") == [(one, 1)]
    assert mail.option("Growth", "ext.text") == [("a:1", 0)]
    assert not mail.plan().changes


def test_the_platform_is_its_rows(mail: Mailwizz) -> None:
    fill(mail)
    said = {"quota": {"emails": "unlimited", "time_unit": "week", "action": "move", "move_to": "Starter"}}
    mail.declare({"platform": {"default": said | {"sending.hourly_speed": 50}}, "package": {"Starter": {}}})
    mail.apply()
    rows = mail.sql("SELECT `key`, value, is_serialized FROM {option} WHERE category = 'system.customer_sending'")
    assert {key: (value.decode(), flag) for key, value, flag in rows} == {
        "quota": ("-1", 0),
        "quota_time_unit": ("week", 0),
        "quota_time_value": ("i:1;", 1),
        "action_quota_reached": ("move-in-group", 0),
        "move_to_group_id": (str(mail.numbers["Starter"]), 0),
        "hourly_quota": ("50", 0),
    }
    assert len(mail.sql("SELECT 1 FROM {option}")) == 6 + 2
    assert not mail.plan().changes


def test_a_move_between_new_groups_is_written_by_id(mail: Mailwizz) -> None:
    trial = {"quota": {"emails": 10, "action": "move", "move_to": "Starter", "wait_for_expiry": False}}
    mail.declare({"package": {"Trial": trial, "Starter": {}}})
    mail.apply()
    (number,) = mail.sql("SELECT group_id FROM {customer_group} WHERE name = 'Starter'")[0]
    assert mail.option("Trial", "move_to_group_id") == [(str(number), 0)]
    assert mail.option("Starter", "move_to_group_id") == []
    assert not mail.plan().changes


def test_links_to_servers_of_customers_are_left_alone(mail: Mailwizz) -> None:
    fill(mail)
    linked = "SELECT server_id FROM {delivery_server_to_customer_group} WHERE group_id = ? ORDER BY 1"
    mail.declare({"package": {"Growth": {"assets.sending_nodes": ["spare.host", "us1.host"]}}})
    mail.apply()
    assert mail.sql(linked, mail.numbers["Growth"]) == [(2,), (3,), (4,)]
    mail.declare({"package": {"Growth": {"assets.sending_nodes": "off"}}})
    mail.apply()
    assert mail.sql(linked, mail.numbers["Growth"]) == [(4,)]
    mail.declare({"package": {"Growth": {"assets.sending_nodes": ["their own"]}}})
    assert codes(mail.plan()) == ["no-match"]


def test_servers_of_one_name_cannot_be_told_apart_but_those_that_are_linked_stay(mail: Mailwizz) -> None:
    fill(mail)
    mail.server("smtp-eu-1", "other.host")
    linked = "SELECT server_id FROM {delivery_server_to_customer_group} WHERE group_id = ? ORDER BY 1"
    mail.declare({"package": {"Starter": {"assets.sending_nodes": ["smtp-eu-1", "spare.host"]}}})
    mail.apply()
    assert mail.sql(linked, mail.numbers["Starter"]) == [(1,), (3,)]
    before = mail.image()
    mail.declare({"package": {"Starter": {}, "Sparse": {"assets.sending_nodes": ["smtp-eu-1"]}}})
    with pytest.raises(TargetError, match='2 of sending node "smtp-eu-1"'):
        mail.apply()
    assert mail.image() == before


def test_a_customer_is_moved_and_suspended_and_nothing_else_of_it_changes(mail: Mailwizz) -> None:
    fill(mail)
    everything = "SELECT * FROM {customer} ORDER BY customer_id"
    before = mail.sql(everything)
    mail.declare(
        {
            "package": {"Growth": {}},
            "tenant": {
                "crm@beta.example": {"package": "Growth", "status": "suspended"},
                "solo@free.example": {"package": "Growth"},
                "ops@acme.example": {"package": "none"},
            },
        }
    )
    mail.apply()
    assert [mail.group_of(f"{name}.example") for name in ("crm@beta", "solo@free", "ops@acme")] == [
        "Growth",
        "Growth",
        None,
    ]
    assert mail.sql("SELECT status FROM {customer} WHERE email = 'crm@beta.example'") == [("inactive",)]
    columns = [row[0] for row in mail.sql("SHOW COLUMNS FROM {customer}")]
    changed = {
        name
        for old, new in zip(before, mail.sql(everything), strict=True)
        for name, one, other in zip(columns, old, new, strict=True)
        if one != other
    }
    assert changed == {"group_id", "status", "last_updated"}
    assert not mail.plan().changes


def test_customers_are_never_made_and_sub_accounts_are_not_to_be_had(mail: Mailwizz) -> None:
    fill(mail)
    said = {"new@x.example": {"package": "Starter"}, "sub@acme.example": {"package": "Starter"}}
    mail.declare({"package": {"Starter": {"quota.emails": 5}}, "tenant": said})
    plan = mail.plan()
    assert [(f.code, str(f.ref)) for f in plan.findings if f.severity is Severity.LEFT_OUT] == [
        ("absent", "tenant/new@x.example"),
        ("left-out", "tenant/sub@acme.example"),
    ]
    mail.apply(plan)
    assert mail.option("Starter", "quota") == [("5", 0)]


def test_a_foreign_state_is_left_out_and_the_rest_goes_on(mail: Mailwizz) -> None:
    fill(mail)
    said = {
        "leaving@corp.example": {"package": "Growth", "status": "active"},
        "crm@beta.example": {"package": "Growth"},
    }
    mail.declare({"package": {"Growth": {}}, "tenant": said})
    plan = mail.plan()
    assert told(plan, "foreign-state") == [
        'tenant/leaving@corp.example status: its live state "pending-delete" is none of active, suspended, closed'
    ]
    mail.apply(plan)
    assert mail.group_of("leaving@corp.example") == "Starter"
    assert mail.group_of("crm@beta.example") == "Growth"


def test_names_that_repeat_are_an_error_for_those_objects_only(mail: Mailwizz) -> None:
    fill(mail)
    before = mail.sql("SELECT count(*) FROM {customer_group}")
    mail.declare({"package": {"Twice": {"quota.emails": 5}, "twice": {}, "Starter": {"quota.emails": 6}}})
    with pytest.raises(Exception, match="files are wrong"):  # the two are twins of each other
        mail.plan()
    mail.declare({"package": {"Twice": {"quota.emails": 5}, "starter": {}, "Growth": {"quota.emails": 6}}})
    plan = mail.plan()
    assert [(f.code, str(f.ref)) for f in plan.findings if f.severity is Severity.LEFT_OUT] == [
        ("left-out", "package/Twice"),
        ("spelling", "package/starter"),
    ]
    mail.apply(plan)
    assert mail.option("Growth", "quota") == [("6", 0)]
    assert mail.sql("SELECT count(*) FROM {customer_group}") == before


def test_what_the_database_takes_for_the_same_name_is_another_group(mail: Mailwizz) -> None:
    mail.group("Cafe", {"quota": "1"})
    mail.declare({"package": {"Café": {"quota.emails": 2}}})
    mail.apply()
    assert mail.option("Cafe", "quota") == [("1", 0)]
    assert mail.option("Café", "quota") == [("2", 0)]
    assert not mail.plan().changes


UNHELD: dict[str, tuple[dict[str, Any], str]] = {
    "a role": ({"role": "Sales"}, "no roles for customers"),
    "a state of a package": ({"lifecycle": "retired"}, "cannot be retired"),
    "a field of another system": ({"sending.daily_limit": 5}, "no place for it"),
    "an hourly speed of nothing": ({"sending.hourly_speed": 0}, "0 would mean unlimited there"),
    "a code that has a field": ({"options": {"system.customer_sending.quota": "5"}}, "has a field of its own here"),
    "a secret": ({"options": {"ext.crm.api_token": "x"}}, "holds a secret"),
}


@pytest.mark.parametrize(("said", "why"), UNHELD.values(), ids=UNHELD.keys())
def test_what_it_cannot_hold_is_said_when_planning(mail: Mailwizz, said: dict[str, Any], why: str) -> None:
    mail.settings("external: ['role/*']")
    mail.group("Starter")
    mail.declare({"package": {"Starter": said}})
    plan = mail.plan()
    assert "unsupported" in codes(plan)
    assert plan.blocked
    assert why in told(plan, "unsupported")[0]


def test_roles_and_overrides_have_no_place(mail: Mailwizz) -> None:
    fill(mail)
    said = {"ops@acme.example": {"overrides": {"sending": {"daily_limit": 5}}, "name": "Acme"}}
    mail.declare({"role": {"Sales": {}}, "tenant": said})
    assert told(mail.plan(), "unsupported") == [
        'role/Sales : target "mail" has no place for any role (1 declared)',
        'tenant/ops@acme.example name: target "mail" has no place for it: names of customers are theirs to change',
        'tenant/ops@acme.example overrides: target "mail" has no place for it: MailWizz has no limits of a single '
        "customer: give them a group of their own",
    ]
