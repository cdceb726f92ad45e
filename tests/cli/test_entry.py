"""The entry point: what is imported, what ends how."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reconciler import __version__
from reconciler.cli import main
from reconciler.cli.main import COMMANDS, reconciler, run
from tests.support.repository import Cli, Place

HEAVY = ("sqlalchemy", "pydantic", "yaml", "yaml_rs", "deepdiff", "jsonschema", "ruamel")


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The heavy libraries that a call of the command imports."""
    code = (
        "import sys; from reconciler.cli.main import run; run(sys.argv[1:]); "
        "print('|'.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    return set(ended.stderr.strip().splitlines()[-1].split("|")).intersection(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_what_needs_no_library_imports_none(arguments: list[str], tmp_path: Path) -> None:
    assert imported(*arguments, cwd=tmp_path) == set()


def test_validate_imports_no_database_and_no_diff(bare: Place) -> None:
    assert not imported("validate", cwd=bare.folder) & {"sqlalchemy", "deepdiff", "ruamel"}


def test_version(cli: Cli) -> None:
    ended = cli("--version")
    assert (ended.code, ended.out) == (0, f"reconciler {__version__}\n")


def test_help_names_every_command(cli: Cli) -> None:
    ended = cli("--help")
    assert ended.code == 0
    assert set(COMMANDS) <= set(re.findall(r"^  (\w+) ", ended.out, re.MULTILINE))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = reconciler.get_command(click.Context(reconciler), name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plna"], 'did you mean "plan"'),
        (["zzz"], 'there is no command "zzz"'),
        (["plan", "--nonsense"], "--nonsense"),
        (["--nonsense"], "--nonsense"),
        (["plan", "--output", "pdf"], "no format"),
        (["plan", "--output", "json="], "write a path"),
        (["plan", "--json", "--output", "text"], "two outputs want stdout"),
        (["plan", "--only", "Growth"], "write kind/name"),
        (["plan", "--only", "pakage/Growth"], 'did you mean "package"'),
        (["plan", "--allow", "delete"], "--reason"),
        (["plan", "--allow", "in-use", "--reason", "x"], "never lifted"),
        (["plan", "--allow", "delet", "--reason", "x"], 'did you mean "delete"'),
        (["plan", "--reason", "x"], "there is no --allow"),
        (["plan", "--lock-timeout", "soon"], "no duration"),
        (["list", "pakage"], 'did you mean "package"'),
        (["pause"], "--reason"),
        (["pause", "--reason", " "], "empty"),
        (["apply"], "no terminal"),
        (["apply", "plan.json", "--only", "package/Growth"], "word for word"),
        (["list", "package", "--output", "text", "--output", "json"], "two outputs"),
    ],
)
def test_wrong_usage_is_64(cli: Cli, bare: Place, arguments: list[str], says: str) -> None:
    ended = cli(*arguments)
    assert ended.code == 64
    assert says in ended.err
    assert ended.out == ""


def test_without_a_command_the_help_is_shown(cli: Cli) -> None:
    assert cli().code in (0, 64)


def test_an_unexpected_error_is_one_line_without_its_message(
    cli: Cli, bare: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("sqlite:///secret")

    monkeypatch.setattr(main.reconciler, "main", lambda **_: broken())
    ended = cli("plan")
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert "internal error: RuntimeError" in ended.err
    assert "secret" not in ended.err
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    assert "Traceback" in cli("plan").err


@pytest.mark.parametrize("error", [KeyboardInterrupt, click.Abort])
def test_an_interrupt_is_130(cli: Cli, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    def interrupted(**_: object) -> None:
        raise error

    monkeypatch.setattr(main.reconciler, "main", interrupted)
    ended = cli("plan")
    assert ended.code == 130
    assert "interrupted" in ended.err


def test_a_click_error_of_another_sort_is_1(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(**_: object) -> None:
        raise click.FileError("x", "no")

    monkeypatch.setattr(main.reconciler, "main", failing)
    assert cli("plan").code == 1


def test_a_polite_kill_is_an_interrupt() -> None:
    code = (
        "import sys, time, click; from reconciler.cli import main\n"
        "def waiting(**_):\n    print('ready', flush=True); time.sleep(30)\n"
        "main.reconciler.main = waiting; sys.argv[1:] = ['plan']; main.main()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130


def test_a_reader_who_goes_away_is_no_error(place: Place) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "reconciler", "plan"], stdout=gone, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_module_runs_as_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout == f"reconciler {__version__}\n"


def test_run_returns_the_code_of_help() -> None:
    assert run(["plan", "--help"]) == 0


def test_an_interrupt_while_something_is_cleaned_up_is_not_lost() -> None:
    code = (
        "import signal, sys, time; from reconciler.cli import main\n"
        "class Gone:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT); 0\n"
        "def waiting(**_):\n    Gone(); time.sleep(30)\n"
        "main.reconciler.main = waiting; sys.argv[1:] = ['plan']; main.main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert (ended.returncode, "Traceback" in ended.stderr) == (130, False), ended.stderr


STARTS = {
    "module": ["-m", "reconciler"],
    "script": ["-c", "import sys; from reconciler.__main__ import main; sys.exit(main())"],  # as pip writes it
}


def interrupted(start: str, command: str, after: int, cwd: Path, *before: str) -> tuple[int, str]:
    """Ctrl-C once so many modules more are there than our own first one; the end, and what was said besides."""
    words = [*before, sys.executable, "-X", "importtime", *STARTS[start], command]
    with subprocess.Popen(words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        ours = 0
        for line in process.stderr:
            said.append(line)
            ours += ours > 0 or bool(re.search(r"\| +reconciler\.cli\b", line))
            if ours == after:
                process.send_signal(signal.SIGINT)
        words = [line for line in said if not line.startswith("import time:")]
        return process.wait(timeout=60), "".join(words).strip()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "after",
    [1, 40, 200, *(pytest.param(n, marks=pytest.mark.torture) for n in (2, 5, 10, 20, 30, 60, 80, 120, 300))],
)
def test_an_interrupt_while_it_starts_shows_no_traceback(place: Place, start: str, after: int) -> None:
    code, said = interrupted(start, "plan", after, place.folder)
    assert "Traceback" not in said
    assert (code, said) in {
        (-signal.SIGINT, ""),
        (130, "error: interrupted; nothing that was not finished has been kept"),
        (130, ""),
        (0, ""),  # it was done already
    }


def test_an_interrupt_that_is_not_wanted_stays_so(place: Place) -> None:
    """As in the background of a script."""
    for after in (1, 40, 200):
        ignoring = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
        assert interrupted("module", "plan", after, place.folder, *ignoring) == (0, "")
