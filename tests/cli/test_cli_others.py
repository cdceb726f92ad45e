"""The commands beside the main path: init, export, list, schema, database, doctor; and bad places."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from small_repository import SETTINGS, Cli, Place

from reconciler import settings as setup
from reconciler.cli import streams
from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError
from reconciler.workflow import checkout, saved
from reconciler.workflow.exporting import Exported
from reconciler.workflow.journey import actor
from reconciler.workflow.keeping import keep

REPOSITORY = Path(__file__).parents[2]


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


def test_without_git_there_is_no_commit(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli("plan", "--out", "plan.json").code == 0
    assert json.loads((place.folder / "plan.json").read_text())["source"]["commit"] == ""


def test_a_git_that_does_not_answer_is_no_git(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    program = place.write("bin/git", "#!/bin/sh\nsleep 20\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(checkout, "PATIENCE", 0.1)
    assert checkout.checkout(place.folder) == checkout.Checkout()
    assert checkout.exposed(place.folder / "plan.json") is False


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = set(place.folder.iterdir())
    with pytest.raises(ReconcilerError, match="No space left"):
        keep(place.folder / "plan.json", "{}")
    assert set(place.folder.iterdir()) == before


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert actor() == "unknown"


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


def test_no_reconciler_yaml(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cli("plan")
    assert ended.code == 1
    assert "reconciler init" in ended.err
    assert cli("plan", "-c", "missing.yaml").code == 1
    monkeypatch.setenv("RECONCILER_CONFIG", str(tmp_path / "missing.yaml"))
    assert cli("plan").code == 1


def test_a_settings_file_may_be_named_by_its_folder(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert cli("plan", "-c", str(place.folder), "-t", "esp").code == 0
    assert cli("plan", "-c", str(place.folder), "-t", "epp").code == 1


def test_a_settings_file_that_cannot_be_read(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")  # root may read every file, so chmod shows nothing

    monkeypatch.setattr(Path, "read_bytes", refused)
    ended = cli("plan")
    assert ended.code == 1
    assert "Permission denied" in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "project: [",
        "projct: x\n",
        "project: x\ntargets:\n  esp:\n    type: natve\n    url: sqlite:///esp.db\n",
        "project: x\ntargets:\n  esp:\n    type: native\n    url: oracle://x/y\n",
        "project: x\nroot: missing\ntargets:\n  esp:\n    type: native\n    url: sqlite:///esp.db\n",
    ],
)
def test_wrong_settings_are_1(cli: Cli, place: Place, text: str) -> None:
    place.write("reconciler.yaml", text)
    ended = cli("plan")
    assert ended.code == 1
    assert ended.err.startswith("error")
    assert "internal" not in ended.err


@pytest.mark.parametrize(
    "command", [["plan"], ["apply", "--yes"], ["drift"], ["list", "package"], ["doctor"], ["export"]]
)
@pytest.mark.parametrize("content", [None, b"", b"no database at all, but text" * 100, "other"])
def test_a_database_that_is_not_there_or_not_ours_is_1(
    cli: Cli, bare: Place, command: list[str], content: bytes | str | None
) -> None:
    path = bare.folder / "esp.db"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE other (x)")
        connection.close()
    before = path.read_bytes() if path.exists() else None
    ended = cli(*command)
    assert ended.code == 1
    assert "internal" not in ended.err
    assert (path.read_bytes() if path.exists() else None) == before


def test_the_address_comes_from_a_file(cli: Cli, place: Place) -> None:
    place.replace("reconciler.yaml", "url: sqlite:///esp.db", "url: env:NOT_SET")
    assert cli("plan").code == 1
    secret = place.write("url.txt", f"sqlite:///{place.folder}/esp.db\n")
    assert cli("plan", "--database-url-file", str(secret), "--lock-timeout", "2m").code == 0


def test_phases_are_named_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import time

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(streams, "PATIENCE", 0.05)
    for patience, expected in ((0.3, True), (0.0, False)):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        with streams.phases() as progress:
            progress("reading")
            time.sleep(patience)
            progress("writing")
        assert ("reading …" in terminal.getvalue()) is expected
        assert ("writing …" in terminal.getvalue()) is expected
        assert terminal.getvalue().endswith("\r\x1b[K") is expected


@pytest.mark.parametrize(
    ("environment", "refused", "expected"),
    [({}, False, True), ({"NO_COLOR": "1"}, False, False), ({"TERM": "dumb"}, False, False), ({}, True, False)],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], refused: bool, expected: bool
) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert streams.wants_colour(Terminal(), refused=refused) is expected
    assert not streams.wants_colour(io.StringIO(), refused=refused)


HOSTILE = "x\x1b[31m\x07\x7f\x9b\u202e\u200b[/nope]\x1b]8;;http://evil\x07"


@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["plan", "--json"],
        ["drift"],
        ["list", "role"],
        ["list", "role", "--json"],
        ["export"],
        ["export", "--write"],
        ["doctor"],
        ["apply", "--yes"],
        ["apply", "--yes", "--json"],
    ],
)
def test_nothing_from_a_live_row_reaches_a_terminal_raw(cli: Cli, place: Place, command: list[str]) -> None:
    place.sql("INSERT INTO esp_role (name, description) VALUES (?, ?)", HOSTILE, HOSTILE)
    place.sql("UPDATE esp_role SET description = ? WHERE name = 'Marketing'", HOSTILE)
    ended = cli(*command)
    assert ended.code in (0, 2)
    controls = {letter for letter in ended.out + ended.err if letter in "\u202e\u200b" or not letter.isprintable()}
    assert controls <= {"\n"}


def test_nothing_from_a_file_or_an_argument_reaches_a_terminal_raw(cli: Cli, place: Place) -> None:
    place.write("roles.d/hostile.yaml", '"x\\e[31m\\u202e": {descriptoin: "y"}\n')
    for command in (["validate"], ["plan"], ["plan", "--only", "x\x1b[31m"], ["x\x1b[31m"], ["list", "x\x9b"]):
        ended = cli(*command)
        assert ended.code in (1, 64)
        assert "\x1b" not in ended.out + ended.err
        assert "\x9b" not in ended.out + ended.err


def test_an_export_never_leaves_the_root(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.folder / "away.d").symlink_to(outside)
    found = Exported(root=place.folder, files={"away.d/x.yaml": "x"}, findings=())
    assert list(found.difference())[-1] == "+x"
    with pytest.raises(ReconcilerError, match="leads out"):
        list(found.write())
    assert list(outside.iterdir()) == []


def test_a_file_that_vanishes_during_an_export_is_told(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 31000 WHERE name = 'Growth'")

    def vanished(path: Path) -> bytes:
        if path.name == "packages.yaml":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return original(path)

    original = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", vanished)
    ended = cli("export")
    assert ended.code == 1
    assert "packages.yaml" in ended.err


def test_a_plan_file_of_any_size_is_not_swallowed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(saved, "LARGEST", 10)
    with pytest.raises(ReconcilerError, match="larger"):
        saved.read(io.BytesIO(b" " * 11), {})
