"""Other versions of MailWizz have other columns (docs/rules.md#rule-27): extra ones do not matter, a missing one takes
its field with it, and one that nothing works without stops everything before it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import TargetError
from reconciler.workflow import doctor
from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz, codes, told
from tests.support.mailwizz_filled import fill


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return fill(Mailwizz(empty_database, tmp_path / "repository").installed())


LATIN = "latin1 COLLATE latin1_swedish_ci"
NEEDED = {
    "customer_group": ("name",),
    "customer_group_option": ("code", "value", "is_serialized", "option_id"),
    "option": ("category", "value", "is_serialized"),
    "customer": ("email", "status"),
}


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in NEEDED.items() for c in columns])
def test_without_a_needed_column_nothing_is_read(mail: Mailwizz, table: str, column: str) -> None:
    with mail.place.hand(lawless=True) as connection:
        connection.cursor().execute("SET foreign_key_checks = 0")
        connection.cursor().execute(f"ALTER TABLE mw_{table} CHANGE `{column}` renamed VARCHAR(99)")
    with pytest.raises(TargetError, match=f"mw_{table}.{column} missing"), mail.site.target.reader():
        pass
    with pytest.raises(TargetError, match="missing"):
        mail.plan()


def test_without_the_reference_to_the_group_nothing_is_read(mail: Mailwizz) -> None:
    mail.sql("ALTER TABLE {customer} DROP FOREIGN KEY mw_fk_cg, DROP COLUMN group_id")
    with pytest.raises(TargetError, match=r"mw_customer\.group_id missing"):
        mail.plan()


SPARE = (
    "DROP TABLE mw_price_plan_order_transaction, mw_price_plan_order",
    "DROP TABLE mw_price_plan_order_transaction, mw_price_plan_order, mw_price_plan_customer_group_display, "
    "mw_price_plan",
    "DROP TABLE mw_customer_quota_mark",
    "DROP TABLE mw_delivery_server_usage_log",
    "DROP TABLE mw_list_subscriber",
    "DROP TABLE mw_sending_domain",
    "ALTER TABLE mw_customer DROP FOREIGN KEY mw_fk_cp, DROP COLUMN parent_id",
    "ALTER TABLE mw_customer_group DROP COLUMN is_default, DROP COLUMN date_added",
    "ALTER TABLE mw_customer_group_option DROP COLUMN last_updated",
    "ALTER TABLE mw_delivery_server DROP COLUMN name",
    "ALTER TABLE mw_customer ADD COLUMN colour VARCHAR(9) NOT NULL",
    "ALTER TABLE mw_customer_group ADD COLUMN note VARCHAR(9) NULL",
    "ALTER TABLE mw_customer_group_option ADD COLUMN seen TINYINT NOT NULL DEFAULT 1",
)


@pytest.mark.parametrize("statement", SPARE)
def test_what_can_be_done_without_is_done_without(mail: Mailwizz, statement: str) -> None:
    mail.place.sql(statement, lawless=False)
    doctor.list_live(mail.site, "package", "")
    mail.export()
    plan = mail.plan()
    assert not plan.blocked
    assert [str(change.ref) for change in plan.changes] == []
    for folder in ("packages.d", "tenants.d", "platform.d"):
        for path in (mail.folder / folder).glob("*.yaml"):
            path.unlink()
    said = {"lifecycle": "removed", "reassign_to": "New"}
    mail.declare({"package": {"New": {"quota.emails": 5}, "Starter": said}, "tenant": {}})
    mail.sql("DELETE FROM {customer_group} WHERE name = 'Trial'")
    mail.settings("mode: additive")
    mail.apply()
    mail.settings()
    mail.apply()
    assert mail.group_of("crm@beta.example") == "New"
    assert not mail.plan().changes


def test_without_the_table_of_links_assets_have_no_place(mail: Mailwizz) -> None:
    mail.sql("DROP TABLE {delivery_server_to_customer_group}")
    mail.declare({"package": {"Growth": {"assets.sending_nodes": ["smtp-eu-1"], "quota.emails": 4}}})
    (said,) = told(mail.plan(), "unsupported")
    assert "this version has no mw_delivery_server_to_customer_group.group_id" in said
    mail.apply(mail.plan("unsupported"))
    assert mail.option("Growth", "quota") == [("4", 0)]
    assert any("no place for assets.sending_nodes" in label for label, _ in mail.site.target.doctor())


@pytest.mark.parametrize("table", ["customer_group", "customer_group_option"])
def test_a_new_column_that_wants_a_value_means_no_new_groups(mail: Mailwizz, table: str) -> None:
    mail.sql(f"ALTER TABLE {{{table}}} ADD COLUMN wanted VARCHAR(9) NOT NULL")
    mail.declare({"package": {"New": {}, "Growth": {"sending.hourly_speed": 600}}})
    plan = mail.plan()
    assert "absent" in codes(plan)
    assert [str(change.ref) for change in plan.changes] == ["package/Growth"]
    mail.apply(plan)
    assert ("package: cannot be created", f"mw_{table} wants a value for wanted, which nobody here knows") in (
        mail.site.target.doctor()
    )


@pytest.mark.parametrize("charset", ["utf8 COLLATE utf8_general_ci", "latin1", "utf8mb4 COLLATE utf8mb4_bin"])
def test_old_character_sets_do_not_matter(empty_database: ServerPlace, tmp_path: Path, charset: str) -> None:
    mail = fill(Mailwizz(empty_database, tmp_path / "repository").installed(charset=charset.replace("latin1", LATIN)))
    mail.export()
    assert not mail.plan().changes
    for path in mail.folder.glob("*.d/*.yaml"):
        path.unlink()
    said = {"ops@acme.example": {"package": "Crème", "status": "suspended"}}
    mail.declare({"package": {"Crème": {"quota.notify_message": "☃"}, "Café": {"quota.emails": 3}}, "tenant": said})
    mail.apply()
    assert mail.group_of("ops@acme.example") == "Crème"
    assert mail.option("Café", "quota") == [("3", 0)]
    assert mail.option("Crème", "quota_notify_email_content") == [("☃", 0)]
    assert not mail.plan().changes


def test_a_name_that_the_character_set_cannot_hold_is_an_error_and_nothing_else(
    empty_database: ServerPlace, tmp_path: Path
) -> None:
    mail = Mailwizz(empty_database, tmp_path / "repository").installed(charset="utf8 COLLATE utf8_general_ci")
    mail.declare({"package": {"Snow \U0001f600": {}, "Plain": {}}})
    before = mail.image()
    with pytest.raises(TargetError, match="character set cannot hold"):
        mail.apply()
    assert mail.image() == before
