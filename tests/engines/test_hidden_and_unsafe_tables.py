"""Of MailWizz and Mumara: tables that the account does not see, or that cannot be rolled back, stop everything before
anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support.engines import ServerPlace
from tests.support.least_privilege import OWNER, Staff
from tests.support.mailwizz import Mailwizz
from tests.support.mailwizz_filled import fill, with_a_doomed_group
from tests.support.mumara import Mumara

LIFTED = ("--allow", "unguarded", "--allow", "too-much", "--allow", "empty", "--reason", "a test")


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    """A group that nobody is on, managed and taken out of the files since; a price plan with a paid order gives it."""
    mail = with_a_doomed_group(fill(Mailwizz(empty_database, tmp_path / "repository").installed()))
    mail.order(1, mail.plan_of("Gold", "Doomed"), "complete")
    return mail


@pytest.fixture
def staff(mail: Mailwizz) -> Iterator[Staff]:
    yield from hired(Staff(place=mail.place, folder=mail.folder))


@pytest.fixture
def staff_of_mumara(mumara: Mumara) -> Iterator[Staff]:
    mumara.settings("external: ['role/*']")
    yield from hired(Staff(place=mumara.place, folder=mumara.folder))


def hired(staff: Staff) -> Iterator[Staff]:
    """They have the grants that doctor printed."""
    staff.create_accounts()
    staff.grant(staff.cli(OWNER, "doctor").out)
    yield staff
    staff.drop_accounts()


def sold(mail: Mailwizz) -> list[tuple[object, ...]]:
    """The group, its plan and its order."""
    return [
        *mail.sql("SELECT name FROM {customer_group} WHERE name = 'Doomed'"),
        *mail.sql("SELECT name FROM {price_plan}"),
        *mail.sql("SELECT status FROM {price_plan_order}"),
    ]


SOLD = [("Doomed",), ("Gold",), ("complete",)]


@pytest.mark.parametrize("table", ["mw_price_plan", "mw_price_plan_order", "mw_customer", "mw_list_subscriber"])
def test_a_table_that_may_not_be_read_stops_the_plan_that_needs_it(mail: Mailwizz, staff: Staff, table: str) -> None:
    for account in (PLANNING, APPLYING):
        revoked(staff, table, account)
        lacks = staff.doctor(account)["account"]
        assert lacks.startswith("not enough to plan; it lacks SELECT on "), lacks
        assert table in lacks
        for command in (("plan",), ("apply", "--yes")):
            if table != "mw_list_subscriber":  # what is counted of people is asked where a limit is lowered
                said = staff.cli(account, *command, *LIFTED, expects=1).err
                assert "may not do this" in said
    assert sold(mail) == SOLD


def revoked(staff: Staff, table: str, account: str) -> None:
    """Every right to read a table, of the whole or of columns."""
    whom = staff.grantee(account)
    for statement in staff.place.sql(f"SHOW GRANTS FOR {whom}"):
        match = re.match(rf"GRANT (.*) ON (`\w+`\.`{table}`) TO ", statement[0])
        if match:
            staff.owner(f"REVOKE {match[1]} ON {match[2]} FROM {whom}")


@pytest.mark.parametrize("table", ["mw_price_plan", "mw_price_plan_order", "mw_delivery_server", "mw_customer"])
def test_a_table_that_is_not_listed_for_the_account_is_not_absent(mail: Mailwizz, staff: Staff, table: str) -> None:
    """As with the accounts that administrators make by hand, a grant a table."""
    for account in (PLANNING, APPLYING):
        staff.owner(f"REVOKE SHOW VIEW ON `{mail.place.name}`.* FROM {staff.grantee(account)}")
        revoked(staff, table, account)
        told = staff.cli(account, "doctor", expects=1)
        assert "GRANT SHOW VIEW ON " in told.out
        assert "enough" not in told.out
        for command in (("plan",), ("apply", "--yes"), ("drift",), ("export",), ("pause", "--reason", "x")):
            said = staff.cli(account, *command, expects=1).err
            assert "may not see all tables" in said, command
    assert sold(mail) == SOLD


@pytest.mark.every_run
def test_the_orders_are_seen_by_who_has_the_printed_grants(mail: Mailwizz, staff: Staff) -> None:
    """Who planted the bug of old, by telling the adapter that there is no such table, loses them."""
    said = staff.cli(APPLYING, "apply", "--yes", *LIFTED, expects=3)
    assert "Gold" in said.out
    assert sold(mail) == SOLD


@pytest.mark.parametrize("table", ["users", "packages", "user_email_limits", "api_tokens"])
def test_of_mumara_no_table_is_absent_because_it_is_hidden(mumara: Mumara, staff_of_mumara: Staff, table: str) -> None:
    staff = staff_of_mumara
    before = mumara.place.dump()
    revoked(staff, table, PLANNING)
    if table == "users":  # without it nothing can be told of this system
        assert "enough" not in staff.cli(PLANNING, "doctor", expects=1).out
    else:
        assert re.match(f"not enough to plan; it lacks SELECT on .*{table}", staff.doctor(PLANNING)["account"])
    staff.owner(f"REVOKE SHOW VIEW ON `{mumara.place.name}`.* FROM {staff.grantee(PLANNING)}")
    for command in (("plan",), ("apply", "--yes"), ("drift",), ("export",), ("doctor",)):
        staff.cli(PLANNING, *command, expects=1)
    assert mumara.place.dump() == before


@pytest.mark.parametrize("table", ["price_plan", "delivery_server", "option"])
def test_a_view_in_place_of_a_table_of_mailwizz_is_refused(mail: Mailwizz, table: str) -> None:
    mail.sql(f"RENAME TABLE mw_{table} TO kept_{table}")
    mail.sql(f"CREATE VIEW mw_{table} AS SELECT * FROM kept_{table} WHERE false")
    staff = Staff(place=mail.place, folder=mail.folder)
    assert f"mw_{table}: a view, of which nobody knows" in staff.cli(OWNER, "plan", expects=1).err
    assert mail.sql("SELECT name FROM {customer_group} WHERE name = 'Doomed'")


def keep_in(staff: Staff, engine: str, *tables: str) -> None:
    """Whatever has a foreign key is freed of it: no other engine has any."""
    with_keys = "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE "
    for table, key in staff.place.sql(with_keys + "CONSTRAINT_SCHEMA = ?", staff.place.name):
        staff.owner(f"ALTER TABLE `{table}` DROP FOREIGN KEY `{key}`")
    for table in tables:
        staff.owner(f"ALTER TABLE `{table}` ENGINE={engine}")


def refused_everywhere(staff: Staff, *tables: str) -> None:
    """Each is named with what mends it, by doctor too, and nothing is written."""
    alters = {f"ALTER TABLE {table} ENGINE=InnoDB;" for table in tables}
    found = staff.doctor(OWNER)
    assert {re.sub(".*: ", "", found[f"table {table}"]).replace("`", "") for table in tables} == alters
    before = staff.place.dump()
    newest = next(line.split()[0] for line in staff.cli(OWNER, "history").out.splitlines() if "apply" in line)
    commands = (("plan",), ("apply", "--yes"), ("doctor", "--rehearse"), ("drift",), ("pause", "--reason", "x"))
    for command in (*commands, ("database", "upgrade"), ("revert", newest, "--yes")):
        said = staff.cli(OWNER, *command, expects=1).err.replace("`", "")
        assert all(alter in said for alter in alters), (command, said)
        assert staff.place.dump() == before, command
    for alter in alters:
        staff.owner(alter)
    staff.cli(OWNER, "plan", *LIFTED)


@pytest.mark.parametrize("engine", ["MyISAM", "Aria TRANSACTIONAL=0", "Aria TRANSACTIONAL=1"])
def test_tables_of_mailwizz_without_transactions_are_refused(mail: Mailwizz, engine: str) -> None:
    staff = Staff(place=mail.place, folder=mail.folder)
    mail.sql("DELETE FROM {price_plan_order}")
    mail.sql("DELETE FROM {price_plan}")
    keep_in(staff, engine, "mw_customer_quota_mark", "mw_price_plan", "mw_customer")
    refused_everywhere(staff, "mw_customer_quota_mark", "mw_price_plan", "mw_customer")


@pytest.mark.every_run
def test_tables_of_mumara_without_transactions_are_refused(mumara: Mumara) -> None:
    mumara.settings("external: ['role/*']")
    staff = Staff(place=mumara.place, folder=mumara.folder)
    staff.cli(OWNER, "export", "--write")
    staff.cli(OWNER, "apply", "--yes")
    keep_in(staff, "MyISAM", "role_permissions", "users")
    refused_everywhere(staff, "role_permissions", "users")
