"""Whatever cannot be written for people or for logs changes neither what a command does nor how it ends: readers that
went away, closed streams and full disks, behind stdout and behind stderr. The real program, on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import REPOSITORY
from tests.support.repository import Cli, Place

FULL = Path("/dev/full")
TROUBLES = ("reader gone", "closed", "disk full")
LOGS = ((), pytest.param(("--log-format", "json"), marks=pytest.mark.torture))

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


@dataclass(frozen=True)
class Deaf:
    """How a command ended whose stdout or stderr took nothing."""

    code: int
    heard: str


def deaf(place: Place, trouble: str, streams: tuple[int, ...], *arguments: str) -> Deaf:
    """The command line in a process of its own, with `trouble` behind these streams."""
    with ExitStack() as stack:
        behind: dict[int, int] = {}
        for number in streams:
            if trouble == "disk full":
                behind[number] = stack.enter_context(FULL.open("w")).fileno()
            elif trouble == "reader gone":
                end, behind[number] = os.pipe()
                os.close(end)
                stack.callback(os.close, behind[number])
        wrapped = [sys.executable, "-m", "reconciler", *arguments]
        if trouble == "closed":
            closing = " ".join(f"{number}>&-" for number in streams)
            wrapped = ["/bin/sh", "-c", f'exec "$@" {closing}', "sh", *wrapped]
        ended = subprocess.run(
            wrapped,
            cwd=place.folder,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=behind.get(1, subprocess.PIPE),
            stderr=behind.get(2, subprocess.PIPE),
            text=True,
            check=False,
        )
    return Deaf(ended.returncode, (ended.stdout or "") + (ended.stderr or ""))


BEHIND = [(1,), (2,), (1, 2)]
NAMED = {(1,): "stdout", (2,): "stderr", (1, 2): "both"}


@pytest.fixture(
    params=[
        pytest.param(
            (trouble, streams),
            id=f"{trouble}-{NAMED[streams]}",
            marks=() if (trouble, streams) == ("reader gone", (1, 2)) else pytest.mark.torture,
        )
        for trouble in TROUBLES
        for streams in BEHIND
    ]
)
def run(request: pytest.FixtureRequest, place: Place) -> Iterator[Callable[..., Deaf]]:
    """Runs a command with one of the troubles."""
    trouble, streams = request.param
    yield lambda *arguments: deaf(place, trouble, streams, *arguments)


def newest_run(cli: Cli) -> str:
    found: str = json.loads(cli("history", "--json").out)[0]["id"]
    return found


@pytest.mark.parametrize("log", LOGS, ids=["words", "log"])
def test_an_apply_is_done_and_says_so_by_its_exit_code(
    cli: Cli, place: Place, run: Callable[..., Deaf], log: tuple[str, ...]
) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    ended = run("apply", "plan.json", *log)
    assert (ended.code, place.live_limit()) == (0, 30000), ended
    if ended.heard:
        assert newest_run(cli) in ended.heard


@pytest.mark.parametrize("log", LOGS, ids=["words", "log"])
def test_an_apply_without_a_question_and_its_revert_are_done(
    cli: Cli, place: Place, run: Callable[..., Deaf], log: tuple[str, ...]
) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = run("apply", "--yes", *log)
    assert (ended.code, place.live_limit()) == (0, 30000), ended
    ended = run("revert", "--yes", newest_run(cli), *log)
    assert (ended.code, place.live_limit()) == (0, 25000), ended


@pytest.mark.torture
def test_a_result_as_json_is_no_less_done(cli: Cli, place: Place, run: Callable[..., Deaf]) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = run("apply", "--yes", "--json", "--output", "text=/nowhere/at/all")
    assert (ended.code, place.live_limit()) == (0, 30000), ended


def test_every_other_output_is_still_made(cli: Cli, place: Place) -> None:
    """One file that cannot be written takes no word away from stdout."""
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = cli("apply", "--yes", "--output", "json=/nowhere/at/all", "--output", "text")
    assert ended.code == 0
    assert "Applied: 1 updated" in ended.out
    assert "/nowhere/at/all cannot be written" in ended.err


@pytest.mark.torture
def test_pause_and_resume_are_done(cli: Cli, place: Place, run: Callable[..., Deaf]) -> None:
    assert run("pause", "--reason", "audit").code == 0
    assert place.sql("SELECT reason FROM reconciler_pause") == [("audit",)]
    assert run("resume").code == 0
    assert place.sql("SELECT reason FROM reconciler_pause") == []


@pytest.mark.torture
def test_the_tables_of_a_database_are_made_and_filled(place: Place, run: Callable[..., Deaf]) -> None:
    for file in (place.folder / "esp.db", *place.folder.glob("*.d/*.yaml")):
        file.unlink()
    assert run("database", "create").code == 0
    assert run("database", "upgrade").code == 0
    assert run("database", "seed").code == 0
    assert place.sql("SELECT count(*) FROM esp_tenant") != [(0,)]
    assert run("export", "--write").code == 0
    assert len(list(place.folder.glob("*.d/*.yaml"))) > 5


def test_drift_is_written_back(place: Place, run: Callable[..., Deaf]) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 26000 WHERE name = 'Growth'")
    place.sql("UPDATE esp_tenant SET name = 'Acme Ltd' WHERE email = 'ops@acme.example'")
    ended = run("drift", "--write-back")
    text = (place.folder / "packages.d/packages.yaml").read_text() + (place.folder / "tenants.d/eu.yaml").read_text()
    written = "26000" in text, "Acme Ltd" in text
    # Before anything is written a result that cannot be told is an error; afterwards it is not.
    assert (ended.code, written) in ((2, (True, True)), (1, (False, False))), (ended, text)


def test_what_is_written_back_is_not_denied_by_metrics_that_cannot_be_kept(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 26000 WHERE name = 'Growth'")
    assert cli("drift", "--textfile", "/nowhere/at/all").code == 1
    ended = cli("drift", "--textfile", "/nowhere/at/all", "--write-back")
    assert ended.code == 2
    assert "error: the drift is written into the files; but /nowhere/at/all cannot be written" in ended.err
    assert "26000" in (place.folder / "packages.d/packages.yaml").read_text()


def test_the_log_of_an_apply_names_its_run(cli: Cli, place: Place) -> None:
    """Also where nobody reads stdout."""
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = cli("apply", "--yes", "--quiet", "--log-format", "json")
    told = [line for line in map(json.loads, ended.err.splitlines()) if line["event"] == "applied"]
    assert [line["run"] for line in told] == [newest_run(cli)]


@pytest.mark.torture
def test_files_are_written_all_or_said_to_be(place: Place, run: Callable[..., Deaf]) -> None:
    place.write("packages.d/packages.yaml", "B: {}\nA: {}\n")
    place.write("roles.d/roles.yaml", "B: {}\nA: {}\n")
    assert run("fmt").code == 0
    assert (place.folder / "packages.d/packages.yaml").read_text().startswith("A")
    assert (place.folder / "roles.d/roles.yaml").read_text().startswith("A")
    assert run("schema").code == 0
    assert len(list((place.folder / "schemas").iterdir())) == 6
    assert run("init", "new").code == 0
    assert (place.folder / "new/schemas/reconciler.schema.json").exists()


def test_a_rehearsal_changes_nothing_whatever_it_says(cli: Cli, place: Place, run: Callable[..., Deaf]) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert run("doctor", "--rehearse").code in (0, 1)
    assert place.live_limit() == 25000


@pytest.mark.parametrize(
    ("arguments", "code"), [(("plan", "--detailed-exitcode"), 2), (("validate",), 0), (("drift",), 0), (("show",), 64)]
)
@pytest.mark.parametrize(
    "trouble", ["closed", *(pytest.param(name, marks=pytest.mark.torture) for name in TROUBLES[::2])]
)
@pytest.mark.parametrize("log", LOGS, ids=["words", "log"])
def test_a_deaf_stderr_changes_no_exit_code(
    place: Place, arguments: tuple[str, ...], code: int, trouble: str, log: tuple[str, ...]
) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert deaf(place, trouble, (2,), *arguments, *log).code == code
