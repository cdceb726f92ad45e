"""`--log-format json`: stderr is one JSON object a line, for every command and every end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import click
import pytest

from reconciler.cli import log, terminal
from reconciler.cli.main import COMMANDS, reconciler
from reconciler.model.errors import Stale
from reconciler.model.finding import Finding
from reconciler.model.ref import Ref
from tests.support.repository import Cli, Ended, Place

JSON = ("--log-format", "json")


def lines(ended: Ended) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in ended.err.splitlines()]
    assert all({"ts", "level", "event", "invocation", "message"} <= line.keys() for line in found)
    assert len({line["invocation"] for line in found}) == 1
    return found


def events(ended: Ended) -> list[tuple[str, str]]:
    return [(line["event"], line["message"]) for line in lines(ended)]


def test_progress_hints_and_the_end_are_lines(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 7 WHERE name = 'Growth'")
    ended = cli("drift", *JSON)
    found = lines(ended)
    assert [line["message"] for line in found if line["event"] == "phase"] == [
        "reading the files",
        "reading esp",
        "comparing",
        "counting users",
        "running the guards",
    ]
    assert all(isinstance(line["duration_ms"], int) for line in found if line["event"] == "phase")
    assert found[-2]["event"] == "hint"
    assert (found[-1]["event"], found[-1]["exit_code"], found[-1]["level"]) == ("end", 2, "info")
    assert ended.out == cli("drift").out, "the result is no log"


def test_findings_have_their_code_and_place(cli: Cli, place: Place) -> None:
    place.replace("tenants.d/eu.yaml", "package: Growth", "package: Growht")
    place.replace("packages.d/packages.yaml", "25000", "'many'")
    found = [line for line in lines(cli("plan", *JSON)) if line["event"] == "finding"]
    assert [(line["level"], line["error_code"], line["place"]) for line in found] == [
        ("error", "type", "packages.d/packages.yaml:8")
    ]
    assert found[0]["address"] == "package/Growth"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nonsense",), 64),
        (("plan", "--nonsense"), 64),
        (("plan", "-c", "missing.yaml"), 1),
        (("show", "missing.json"), 1),
        (("apply",), 64),
        (("history", "ffff"), 1),
        (("validate",), 0),
        (("drift", "--write-back"), 0),
        (("database", "upgrade"), 0),
        (("export",), 0),
        (("doctor",), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_end_is_told_in_json(cli: Cli, place: Place, words: tuple[str, ...], code: int) -> None:
    ended = cli(*words, *JSON)
    assert ended.code == code
    assert lines(ended)[-1]["exit_code"] == code


@pytest.mark.parametrize("words", [(*JSON, "validate"), ("--log-format=json", "validate"), ("validate", *JSON)])
def test_it_may_stand_before_or_behind_the_command(cli: Cli, place: Place, words: tuple[str, ...]) -> None:
    assert [event for event, _ in events(cli(*words))][-1] == "end"


def test_a_value_after_two_dashes_is_no_option(cli: Cli, place: Place) -> None:
    assert not cli("history", "--", "--log-format=json").err.startswith("{")


def test_another_format_is_a_usage_error(cli: Cli, place: Place) -> None:
    assert cli("validate", "--log-format", "xml").code == 64


def every_command(command: click.Command, *names: str) -> list[tuple[str, ...]]:
    if isinstance(command, click.Group):
        return [found for name, below in command.commands.items() for found in every_command(below, *names, name)]
    return [names]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_option(cli: Cli, name: str) -> None:
    command = reconciler.get_command(click.Context(reconciler), name)
    assert command is not None
    for words in every_command(command, name):
        assert "--log-format [text|json]" in cli(*words, "--help").out


def test_a_crash_inside_is_one_line(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("reconciler.workflow.plan.checkout", crash)
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    found = lines(cli("plan", *JSON))
    assert [line["event"] for line in found[-3:]] == ["error", "error", "end"]
    assert "Traceback" in found[-3]["message"]


def test_no_secret_is_in_it_even_where_everything_falls_over(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = 'can"ary-\\T0k'

    def crash(*_: object, **named: object) -> None:
        raise RuntimeError(f"cannot connect with {password}")

    monkeypatch.setenv("RECONCILER_DATABASE_URL", f"postgresql://me:{quote(password)}@127.0.0.1:1/esp")
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    monkeypatch.setattr("psycopg.Connection.connect", crash)
    ended = cli("plan", *JSON)
    assert "cannot connect with ***" in ended.err
    assert "ary-" not in ended.err


def test_nothing_in_it_can_do_anything_to_a_terminal(cli: Cli, place: Place) -> None:
    place.write("packages.d/odd.yaml", '"Odd\\x1b[31m\\u202e\\x7f": {role: "Marketing"}\n')
    ended = cli("plan", *JSON)
    assert ended.code == 1
    assert all(char == "\n" or " " <= char <= "~" for char in ended.err)


def test_people_whom_no_file_names_are_masked_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    log.start_log(JSON)
    eve = Finding(code="stale", message="eve@gamma.example moved", ref=Ref("tenant", "eve@gamma.example"))
    terminal.explain(Stale("the live system moved", findings=(eve,)))
    log.start_log(())
    finding, error = map(json.loads, capsys.readouterr().err.splitlines())
    assert (finding["address"], finding["message"]) == ("tenant/e…@gamma.example", "e…@gamma.example moved")
    assert error["message"] == "the live system moved"


def test_a_process_writes_nothing_else_to_stderr(place: Place) -> None:
    place.write("packages.d/wrong.yaml", "X: [")
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", *JSON],
        capture_output=True,
        text=True,
        cwd=place.folder,
        env=os.environ | {"RECONCILER_DEBUG": "1"},
        check=False,
    )
    assert lines(Ended(done.returncode, done.stdout, done.stderr))[-1]["exit_code"] == done.returncode == 1
