"""Other versions of Mumara: columns that are missing, that are new, that have a prefix before their table."""

from __future__ import annotations

import pytest

from reconciler.model.errors import TargetError
from tests.support.mumara import Mumara, target


class TestVersions:
    """What a version has not is said by name; what a newer one has more is named in the settings."""

    def test_what_6_2_7_has_no_column_for(self, mumara: Mumara) -> None:
        assert "6.2.7" in dict(target(mumara.place).doctor())["system"]
        mumara.write("package", "Growth: {automation: {reset_limit: 5}, setup_guide: false, quota: {emails: 1}}\n")
        found = {f.field: f for f in mumara.plan().findings if f.code == "unsupported"}
        assert set(found) == {"automation.reset_limit", "setup_guide", "quota.emails"}
        assert all("6.2.7" in finding.message for finding in found.values())

    def test_a_column_of_a_newer_version_is_named_in_the_settings(self, mumara: Mumara) -> None:
        mumara.sql("ALTER TABLE packages ADD COLUMN auto_resets INT NULL, ADD COLUMN guide TINYINT NOT NULL DEFAULT 1")
        mumara.settings(target=", columns: {automation.reset_limit: auto_resets, setup_guide: guide}")
        mumara.write(
            "package",
            "Growth: {automation: {reset_limit: 5}, setup_guide: false}\n"
            "Scale: {role: Marketing, automation: {reset_limit: unlimited}}\n",
        )
        mumara.apply()
        assert mumara.sql(
            "SELECT auto_resets, guide FROM packages WHERE package_name IN ('Growth', 'Scale') ORDER BY id"
        ) == [(5, 0), (-1, 1)]
        assert not mumara.plan().changes

    def test_a_column_that_is_not_there_is_named(self, mumara: Mumara) -> None:
        mumara.settings(target=", columns: {setup_guide: guide}")
        mumara.write("package", "Growth: {setup_guide: false}\n")
        (finding,) = [f for f in mumara.plan().findings if f.code == "unsupported"]
        assert "packages.guide" in finding.message

    def test_a_wrong_name_in_the_settings_is_a_complaint(self, mumara: Mumara) -> None:
        with pytest.raises(TargetError, match=r"setup_gide.*did you mean"):
            target(mumara.place, columns={"setup_gide": "guide"})

    def test_what_is_missing_takes_only_its_field_along(self, mumara: Mumara) -> None:
        mumara.sql("ALTER TABLE packages DROP COLUMN max_threads, DROP COLUMN additional_headers")
        mumara.sql("ALTER TABLE user_email_limits DROP COLUMN hourly_rate")
        mumara.sql("DROP TABLE evergreen_campaigns")
        mumara.sql("ALTER TABLE roles DROP COLUMN created_at, DROP COLUMN updated_at")
        mumara.write("package", "Growth: {sending: {max_threads: 4, daily_limit: 8}}\n")
        (finding,) = [f for f in mumara.plan().findings if f.code == "unsupported"]
        assert finding.field == "sending.max_threads" and "packages.max_threads" in finding.message
        mumara.apply("unsupported")
        assert mumara.sql("SELECT daily_email_limit FROM packages WHERE id = 2") == [(8,)]
        mumara.write("role", "New: {description: x}\n")
        mumara.apply("unsupported")

    def test_a_missing_needed_column_refuses_before_anything_is_read(self, mumara: Mumara) -> None:
        mumara.sql("ALTER TABLE users DROP COLUMN package_id")
        with pytest.raises(TargetError, match=r"users\.package_id missing"):
            assert target(mumara.place).supports

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            ("ALTER TABLE users DROP COLUMN deleted_at", "users.deleted_at"),
            ("ALTER TABLE users DROP COLUMN parent_id", "users.parent_id"),
            ("ALTER TABLE users DROP COLUMN is_client", "users.is_client"),
            ("ALTER TABLE roles DROP COLUMN is_staff", "roles.is_staff"),
            ("DROP TABLE permissions", "permissions.id"),
            ("ALTER TABLE permissions CHANGE id number INT NOT NULL", "permissions.id"),
            ("ALTER TABLE user_email_limits CHANGE user_id client INT NULL", "user_email_limits.user_id"),
        ],
    )
    def test_what_every_version_has_is_needed(self, mumara: Mumara, change: str, column: str) -> None:
        with mumara.place.hand(lawless=True) as connection:
            connection.cursor().execute("SET foreign_key_checks = 0")
            connection.cursor().execute(change)
        with pytest.raises(TargetError, match=f"the database is not of the version .*: {column} missing"):
            mumara.plan()

    def test_a_new_column_that_wants_a_value_stops_creation_only(self, mumara: Mumara) -> None:
        mumara.sql("ALTER TABLE packages ADD COLUMN region INT NOT NULL")
        mumara.write("package", "Growth: {sending: {daily_limit: 8}}\nScale: {role: Marketing}\n")
        plan = mumara.plan()
        assert [str(change.ref) for change in plan.changes] == ["package/Growth"]
        assert "region" in dict(target(mumara.place).doctor())["package: cannot be created"]
        mumara.apply()

    def test_tables_may_have_a_prefix(self, mumara: Mumara) -> None:
        tables = [row[0] for row in mumara.sql("SHOW TABLES")]
        for name in tables:
            mumara.sql(f"RENAME TABLE `{name}` TO `mu_{name}`")
        mumara.settings(target=", table_prefix: mu_")
        mumara.write("package", "Growth: {sending: {daily_limit: 8}, role: Spare}\n")
        mumara.apply()
        assert mumara.sql("SELECT daily_email_limit, role_id FROM mu_packages WHERE id = 2") == [(8, 8)]
