"""What is in MailWizz's tables, as files would say it. Nothing that a hand or a form has left stops the reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import TargetError
from reconciler.model.facts import NeededFacts, Snapshot
from reconciler.model.ref import Ref
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.workflow import doctor
from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz, told
from tests.support.mailwizz_filled import fill


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return Mailwizz(empty_database, tmp_path / "repository").installed()


def live(mail: Mailwizz) -> Snapshot:
    with mail.site.target.reader() as reader:
        return reader.snapshot()


@pytest.mark.every_run
def test_a_filled_system_is_read_whole(mail: Mailwizz) -> None:
    found = live(fill(mail))
    packages = found.sheets["package"]
    growth = packages["Growth"].values
    assert growth["quota.emails"] == 25_000
    assert growth["quota.time_value"] == 1
    assert growth["quota.wait_for_expiry"] is True
    assert growth["quota.notify_message"].endswith("Grüße ☃</p>\n")  # type: ignore[union-attr]
    assert growth["sending.hourly_speed"] == 500
    assert growth["limits.sending_nodes"] == 3
    assert growth["assets.sending_nodes"] == ("smtp-eu-1", "us1.host")
    assert packages["Starter"].values["quota.action"] == "reset"
    assert packages["Trial"].values["quota.move_to"] == "Starter"
    assert found.sheets["platform"]["default"].values["quota.emails"] == 500
    assert found.sheets["platform"]["default"].values["quota.time_value"] == 1
    assert found.catalogues == {"sending_node": {"smtp-eu-1", "us1.host", "spare.host"}}


@pytest.mark.every_run
def test_a_missing_row_is_the_application_s_default(mail: Mailwizz) -> None:
    mail.group("Bare", whole=False)
    values = live(mail).sheets["package"]["Bare"].values
    assert values == {
        "quota.emails": "unlimited",
        "quota.time_value": "unlimited",
        "quota.time_unit": "month",
        "quota.wait_for_expiry": True,
        "quota.action": "none",
        "quota.notify": False,
        "quota.notify_percent": 95,
        "quota.notify_message": "",
        "sending.hourly_speed": "unlimited",
        "limits.contacts": "unlimited",
        "limits.lists": "unlimited",
        "limits.sending_domains": "unlimited",
        "limits.sending_nodes": 0,
        "assets.sending_nodes": "off",
        "options": {},
    }
    platform = dict(live(mail).sheets["platform"]["default"].values)
    assert platform.items() <= values.items()
    assert "limits.contacts" not in platform


def test_a_group_with_every_default_reads_as_one_with_no_row(mail: Mailwizz) -> None:
    """The template of new groups and the meaning of missing rows cannot drift apart."""
    mail.group("Bare", whole=False)
    mail.group("Whole")
    packages = live(mail).sheets["package"]
    whole, bare = ({**packages[name].values, "options": None} for name in ("Whole", "Bare"))
    assert whole == bare
    fields_of_their_own = 9 + 4
    assert len(packages["Whole"].values["options"]) == len(NEW_GROUP) - fields_of_their_own  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stored", "serialized", "value"),
    [
        ("1000", 0, 1000),
        ("-1", 0, "unlimited"),
        ("0", 0, 0),
        ("i:7;", 1, 7),
        ("i:-1;", 1, "unlimited"),
        ('s:2:"12";', 1, 12),
        ("N;", 1, "unlimited"),
        (None, 0, "unlimited"),
        ("i:7;", 0, "i:7;"),
        ("plenty", 0, "plenty"),
        ("", 0, ""),
        (b"\xff\xfe", 0, "\\xff\\xfe"),
        ("9" * 30, 0, "9" * 30),
    ],
)
def test_numbers_in_any_form_and_rubbish_kept_raw(
    mail: Mailwizz, stored: object, serialized: int, value: object
) -> None:
    mail.group("One", {"quota": (stored, serialized)}, whole=False)
    assert live(mail).sheets["package"]["One"].values["quota.emails"] == value


def test_rows_that_contradict_each_other_are_no_value(mail: Mailwizz) -> None:
    torn = live(fill(mail)).sheets["package"]["Torn"].values
    assert torn["quota.emails"] == "10 / 20"
    assert "quota.time_unit" not in torn
    assert "ext.torn" not in torn["options"]  # type: ignore[operator]


def test_an_hourly_quota_of_nothing_is_no_limit_and_any_other_quota_of_nothing_is_one(mail: Mailwizz) -> None:
    mail.group("One", {"hourly_quota": "0", "quota": "0", "quota_time_value": "0"})
    values = live(mail).sheets["package"]["One"].values
    assert (values["sending.hourly_speed"], values["quota.emails"], values["quota.time_value"]) == ("unlimited", 0, 0)


@pytest.mark.every_run
def test_secrets_are_hidden_and_passwords_are_never_read(mail: Mailwizz) -> None:
    found = live(fill(mail))
    assert found.sheets["package"]["Growth"].values["options"]["ext.crm.api_token"] == "***"  # type: ignore[index]
    everything = repr([dict(sheet) for sheet in found.sheets.values()])
    assert not any(secret in everything for secret in ("hunter2", "secret-hash", "node-secret"))


def test_states_that_files_do_not_know_stand_for_themselves(mail: Mailwizz) -> None:
    words = ("active", "inactive", "disabled", "pending-confirm", "pending-active", "pending-delete", "pending-disable")
    for word in words:
        mail.customer(f"{word}@x.example", status=word)
    tenants = live(mail).sheets["tenant"]
    assert [tenants[f"{word}@x.example"].values["status"] for word in words] == [
        "active",
        "suspended",
        "closed",
        *words[3:],
    ]


def test_sub_accounts_are_no_tenants_and_names_that_repeat_are_left_out(mail: Mailwizz) -> None:
    found = live(fill(mail))
    assert "sub@acme.example" not in found.sheets["tenant"]
    assert found.taken == {"tenant": {"sub@acme.example"}}
    assert found.twins == {"package": (("Twice",),)}
    assert set(found.unnameable["package"]) == {"Blank "}
    assert {"Café", "Cafe"} <= set(found.sheets["package"])


def test_the_listing_shows_zero_dates_and_the_live_words(mail: Mailwizz) -> None:
    fill(mail)
    packages = doctor.list_live(mail.site, "package", "")
    assert packages.columns == ("ID", "Name", "Created on", "Users")
    assert {row[1]: row[2:] for row in packages.rows}["Sparse"] == ("0000-00-00", 0)
    assert {row[1]: row[3] for row in packages.rows}["Starter"] == 4
    tenants = doctor.list_live(mail.site, "tenant", "acme")
    assert [row[1:] for row in tenants.rows] == [("ops@acme.example", "Growth", "active", "0000-00-00")]
    assert [row[1] for row in doctor.list_live(mail.site, "platform", "").rows] == ["default"]


@pytest.mark.every_run
def test_usage_is_counted_since_the_newest_mark_and_in_this_hour(mail: Mailwizz) -> None:
    fill(mail)
    (number,) = mail.sql("SELECT customer_id FROM {customer} WHERE email = 'ops@acme.example'")[0]
    marks = "INSERT INTO {customer_quota_mark} (customer_id, date_added) VALUES (?, UTC_TIMESTAMP() - INTERVAL ? DAY)"
    mail.sql(marks, number, 30)
    mail.sql(marks, number, 10)
    sent = (
        "INSERT INTO {delivery_server_usage_log} (customer_id, customer_countable, date_added) "
        "VALUES (?, ?, UTC_TIMESTAMP() - INTERVAL ? DAY)"
    )
    for countable, days in (("yes", 20), ("yes", 5), ("yes", 4), ("no", 4), ("yes", 0)):
        mail.sql(sent, number, countable, days)
    mail.sql(sent, None, "yes", 1)
    names = frozenset({"contacts", "lists", "sending_domains", "sending_nodes", "sent_this_hour", "sent_this_period"})
    growth, starter = Ref("package", "Growth"), Ref("package", "Starter")
    question = NeededFacts(meters=frozenset({growth, starter, Ref("tenant", "solo@free.example")}), counters=names)
    with mail.site.target.reader() as reader:
        facts = reader.facts(question)
    with mail.site.target.writer() as writer:
        writer.begin()
        assert writer.facts(question) == facts
        writer.rollback()
    (acme,) = facts.meters[growth]
    assert acme.counters == {
        "contacts": 3,
        "lists": 2,
        "sending_domains": 1,
        "sending_nodes": 1,
        "sent_this_hour": 1,
        "sent_this_period": 3,
    }
    assert {meter.ref.key for meter in facts.meters[starter]} == {
        "crm@beta.example",
        "old@corp.example",
        "gone@corp.example",
        "leaving@corp.example",
    }
    (solo,) = facts.meters[Ref("tenant", "solo@free.example")]
    assert set(solo.counters.values()) == {0}


@pytest.mark.parametrize("prefix", ["", "mw_", "a_b_"])
def test_the_prefix_is_found(empty_database: ServerPlace, tmp_path: Path, prefix: str) -> None:
    mail = Mailwizz(empty_database, tmp_path / "repository", prefix).installed()
    mail.group("Starter", {"quota": "7"})
    mail.setting("system.common", "version", 's:6:"2.1.13";', 1)
    assert live(mail).sheets["package"]["Starter"].values["quota.emails"] == 7
    assert dict(mail.site.target.doctor())["system"] == "mailwizz, version 2.1.13"


def test_of_two_installations_the_settings_say_which(empty_database: ServerPlace, tmp_path: Path) -> None:
    Mailwizz(empty_database, tmp_path / "repository", "old_").installed().group("Old")
    mail = Mailwizz(empty_database, tmp_path / "repository", "mw_")
    with pytest.raises(TargetError, match=r'several MailWizz.*"mw_", "old_"'):
        mail.installed()
    mail.settings(target="table_prefix: mw_")
    mail.group("New")
    assert set(live(mail).sheets["package"]) == {"New"}
    assert dict(mail.site.target.doctor())["system"] == "mailwizz, version not noted"
    mail.settings(target="table_prefix: nope_")
    with pytest.raises(TargetError, match="no table nope_customer_group_option"):
        live(mail)


def test_a_database_of_something_else_is_refused(empty_database: ServerPlace, tmp_path: Path) -> None:
    mail = Mailwizz(empty_database, tmp_path / "repository")
    mail.settings()
    with pytest.raises(TargetError, match="there is no MailWizz in this database"):
        live(mail)


def test_who_has_sent_more_than_a_new_quota_is_told(mail: Mailwizz) -> None:
    fill(mail)
    (number,) = mail.sql("SELECT customer_id FROM {customer} WHERE email = 'ops@acme.example'")[0]
    mail.sql("INSERT INTO {customer_quota_mark} (customer_id, date_added) VALUES (?, '2024-01-01')", number)
    mail.sql(
        "INSERT INTO {delivery_server_usage_log} (customer_id, date_added) VALUES (?, now()), (?, now())",
        *(number, number),
    )
    mail.declare({"package": {"Growth": {"quota.emails": 1}, "Starter": {}}})
    (said,) = told(mail.plan(), "over-limit")
    assert said == "package/Growth quota.emails: 1 of 1 users are above the new limit now"
    mail.declare({"package": {"Starter": {"quota.emails": 1}}, "tenant": {"ops@acme.example": {"package": "Starter"}}})
    assert told(mail.plan(), "over-limit") == [
        "tenant/ops@acme.example package: 1 in use, the new limits.sending_nodes is 0",
        "tenant/ops@acme.example package: 2 in use, the new quota.emails is 1",
    ]
