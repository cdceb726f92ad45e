"""What a hostile hand at the command line has found: full disks, closed pipes, strange words, places without access."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.model.errors import ReconcilerError
from reconciler.workflow.write_file import write_private, write_public
from tests.support import REPOSITORY
from tests.support.repository import Cli, Place

EVIL = "\x1b[31m\x9b\u202e\x07"
FULL = Path("/dev/full")


def started(place: Place, *arguments: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own; `stdout` None: closed."""
    wrapped = [sys.executable, "-m", "reconciler", *arguments]
    if stdout is None:
        wrapped = ["/bin/sh", "-c", 'exec "$@" <&- >&-', "sh", *wrapped]
    return subprocess.run(
        wrapped,
        cwd=place.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_a_closed_stdout_is_no_traceback(place: Place) -> None:
    ended = started(place, "plan")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_said(place: Place) -> None:
    with FULL.open("w") as full:
        ended = started(place, "plan", stdout=full.fileno())
    assert ended.returncode == 1
    assert ended.stderr == "error: the result cannot be written to stdout: No space left on device\n"


def test_a_result_that_cannot_be_kept_does_not_deny_the_apply(cli: Cli, place: Place) -> None:
    place.write("roles.d/more.yaml", "Fresh: {}")
    ended = cli("apply", "--yes", "--output", "json=nowhere/result.json")
    assert ended.code == 0
    assert "applied, as run " in ended.err
    assert "result.json cannot be written" in ended.err
    assert place.sql("SELECT count(*) FROM esp_role WHERE name = 'Fresh'") == [(1,)]


def test_an_apply_that_found_one_change_done_tells_both(cli: Cli, place: Place) -> None:
    """The same object renamed by hand and still to be changed: neither hides the other."""
    place.replace("packages.d/packages.yaml", "Growth:", "Growth 2:\n  previously: [Growth]")
    place.replace("packages.d/packages.yaml", "25000", "26000")
    place.replace("tenants.d/eu.yaml", "package: Growth", "package: Growth 2")
    assert cli("plan", "--out", "plan.json").code == 0
    place.sql("UPDATE esp_package SET name = 'Growth 2' WHERE name = 'Growth'")
    ended = cli("apply", "plan.json")
    assert ended.code == 0
    assert "updated package Growth 2" in ended.out
    assert "Applied: 1 updated; 1 already so;" in ended.out


@pytest.mark.parametrize("arguments", [("plan", EVIL), ("plan", f"--{EVIL}"), (EVIL,), ("list", EVIL), ("show", EVIL)])
def test_what_was_typed_is_shown_harmless(cli: Cli, place: Place, arguments: tuple[str, ...]) -> None:
    ended = cli(*arguments)
    assert ended.code in (1, 64)
    assert not set(EVIL.replace("[31m", "")) & set(ended.out + ended.err)


def test_a_project_and_a_folder_are_shown_harmless(cli: Cli, place: Place) -> None:
    settings = place.folder / "reconciler.yaml"
    settings.write_text(settings.read_text().replace("project: test", 'project: "a\\e[31m\\u202e"'))
    for arguments in (("pause", "--reason", "x"), ("resume",), ("init", f"new{EVIL}")):
        ended = cli(*arguments)
        assert ended.code == 0
        assert not {"\x1b", "\u202e", "\x9b"} & set(ended.out + ended.err)


@pytest.mark.parametrize("url", ["postgresql://u:canary@h:port/db", "mysql://u:canary@h:99x/db"])
def test_a_port_that_is_no_number_is_no_internal_error(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("RECONCILER_DATABASE_URL", url)
    ended = cli("plan")
    assert ended.code == 1
    assert "internal error" not in ended.err
    assert "canary" not in ended.err


def test_a_place_without_access_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As an unprivileged user meets it; the tests may run as root, whom no mode keeps out."""

    def refuse(path: Path, **_: object) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    for arguments in (["show", "/closed/plan.json"], ["plan", "-c", "/closed/reconciler.yaml"]):
        assert run(arguments) == 1
        assert capsys.readouterr().err == f"error: {arguments[-1]}: Permission denied\n"


def test_a_file_of_the_repository_is_renewed_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("before\n")
    path.chmod(0o640)
    with pytest.raises(UnicodeEncodeError):
        write_public(path, "after \ud800\n")
    assert path.read_text() == "before\n"
    write_public(path, "one\r\ntwo\n")
    assert path.read_bytes() == b"one\r\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o640
    mask = os.umask(0o027)
    try:
        write_public(tmp_path / "new.yaml", "x\n")
    finally:
        os.umask(mask)
    assert (tmp_path / "new.yaml").stat().st_mode & 0o777 == 0o640
    write_private(tmp_path / "plan.json", "{}")
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.yaml", "new.yaml", "plan.json"]
    with pytest.raises(ReconcilerError, match="cannot be written"):
        write_public(tmp_path / "nowhere" / "x.yaml", "x\n")
