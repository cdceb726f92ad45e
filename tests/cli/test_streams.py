"""What reaches a terminal: phases, colour, and nothing raw from rows, files or arguments."""

from __future__ import annotations

import io
import time

import pytest

from reconciler.cli import terminal as streams
from tests.support.repository import Cli, Place


def test_phases_are_named_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(streams, "PATIENCE", 0.01)
    with streams.phases() as progress:
        progress("reading")
        while "reading …" not in terminal.getvalue():
            time.sleep(0.01)
        progress("writing")
    assert "writing …" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(streams, "PATIENCE", 60)
    with streams.phases() as progress:
        progress("reading")
        progress("writing")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("environment", "refused", "expected"),
    [({}, False, True), ({"NO_COLOR": "1"}, False, False), ({"TERM": "dumb"}, False, False), ({}, True, False)],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], refused: bool, expected: bool
) -> None:

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
