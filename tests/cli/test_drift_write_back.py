"""`drift --write-back`: the files take what the database has, and a person reads the difference."""

from __future__ import annotations

from tests.support.repository import Cli, Place

COMMENTED = """
    # What we sell.
    Starter Plan:
      role: Marketing
      sending:
        daily_limit: 5000 # since 2024
    Growth:
      # the best-seller
      role: Marketing
      sending:
        daily_limit: 25000 # OPS-12
        monthly_quota: 100000
"""


def packages(place: Place) -> str:
    return (place.folder / "packages.d/packages.yaml").read_text()


def by_hand(place: Place, limit: int) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = ? WHERE name = 'Growth'", limit)


def commented(cli: Cli, place: Place) -> str:
    place.write("packages.d/packages.yaml", COMMENTED)
    assert cli("apply", "--yes").code == 0
    return packages(place)


def test_the_drift_is_in_the_file_and_every_comment_stays(cli: Cli, place: Place) -> None:
    before = commented(cli, place)
    by_hand(place, 70007)
    ended = cli("drift", "--write-back")
    assert ended.code == 2
    assert "wrote packages.d/packages.yaml" in ended.err
    assert packages(place) == before.replace("25000 # OPS-12", "70007 # OPS-12")


def test_afterwards_there_is_no_drift_and_nothing_to_plan(cli: Cli, place: Place) -> None:
    commented(cli, place)
    by_hand(place, 7)
    place.sql("UPDATE esp_tenant SET name = 'Acme Inc', status = 'suspended' WHERE email = 'ops@acme.example'")
    place.sql("UPDATE esp_role SET description = 'Sends: \"all\"' WHERE name = 'Marketing'")
    cli("drift", "--write-back")
    assert cli("drift").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_what_waits_to_be_applied_stays_in_the_files(cli: Cli, place: Place) -> None:
    commented(cli, place)
    place.replace("packages.d/packages.yaml", "5000 # since 2024", "6000 # since 2026")
    place.replace("packages.d/packages.yaml", "monthly_quota: 100000", "monthly_quota: 200000")
    by_hand(place, 70007)
    cli("drift", "--write-back")
    assert "6000 # since 2026" in packages(place)
    assert "monthly_quota: 200000" in packages(place)
    assert "daily_limit: 70007 # OPS-12" in packages(place)


def test_what_no_file_declares_is_not_written(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_role (name, description) VALUES ('Support', 'Helps')")
    by_hand(place, 7)
    cli("drift", "--write-back")
    assert "Support" not in "".join(path.read_text() for path in place.folder.rglob("*.d/*.yaml"))


def test_a_field_that_both_sides_moved_is_left_to_a_person(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    by_hand(place, 7)
    ended = cli("drift", "--write-back")
    assert "30000" in packages(place)
    assert "package/Growth: sending.daily_limit was changed on both sides" in ended.err


def test_an_object_deleted_by_hand_is_left_to_a_person(cli: Cli, place: Place) -> None:
    place.sql("DELETE FROM esp_tenant WHERE email = 'crm@beta.example'")
    ended = cli("drift", "--write-back")
    assert ended.code == 2
    assert "tenant/crm@beta.example was deleted by hand" in ended.err
    assert "crm@beta.example" in (place.folder / "tenants.d/eu.yaml").read_text()


def test_overrides_come_back_item_by_item(cli: Cli, place: Place) -> None:
    place.replace("tenants.d/eu.yaml", "daily_limit: 6000", "daily_limit: 6000 # agreed with Eve")
    place.sql("UPDATE esp_tenant_override SET sending_daily_limit = 9000")
    cli("drift", "--write-back")
    assert "daily_limit: 9000 # agreed with Eve" in (place.folder / "tenants.d/eu.yaml").read_text()
    assert cli("drift").code == 0


def test_a_package_that_no_file_may_name_is_not_written(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_package (name, role_id) SELECT 'Handmade', role_id FROM esp_package LIMIT 1")
    place.sql(
        "UPDATE esp_tenant SET package_id = (SELECT id FROM esp_package WHERE name = 'Handmade') "
        "WHERE email = 'ops@acme.example'"
    )
    ended = cli("drift", "--write-back")
    assert 'there is no package "Handmade" that files may name' in ended.err
    assert "Handmade" not in (place.folder / "tenants.d/eu.yaml").read_text()


def test_without_drift_no_file_is_touched(cli: Cli, place: Place) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*.yaml")}
    ended = cli("drift", "--write-back")
    assert ended.code == 0
    assert "no file was changed" in ended.err
    assert before == {path: path.stat().st_mtime_ns for path in place.folder.rglob("*.yaml")}


def test_a_live_text_turns_no_line_of_the_pull_request_round(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_tenant SET name = ? WHERE email = 'ops@acme.example'", "Acme\u202ecnI")
    assert cli("drift", "--write-back").code == 2
    written = (place.folder / "tenants.d/eu.yaml").read_text(encoding="utf-8")
    assert 'name: "Acme\\u202EcnI"' in written
    assert cli("drift").code == 0
