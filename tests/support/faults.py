"""Faults at a chosen moment of an apply: before or after the n-th thing that our engines are told, on any connection.

A moment is a statement or the COMMIT of a transaction. `stop` decides what happens there: raise, or end the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "BEGIN")


@dataclass
class Moments:
    """Counts the moments, and calls `stop` before (`after=False`) or after the one numbered `at`, from 1.
    `look` is called at each, with its number and whether it is over."""

    at: int = 0
    after: bool = False
    stop: Callable[[], None] = field(default=lambda: None)
    look: Callable[[int, bool], None] = field(default=lambda number, after: None)
    seen: list[str] = field(default_factory=list)

    def begins(self, statement: str) -> None:
        self.seen.append(statement)
        self._comes(after=False)

    def ended(self) -> None:
        self._comes(after=True)

    def _comes(self, *, after: bool) -> None:
        self.look(len(self.seen), after)
        if (len(self.seen), after) == (self.at, self.after):
            self.stop()

    def writes(self) -> list[int]:
        """The numbers of the moments that change something."""
        return [number for number, text in enumerate(self.seen, start=1) if text.startswith(WRITES)]


@contextmanager
def watched(moments: Moments) -> Iterator[Moments]:
    """Every engine made meanwhile reports to `moments`."""

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        moments.begins(statement)

    def after(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        moments.ended()

    def commit(connection: Any) -> None:
        # SQLAlchemy tells only before it commits, so it is done here; what it then commits is nothing.
        moments.begins("COMMIT")
        connection.connection.driver_connection.commit()
        moments.ended()

    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after), ("commit", commit))
    for name, function in listeners:
        event.listen(Engine, name, function)
    try:
        yield moments
    finally:
        for name, function in listeners:
            event.remove(Engine, name, function)


class DiskFault(sqlite3.OperationalError):
    """What the driver raises when the disk fails."""

    sqlite_errorname = "SQLITE_IOERR"


def fail() -> None:
    """As the driver does, below SQLAlchemy."""
    raise DiskFault("disk I/O error")


def interrupt() -> None:
    """As Ctrl-C does."""
    raise KeyboardInterrupt
