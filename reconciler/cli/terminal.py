"""stdout is the result and nothing else; complaints, hints, prompts and progress go to stderr
(docs/architecture.md#output)."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import stderr
from reconciler.cli.log import ERROR, INFO, WARNING, Log, current_log, milliseconds
from reconciler.model.errors import ReconcilerError
from reconciler.model.secrecy import hidden_in
from reconciler.model.visible import safe_text

if TYPE_CHECKING:
    from reconciler.model.finding import Finding
    from reconciler.report.masking import Masking


__all__ = [
    "after",
    "complain",
    "explain",
    "hint",
    "interactive",
    "phases",
    "remark",
    "safe_text",
    "say",
    "wants_colour",
    "warn",
    "width",
]

PATIENCE = 1.0
"""Seconds before a phase is worth a line."""
PLAIN_WIDTH = 120
"""Columns of a text that goes to no terminal."""
LEVELS = {"error": ERROR, "note": INFO}
"""How loud a finding of a severity is in a log; the others are warnings."""


def say(text: str) -> None:
    """The result, on stdout. A reader who went away (`| head`) is no error of ours. Raises ReconcilerError."""
    try:
        click.echo(text.removesuffix("\n"), color=True)
    except OSError as error:
        stderr.discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise ReconcilerError(f"the result cannot be written to stdout: {error.strerror}") from error


def hint(text: str) -> None:
    """Something worth knowing that is not the result, on stderr."""
    _told(text, INFO, "hint", text)


def warn(text: str) -> None:
    """Something that may be wrong, on stderr."""
    _told(f"warning: {text}", WARNING, "warning", text)


def complain(text: str) -> None:
    """What went wrong, on stderr."""
    _told(f"error: {text}", ERROR, "error", text)


def _told(text: str, level: str, event: str, message: str, **more: str | None) -> None:
    """One piece of news, in whichever form stderr has."""
    log = current_log()
    if log is None:
        stderr.tell(hidden_in(text))
    else:
        log.write(level, event, message, **more)


@contextmanager
def after(done: str) -> Iterator[None]:
    """Around what is only told. `done` says what is done already: that it cannot be told, or that somebody will not
    wait for it, must not deny it."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"{done}; interrupted before all of it was told")
    except (ReconcilerError, OSError) as error:
        complain(f"{done}; but {safe_text(str(error))}")
    except Exception as error:  # its message may hold what nobody is to read
        complain(f"{done}; but what was done cannot be told: internal error: {type(error).__name__}")


def remark(findings: Sequence[Finding], masking: Masking | None = None) -> None:
    """Findings on stderr: one below the other, or one a line of the log. `masking` None: everyone may be named."""
    # Start-up: `--help` prints no finding.
    from reconciler.model.finding import limited
    from reconciler.report.masking import OPEN
    from reconciler.report.text import findings_text

    hidden, log = masking or OPEN, current_log()
    if log is None:
        hint(findings_text(findings, colour=wants_colour(sys.stderr), masking=hidden))
        return
    for found in limited(findings):
        address = f"{found.ref.kind}/{hidden.name(found.ref.kind, found.ref.key)}" if found.ref else None
        log.write(
            LEVELS.get(found.severity, WARNING),
            "finding",
            safe_text(hidden.text(found.message)),
            error_code=found.code,
            address=safe_text(address) if address else None,
            field=found.field or None,
            place=safe_text(str(found.origin)) if found.origin else None,
            remedy=safe_text(hidden.text(found.remedy)) or None,
        )


def explain(error: ReconcilerError) -> None:
    """A clear end: each finding, then the message and what to do about it."""
    if error.findings:
        # Complaints about files name whom the files name anyway; of others an error knows nobody
        # (docs/rules.md#rule-40).
        about_files = all(finding.at_files for finding in error.findings)
        remark(error.findings, None if about_files or sys.stderr.isatty() else _everyone())
    if any(finding.message == error.message for finding in error.findings):
        return  # said already, with what to do
    if current_log() is not None:
        _told("", ERROR, "error", safe_text(error.message), remedy=safe_text(error.remedy) or None)
        return
    complain(safe_text(error.message))
    if error.remedy:
        hint(f"  to go on: {safe_text(error.remedy)}")


def _everyone() -> Masking:
    """Hides all people."""
    from reconciler.kinds import KINDS
    from reconciler.report.masking import Masking

    return Masking(personal=frozenset(resource.kind for resource in KINDS if resource.personal))


def wants_colour(stream: TextIO, *, refused: bool = False) -> bool:
    """Whether this stream shows colour: a terminal that can, and nobody who said no."""
    if refused or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def interactive() -> bool:
    """Whether there is somebody to ask, and a place to ask at."""
    return current_log() is None and sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int:
    """Columns of the terminal on stdout; a fixed number where there is none, so that bytes do not depend on it."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_WIDTH


class Phases:
    """Names the phase at work on stderr once it takes longer than a second; one line, rewritten."""

    def __init__(self) -> None:
        self._name = ""
        self._shown = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True

    def __call__(self, name: str) -> None:
        """A new phase begins."""
        with self._lock:
            self._name = name
            if self._shown:
                self._write()

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def stop(self) -> None:
        """Take the line away."""
        self._timer.cancel()
        with self._lock:
            if self._shown:
                stderr.tell("\r\x1b[K", end="")
            self._shown = False

    def _show(self) -> None:
        with self._lock:
            self._shown = True
            self._write()

    def _write(self) -> None:
        stderr.tell(f"\r\x1b[K{safe_text(self._name)} …", end="")


class Logged:
    """Writes a line into the log when a phase has ended, with how long it took."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._name = ""
        self._began = 0.0

    def __call__(self, name: str) -> None:
        """A new phase begins; empty: none does."""
        if self._name:
            self._log.write(INFO, "phase", safe_text(self._name), duration_ms=milliseconds(self._began))
        self._name, self._began = name, time.monotonic()


def _silent(name: str) -> None:
    """Nobody watches."""


@contextmanager
def phases(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A callable that takes the name of each phase; silent unless stderr is a terminal or a log."""
    log = current_log()
    if log is not None and not quiet:
        logged = Logged(log)
        try:
            yield logged
        finally:
            logged("")
        return
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _silent
        return
    shown = Phases()
    shown.start()
    try:
        yield shown
    finally:
        shown.stop()
