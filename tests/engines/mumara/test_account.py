"""Of a Mumara: the two accounts that `doctor` prints are enough for everything, and too little to read a secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support.least_privilege import OWNER, Staff
from tests.support.mumara import Mumara

LIFTED = ("--allow", "unguarded", "--allow", "too-much", "--reason", "a test")


@pytest.fixture
def staff(mumara: Mumara) -> Iterator[Staff]:
    """They have the grants that doctor printed, and no others."""
    mumara.settings("external: ['role/*']")
    staff = Staff(place=mumara.place, folder=mumara.folder)
    staff.create_accounts()
    assert staff.grant(staff.cli(OWNER, "doctor").out)
    yield staff
    staff.drop_accounts()


def edit(mumara: Mumara) -> None:
    """Create, update, delete and move, over the exported files."""
    growth = mumara.folder / "packages.d" / "growth.yaml"
    text = growth.read_text(encoding="utf-8").replace("role: Marketing", "role: Spare")
    growth.write_text(text.replace("contacts: unlimited", "contacts: 9"), encoding="utf-8")
    spare = mumara.folder / "roles.d" / "spare.yaml"
    spare.write_text("Spare: {permissions: [campaigns.view]}\nNew: {permissions: ['*']}\n", encoding="utf-8")
    (mumara.folder / "packages.d" / "roleless.yaml").write_text("Roleless: {lifecycle: removed}\n", encoding="utf-8")
    legacy = (
        "Legacy: {lifecycle: removed, reassign_to: Growth}\n"
        "Scale: {role: New, assets: {sending_nodes: [smtp-eu-2]}, headers: {X-Tier: scale}}\n"
    )
    (mumara.folder / "packages.d" / "legacy.yaml").write_text(legacy, encoding="utf-8")
    tenants = mumara.folder / "tenants.d" / "exported.yaml"
    text = tenants.read_text(encoding="utf-8").replace("package: Legacy", "package: Growth")
    tenants.write_text(text.replace("hourly_speed: 600", "hourly_speed: 700"), encoding="utf-8")


def test_who_plans_and_who_applies_can_do_everything(mumara: Mumara, staff: Staff) -> None:
    # What names a domain that is gone could not be put back.
    mumara.sql("UPDATE packages SET sending_domains = '[\"1\"]' WHERE package_name = 'Legacy'")
    staff.cli(PLANNING, "export", "--write")
    staff.cli(PLANNING, "plan", "--detailed-exitcode")
    staff.cli(PLANNING, "list", "role")
    staff.cli(APPLYING, "apply", "--yes")
    plan = str(mumara.folder / "plan.json")
    edit(mumara)
    staff.cli(PLANNING, "plan", "--out", plan, *LIFTED)
    staff.cli(APPLYING, "apply", plan)
    staff.cli(PLANNING, "plan", "--detailed-exitcode")
    staff.cli(PLANNING, "drift")
    assert mumara.sql("SELECT role_id FROM users WHERE id = 103") == [(8,)], "a user's copy of the role follows"
    assert not mumara.sql("SELECT 1 FROM packages WHERE package_name = 'Legacy'")
    newest = next(line.split()[0] for line in staff.cli(PLANNING, "history").out.splitlines() if "apply" in line)
    staff.cli(PLANNING, "history", newest)
    staff.cli(APPLYING, "revert", newest, "--yes", *LIFTED)
    assert mumara.sql("SELECT id, role_id FROM packages WHERE package_name = 'Legacy'") == [(3, 4)]
    assert mumara.sql("SELECT package_id, role_id FROM users WHERE id = 103") == [(3, 4)]
    assert mumara.sql("SELECT hourly_rate FROM user_email_limits WHERE user_id = 102") == [(600,)]


def test_they_are_enough_and_not_too_much(staff: Staff) -> None:
    for account, said in ((PLANNING, "enough to plan"), (APPLYING, "enough to plan and to apply")):
        found = staff.doctor(account)
        assert found["account"] == said
        assert "warning" not in found


def test_who_may_see_no_triggers_is_told_so(mumara: Mumara, staff: Staff) -> None:
    for line in staff.cli(OWNER, "doctor").out.splitlines():
        if "CREATE TRIGGER" in line:
            mumara.sql(line[line.index("CREATE TRIGGER") :])
    assert staff.doctor(OWNER)["protection of package"] == "A"
    assert staff.doctor(PLANNING)["protection of package"].startswith("C (as far as this account sees: triggers")
    staff.owner(f"GRANT TRIGGER ON users TO {staff.grantee(PLANNING)}")
    assert staff.doctor(PLANNING)["protection of package"] == "A"


SECRETS = (
    "SELECT password FROM users",
    "SELECT one_time_password FROM users",
    "SELECT api_token FROM users",
    "SELECT * FROM users",
    "SELECT password FROM smtps",
    "SELECT password FROM bounces",
    "SELECT api_token FROM api_tokens",
    "SELECT dkim_private_key FROM domain_maskings",
    "SELECT email FROM subscribers",
    "SELECT secret FROM two_fa",
    "SELECT setting_value FROM application_settings",
)
NOT_APPLYING = (
    "UPDATE users SET email = 'x'",
    "UPDATE users SET password = 'x'",
    "UPDATE users SET deleted_at = NULL",
    "DELETE FROM users",
    "INSERT INTO users (email) VALUES ('x')",
    "UPDATE user_email_limits SET sent_today = 0",
    "UPDATE permissions SET route = 'x'",
    "UPDATE api_tokens SET role_id = 1",
    "ALTER TABLE packages ADD COLUMN mine INT",
    "DROP TABLE packages",
)


def test_neither_reads_a_secret_or_writes_what_is_not_ours(staff: Staff) -> None:
    assert staff.let_through(PLANNING, *SECRETS, *NOT_APPLYING) == []
    assert staff.let_through(APPLYING, *SECRETS, *NOT_APPLYING) == []


@pytest.mark.every_run
def test_who_plans_writes_nothing(mumara: Mumara, staff: Staff) -> None:
    tables = [row[0] for row in mumara.sql("SHOW TABLES")]
    assert staff.let_through(PLANNING, *(f"DELETE FROM `{table}` WHERE false" for table in tables)) == []
    staff.cli(PLANNING, "export", "--write")
    edit(mumara)
    staff.cli(PLANNING, "apply", "--yes", *LIFTED, expects=1)
