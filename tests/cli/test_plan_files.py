"""Plan files: kept, signed, refused where they do not belong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.support.repository import Cli, Place

HAND_EDIT = "UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Growth'"


def test_a_plan_file_is_read_from_stdin(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json", "--quiet")
    for command in ("show", "apply"):
        with (place.folder / "plan.json").open() as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            assert run([command, "-"]) == 0
    assert place.live_limit() == 30000


def test_a_plan_is_stale_once_its_row_has_moved(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json")
    place.sql(HAND_EDIT)
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "40,000" in ended.err or "40000" in ended.err
    assert place.live_limit() == 40000


def test_a_plan_is_stale_once_the_files_have_moved(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json")
    place.replace("packages.d/packages.yaml", "30000", "31000")
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "the files have changed" in ended.err


def test_a_plan_runs_where_there_are_no_files(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json")
    for folder in ("packages.d", "roles.d", "tenants.d"):
        (place.folder / folder).rename(place.folder / f"{folder}.away")
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 30000


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("project: test", "project: other", "project"),
        ("  esp:", "  live:", "target"),
        ("esp.db", "second.db", "another database"),
    ],
)
def test_a_plan_of_another_place_is_refused(cli: Cli, place: Place, before: str, after: str, says: str) -> None:
    cli("plan", "--out", "plan.json")
    place.replace("reconciler.yaml", before, after)
    if after == "second.db":
        assert cli("database", "create").code == 0
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "other-target" in ended.err
    assert says in ended.err


def test_a_changed_plan_file_is_refused(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json")
    place.replace("plan.json", "30000", "90000")
    for command in ("show", "apply"):
        assert cli(command, "plan.json").code == 4


def test_with_a_key_an_unsigned_plan_is_refused(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("plan", "--out", "unsigned.json")
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "k1")
    assert cli("apply", "unsigned.json").code == 4
    cli("plan", "--out", "signed.json")
    assert cli("apply", "signed.json").code == 0
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "k2")
    assert cli("apply", "signed.json").code == 4


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"no json", b"\xff\xfe", b'{"format_version": 3}'])
def test_what_is_no_plan_file_is_1(cli: Cli, place: Place, content: bytes) -> None:
    (place.folder / "plan.json").write_bytes(content)
    for command in ("show", "apply"):
        ended = cli(command, "plan.json")
        assert ended.code == 1
        assert "internal" not in ended.err


def test_a_plan_file_that_is_not_there_is_1(cli: Cli, place: Place) -> None:
    (place.folder / "folder").mkdir()
    for name in ("missing.json", "folder"):
        assert cli("apply", name).code == 1


def test_a_plan_file_that_cannot_be_written_is_1(cli: Cli, place: Place) -> None:
    (place.folder / "folder").mkdir()
    for path in ("missing/plan.json", "folder", "/dev/null"):
        ended = cli("plan", "--out", path)
        assert ended.code == 1
        assert "internal" not in ended.err
    assert list(place.folder.glob(".plan.json*")) == []


def test_a_plan_inside_a_work_tree_is_warned_about(cli: Cli, place: Place) -> None:

    subprocess.run(["git", "init", "-q"], cwd=place.folder, check=True)
    assert "git does not ignore it" in cli("plan", "--out", "plan.json").err
    assert "git does not ignore it" not in cli("plan", "--out", "plan.json", "--quiet").err
    (place.folder / ".gitignore").write_text("plan.json\n")
    assert cli("plan", "--out", "plan.json").err == ""


def test_the_commit_is_in_the_plan(cli: Cli, place: Place) -> None:

    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], cwd=place.folder, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=place.folder, capture_output=True, text=True, check=True)
    commit = head.stdout.strip()
    assert commit[:7] in cli("plan").out
    (Path("packages.d") / "new.yaml").write_text("")
    assert "uncommitted" in cli("plan").out
