"""Of a MailWizz: the two accounts that `doctor` prints are enough for everything, and too little to read a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support.engines import ServerPlace
from tests.support.least_privilege import OWNER, Staff
from tests.support.mailwizz import Mailwizz
from tests.support.mailwizz_filled import fill

PREFERENCE = (
    "CREATE TABLE mw_ext_preference (preference_id INT PRIMARY KEY, group_id INT, api_secret VARCHAR(9), "
    "FOREIGN KEY (group_id) REFERENCES mw_customer_group (group_id) ON DELETE CASCADE)"
)
"""An extension's table, which nobody here knows."""


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    mail = fill(Mailwizz(empty_database, tmp_path / "repository").installed())
    mail.group("Doomed", {"ext.crm.colour": "red"})
    mail.server("doomed.host", "doomed.host", groups=("Doomed",))
    mail.sql(PREFERENCE)
    mail.sql("ALTER TABLE {sending_domain} ADD COLUMN dkim_private_key TEXT")
    return mail


@pytest.fixture
def staff(mail: Mailwizz) -> Iterator[Staff]:
    """They have the grants that doctor printed, and no others."""
    staff = Staff(place=mail.place, folder=mail.folder)
    staff.create_accounts()
    assert staff.grant(staff.cli(OWNER, "doctor").out)
    yield staff
    staff.drop_accounts()


FIRST = {
    "package": {
        "Growth": {"quota.emails": 5, "assets.sending_nodes": ["spare.host"], "options": {"ext.crm.colour": "red"}},
        "New": {"limits": {"contacts": 5}, "assets.sending_nodes": ["smtp-eu-1"]},
        "Doomed": {"quota.emails": 1},
    },
    "tenant": {"ops@acme.example": {"package": "New", "status": "suspended"}},
    "platform": {"default": {"quota.emails": 7, "quota.action": "move", "quota.move_to": "Growth"}},
}
BURIED = {
    "package": {"Growth": {}, "New": {}, "Doomed": {"lifecycle": "removed", "reassign_to": "New"}},
    "tenant": {},
    "platform": {"default": {"quota.action": "none"}},
}
LIFTED = ("--allow", "too-much", "--reason", "a test")


def test_who_plans_and_who_applies_can_do_everything(mail: Mailwizz, staff: Staff) -> None:
    staff.cli(PLANNING, "export", "--write")
    staff.cli(PLANNING, "plan", "--detailed-exitcode")
    staff.cli(PLANNING, "list", "tenant")
    for path in mail.folder.glob("*.d/*.yaml"):
        path.unlink()
    plan = str(mail.folder / "plan.json")
    mail.declare(FIRST)
    staff.cli(PLANNING, "plan", "--out", plan, *LIFTED)
    staff.cli(APPLYING, "doctor", "--rehearse")
    staff.cli(APPLYING, "apply", plan)
    staff.cli(PLANNING, "plan", "--detailed-exitcode")
    staff.cli(PLANNING, "drift")
    mail.numbers["New"] = mail.sql("SELECT group_id FROM {customer_group} WHERE name = 'New'")[0][0]
    mail.customer("user@x.example", "Doomed")
    before = mail.image()
    mail.declare(BURIED)
    staff.cli(PLANNING, "plan", "--out", plan, "--allow", "empty", *LIFTED)
    staff.cli(APPLYING, "apply", plan)
    assert mail.group_of("user@x.example") == "New"
    assert not mail.sql("SELECT 1 FROM {customer_group} WHERE name = 'Doomed'")
    newest = next(line.split()[0] for line in staff.cli(PLANNING, "history").out.splitlines() if "apply" in line)
    staff.cli(APPLYING, "revert", newest, "--yes", *LIFTED)
    after = mail.image()
    assert mail.group_of("user@x.example") == "Doomed"
    assert after.keys() == before.keys()
    # These tell when they were touched last.
    touched = {f"{mail.place.name}.mw_{name}" for name in ("customer", "option")}
    assert {name for name in after if after[name] != before[name]} <= touched


def test_they_are_enough_and_not_too_much(staff: Staff) -> None:
    for account, said in ((PLANNING, "enough to plan"), (APPLYING, "enough to plan and to apply")):
        found = staff.doctor(account)
        assert found["account"] == said
        assert "warning" not in found
        assert found["protection of package"] == "B"


def test_what_a_strange_table_would_lose_is_seen(mail: Mailwizz, staff: Staff) -> None:
    mail.sql("INSERT INTO mw_ext_preference VALUES (1, ?, 'hidden')", mail.numbers["Doomed"])
    mail.declare(FIRST)
    staff.cli(APPLYING, "apply", "--yes", *LIFTED)
    mail.declare(BURIED)
    said = staff.cli(APPLYING, "apply", "--yes", "--allow", "empty", *LIFTED, expects=3)
    assert "would delete 1 of mw_ext_preference" in said.out + said.err
    assert mail.sql("SELECT 1 FROM {customer_group} WHERE name = 'Doomed'")


SECRETS = (
    "SELECT password FROM mw_customer",
    "SELECT first_name FROM mw_customer",
    "SELECT * FROM mw_customer",
    "SELECT password FROM mw_delivery_server",
    "SELECT dkim_private_key FROM mw_sending_domain",
    "SELECT email FROM mw_list_subscriber",
    "SELECT api_secret FROM mw_ext_preference",
    "SELECT * FROM mw_user",
)
NOT_APPLYING = (
    "UPDATE mw_customer SET email = 'x'",
    "UPDATE mw_customer SET password = 'x'",
    "DELETE FROM mw_customer",
    "INSERT INTO mw_customer (email) VALUES ('x')",
    "UPDATE mw_delivery_server SET hostname = 'x'",
    "DELETE FROM mw_price_plan",
    "DELETE FROM mw_ext_preference",
    "UPDATE mw_customer_group_option SET code = 'x'",
    "ALTER TABLE mw_customer_group ADD COLUMN mine INT",
    "DROP TABLE mw_customer_group",
)


@pytest.mark.every_run
def test_neither_reads_a_secret_or_writes_what_is_not_ours(staff: Staff) -> None:
    assert staff.let_through(PLANNING, *SECRETS, *NOT_APPLYING) == []
    assert staff.let_through(APPLYING, *SECRETS, *NOT_APPLYING) == []


@pytest.mark.every_run
def test_who_plans_writes_nothing(mail: Mailwizz, staff: Staff) -> None:
    tables = [row[0] for row in mail.sql("SHOW TABLES")]
    assert staff.let_through(PLANNING, *(f"DELETE FROM `{table}` WHERE false" for table in tables)) == []
    mail.declare(FIRST)
    staff.cli(PLANNING, "apply", "--yes", *LIFTED, expects=1)
