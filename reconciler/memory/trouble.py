"""What the database says when it refuses, in our words. Knows the engines' codes, and no table.

A message holds what the driver said, never the statement, its values or the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from reconciler.model.errors import Locked, Lost, Retry, TargetError
from reconciler.model.memory import Run

HELD: Final = frozenset(
    {
        "SQLITE_BUSY",
        "SQLITE_LOCKED",
        "55P03",  # PostgreSQL: lock_timeout
        "1205",  # MariaDB: innodb_lock_wait_timeout
    }
)
"""How the engines say that another transaction holds the row."""

WHOLE_FILE: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
"""There everybody who writes holds the same lock. An apply has announced itself before it does."""

GIVEN_UP: Final = frozenset({"SQLITE_BUSY_SNAPSHOT", "40001", "40P01", "1213", "1020"})
"""How they say that the transaction is gone for another one's sake."""

LOST: Final = frozenset({"2006", "2013", "1047", "1180", "1053", "1927", "57P01", "57P02", "57P03", "25P03"})
"""How they say that nobody is there any more; PostgreSQL also by a class of its own."""

REMEDIES: Final = {
    "make room for the database, then run this again": ("SQLITE_FULL", "SQLITE_IOERR", "53100", "1021", "1114"),
    "make the database writable for this user": ("SQLITE_READONLY", "SQLITE_CANTOPEN", "25006", "1290"),
}
"""What to do where it can be told from how a code begins."""


def is_held(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, past the session's time limit."""
    return not HELD.isdisjoint(_codes(error))


@contextmanager
def explained(doing: str, holder: Callable[[], Run | None] = lambda: None) -> Iterator[None]:
    """Turn a driver's error into Locked, naming the holder, into Retry or Lost, or into TargetError.

    `doing` completes the sentence "memory cannot …".
    """
    try:
        yield
    except DBAPIError as error:
        codes = _codes(error)
        if is_held(error):
            run = holder()
            if run is None and not codes.isdisjoint(WHOLE_FILE):
                raise Locked(
                    "another program holds the lock of the database",
                    remedy="run this again when the program has ended its transaction, or give --lock-timeout",
                ) from error
            raise Locked(
                f"another apply holds the lock{_named(run)}",
                remedy="wait until it has finished, then run this again",
            ) from error
        if not GIVEN_UP.isdisjoint(codes):
            raise Retry(f"memory cannot {doing}: another transaction came first", remedy="run again") from error
        if error.connection_invalidated or not LOST.isdisjoint(codes) or any(code[:2] == "08" for code in codes):
            raise Lost(f"memory cannot {doing}: the connection was lost", remedy="run again") from error
        raise TargetError(f"memory cannot {doing}: {_said(error)}", remedy=_remedy(codes)) from error


def _codes(error: DBAPIError) -> frozenset[str]:
    driver = error.orig
    code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None)
    number = next(iter(driver.args), None) if driver is not None else None
    return frozenset({str(code), str(number) if isinstance(number, int) else ""})


def _remedy(codes: frozenset[str]) -> str:
    return next((text for text, begun in REMEDIES.items() if any(code.startswith(begun) for code in codes)), "")


def _said(error: DBAPIError) -> str:
    """The driver's words; psycopg would repeat the statement, PyMySQL puts a number before them."""
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return str(primary or (arguments[1] if len(arguments) > 1 else error.orig)).partition("\n")[0]


def _named(run: Run | None) -> str:
    if run is None:
        return ""
    return (
        f": {run.command} of project {run.project} by {run.actor} on {run.host}, started {run.started} (run {run.id})"
    )
