"""The commands beside the main path: init, export, list, schema, database, doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler import settings as setup
from reconciler.kinds import KINDS
from tests.support import REPOSITORY
from tests.support.repository import SETTINGS, Cli, Place


def test_init_writes_a_repository_that_plans(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "My ESP"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert cli("init").code == 0
    assert setup.find(folder, {}) == folder / "reconciler.yaml"
    assert "project: my-esp" in (folder / "reconciler.yaml").read_text()
    (folder / "var").mkdir()
    assert cli("validate", "--schemas").code == 0
    assert cli("database", "create").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("schema", "--check").code == 0


def test_init_never_overwrites(cli: Cli, place: Place) -> None:
    before = {path: path.read_bytes() for path in place.folder.rglob("*.yaml")}
    assert cli("init").code == 1
    (place.folder / "reconciler.yaml").unlink()
    assert cli("init").code == 0
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != "reconciler.yaml")


def test_init_where_nothing_can_be_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert cli("init", str(tmp_path / "file")).code == 64
    assert cli("init", str(tmp_path / "file" / "below")).code == 1


def test_export_shows_a_difference_and_writes_it(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 31000 WHERE name = 'Growth'")
    place.sql("INSERT INTO esp_role (name, description) VALUES ('Support', 'Helps')")
    shown = cli("export")
    assert shown.code == 0
    assert "+    daily_limit: 31000" in shown.out
    assert "would be written" in shown.err
    assert "25000" in (place.folder / "packages.d/packages.yaml").read_text()
    written = cli("export", "--write")
    assert "wrote packages.d/packages.yaml" in written.out
    assert "31000" in (place.folder / "packages.d/packages.yaml").read_text()
    after = cli("plan", "--detailed-exitcode")
    assert after.code == 0
    assert "0 unmanaged" in after.out or "unmanaged" not in after.out
    again = cli("export")
    assert (again.out, again.code) == ("\n", 0) or again.out.strip() == ""
    assert "already" in again.err


def test_export_complete_adds_every_field(cli: Cli, place: Place) -> None:
    assert cli("export", "--write", "--complete", "--quiet").err == ""
    assert "hourly_speed: unlimited" in (place.folder / "packages.d/packages.yaml").read_text()
    assert cli("plan", "--detailed-exitcode").code == 0


def test_export_tells_what_it_leaves_out(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_role (name, description) VALUES (' odd ', '')")
    ended = cli("export")
    assert ended.code == 0
    assert "unnameable" in ended.err


def test_export_leaves_hands_off_alone(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_role (name, description) VALUES ('Root', '')")
    place.write("reconciler.yaml", SETTINGS + "    hands_off: [role/Root]\n")
    ended = cli("export")
    assert "Root" not in ended.out


def test_export_with_wrong_files_is_1(cli: Cli, place: Place) -> None:
    place.write("roles.d/roles.yaml", "Marketing: 3\n")
    assert cli("export").code == 1


def test_export_where_nothing_can_be_written(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_role (name, description) VALUES ('Support', 'Helps')")
    (place.folder / "outside").mkdir()
    (place.folder / "roles.d").rename(place.folder / "outside" / "roles.d")
    (place.folder / "roles.d").write_text("a file where a folder belongs")
    ended = cli("export", "--write")
    assert ended.code == 1
    assert "internal" not in ended.err


def test_list_is_the_live_table(cli: Cli, place: Place) -> None:
    ended = cli("list", "packages", "--search", "grow")
    assert ended.code == 0
    assert "Growth" in ended.out
    assert "Starter" not in ended.out
    rows = json.loads(cli("list", "package", "--json").out)
    assert {row["Name"] if "Name" in row else row["Package Name"] for row in rows} == {"Growth", "Starter Plan"}


def test_list_masks_people_whom_no_file_names(cli: Cli, place: Place) -> None:
    place.write("tenants.d/eu.yaml", "ops@acme.example:\n  name: Acme\n  package: Growth\n")
    ended = cli("list", "tenant")
    assert "ops@acme.example" in ended.out
    assert "c…@beta.example" in ended.out
    assert "crm@beta.example" not in cli("list", "tenant", "--json").out
    place.write("reconciler.yaml", SETTINGS + "    privacy: full\n")
    assert "crm@beta.example" in cli("list", "tenant").out


def test_the_committed_schemas_are_fresh(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    ended = cli("schema", "--check")
    assert ended.code == 0, ended.err


def test_schema_writes_one_for_each_kind_the_settings_and_the_plan(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "schemas"
    assert cli("schema", "--check", "--dir", str(folder)).code == 1
    assert cli("schema", "--dir", str(folder)).code == 0
    assert {path.name for path in folder.iterdir()} == {
        *(f"{kind}.schema.json" for kind in KINDS.kinds),
        "reconciler.schema.json",
        "plan.schema.json",
    }
    (folder / "plan.schema.json").write_text("{}")
    ended = cli("schema", "--check", "--dir", str(folder))
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    (tmp_path / "file").write_text("")
    assert cli("schema", "--dir", str(tmp_path / "file")).code == 1


def test_doctor_says_what_it_sees(cli: Cli, place: Place) -> None:
    lines = json.loads(cli("doctor", "--json").out)
    assert lines["project"] == "test"
    assert "2 package" in lines["managed"]
    assert lines["applies"] == "allowed"
    assert lines["protection of package"].startswith("A")
    cli("pause", "--reason", "audit\x1b[31m")
    ended = cli("doctor")
    assert "audit" in ended.out
    assert "\x1b" not in ended.out


def test_without_memory_plans_are_made_and_applies_point_to_create(cli: Cli, place: Place) -> None:
    for (name,) in place.sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'reconciler_%'"):
        place.sql(f"DROP TABLE {name}")
    assert cli("plan").code == 0
    assert "none yet" in cli("doctor").out
    for command in (["apply", "--yes"], ["pause", "--reason", "x"], ["resume"]):
        ended = cli(*command)
        assert ended.code == 1
        assert "database create" in ended.err


def test_lint_weighs_what_only_speaks(cli: Cli, place: Place) -> None:
    place.write("roles.d/roles.yaml", "Marketing:\n  description: Sends\n  permissions: ['*']\n")
    assert "warning[wildcard]" in cli("validate").out
    for word, code, says in (("off", 0, "The files are right"), ("note", 0, "note[wildcard]"), ("error", 1, "error[")):
        place.write("reconciler.yaml", SETTINGS + f"    lint:\n      wildcard: {word}\n")
        ended = cli("validate")
        assert ended.code == code
        assert says in ended.out


def test_database_create_twice_and_upgrade(cli: Cli, place: Place) -> None:
    assert cli("database", "create").code == 1
    assert cli("database", "upgrade").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_system_without_memory_gets_one(cli: Cli, place: Place) -> None:
    for command in ("create", "upgrade"):
        for (name,) in place.sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'reconciler%'"):
            place.sql(f"DROP TABLE {name}")
        ended = cli("database", command)
        assert ended.code == 0
        assert "made the reconciler's own tables" in ended.out
        assert cli("apply", "--yes").code == 0
        assert "5 adopted" not in cli("plan").out
    assert cli("database", "create").code == 1


def test_seed_remembers_what_is_live_as_the_last_apply(cli: Cli, bare: Place) -> None:
    for folder in ("roles.d", "packages.d", "tenants.d"):
        for path in (bare.folder / folder).iterdir():
            path.unlink()
    bare.write("packages.d/packages.yaml", "Starter Plan:\n  sending:\n    daily_limit: 1\n")
    assert cli("database", "create").code == 0
    ended = cli("database", "seed")
    assert ended.code == 0
    assert "remembered 2 objects" in ended.out
    assert cli("database", "seed").code == 1
    assert cli("drift").code == 0
    plan = cli("plan")
    assert plan.code == 3
    assert "package/Legacy" in plan.out


def test_only_that_meets_nothing_says_so(cli: Cli, place: Place) -> None:
    ended = cli("plan", "--only", "package/Growht")
    assert ended.code == 0
    assert "--only package/Growht: the files and the memory hold no such object" in ended.err
    assert cli("plan", "-q", "--only", "package/Growht").err == ""
    assert cli("plan", "--only", "package/Growth").err == ""
