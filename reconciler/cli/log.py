"""`--log-format json`: what goes to stderr as one JSON object a line, for a program that collects logs.

Keys: `ts` (UTC), `level` (info, warning, error), `event` (phase, hint, warning, error, finding, applied, end),
`invocation` (the same in all lines of one command), `message`, and what the event has besides.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import click

from reconciler.cli import stderr
from reconciler.model.secrecy import veiled_data

_OPTION: Final = "--log-format"
TEXT, JSON = "text", "json"
INFO, WARNING, ERROR = "info", "warning", "error"


def _identity() -> str:
    import uuid  # start-up: few commands need one

    return str(uuid.uuid4())


@dataclass(slots=True)
class Log:
    """The log of one command."""

    invocation: str = field(default_factory=_identity)
    began: float = field(default_factory=time.monotonic)

    def write(self, level: str, event: str, message: str, **more: Any) -> None:
        """One line; what is None is left out, and no secret is in it."""
        import json  # start-up: only where it was asked for
        from datetime import UTC, datetime

        line = {
            "ts": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "event": event,
            "invocation": self.invocation,
            "message": message,
            **{name: value for name, value in more.items() if value is not None},
        }
        text = json.dumps({name: veiled_data(value) for name, value in line.items()})
        stderr.tell(text.replace("\x7f", "\\u007f"))


_log: ContextVar[Log | None] = ContextVar("log", default=None)


def start_log(arguments: Sequence[str]) -> None:
    """A new command: find out from its words how it logs, before any of them can be wrong."""
    _log.set(Log() if _asked(arguments) == JSON else None)


def current_log() -> Log | None:
    """The log, where one is wanted; None where stderr is for people."""
    return _log.get()


def end_log(code: int) -> None:
    """The last line: the exit code, and how long it took."""
    log = current_log()
    if log is not None:
        took = milliseconds(log.began)
        log.write(ERROR if code not in (0, 2) else INFO, "end", f"exit {code}", exit_code=code, duration_ms=took)


def invocation() -> str:
    """The id of this command: that of its log, where it has one."""
    log = current_log()
    return log.invocation if log else _identity()


def milliseconds(since: float) -> int:
    """From this instant of the monotonic clock until now."""
    return round((time.monotonic() - since) * 1000)


def option() -> click.Option:
    """The option as `--help` shows it. What it says was read by `begin` already."""
    return click.Option(
        [_OPTION],
        type=click.Choice([TEXT, JSON]),
        default=TEXT,
        expose_value=False,
        help="How stderr is written: for people, or one JSON object a line.",
    )


def offered(command: click.Command) -> click.Command:
    """The command, and those below it, with this option."""
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        offered(below)
    if not isinstance(command, click.Group) and not any(_OPTION in param.opts for param in command.params):
        command.params.append(option())
    return command


def _asked(arguments: Sequence[str]) -> str:
    """The last value given, as click takes it."""
    words, found = [*arguments], TEXT
    if "--" in words:
        words = words[: words.index("--")]
    for number, word in enumerate(words):
        if word.startswith(f"{_OPTION}="):
            found = word.removeprefix(f"{_OPTION}=")
        elif word == _OPTION and number + 1 < len(words):
            found = words[number + 1]
    return found
