"""What the database says when it refuses, in our words. Knows no table.

A message holds what the driver said, never the statement, its values or the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from reconciler.database import Failure, failure_of
from reconciler.model.errors import Locked, Lost, Retry, TargetError
from reconciler.model.memory import Run

REMEDIES: Final = {
    Failure.FULL: "make room for the database, then run this again",
    Failure.READ_ONLY: "make the database writable for this user",
}
"""What to do where it can be told."""


def is_held(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, past the session's time limit."""
    return failure_of(error.orig) in (Failure.HELD, Failure.FILE_HELD)


@contextmanager
def explained(doing: str, holder: Callable[[], Run | None] = lambda: None) -> Iterator[None]:
    """Turn a driver's error into Locked, naming the holder, into Retry or Lost, or into TargetError.

    `doing` completes the sentence "memory cannot …".
    """
    try:
        yield
    except DBAPIError as error:
        failure = failure_of(error.orig)
        if is_held(error):
            run = holder()
            # There everybody who writes holds the same lock. An apply has announced itself before it does.
            if run is None and failure is Failure.FILE_HELD:
                raise Locked(
                    "another program holds the lock of the database",
                    remedy="run this again when the program has ended its transaction, or give --lock-timeout",
                ) from error
            raise Locked(
                f"another apply holds the lock{_named(run)}",
                remedy="wait until it has finished, then run this again",
            ) from error
        if failure is Failure.GIVEN_UP:
            raise Retry(f"memory cannot {doing}: another transaction came first", remedy="run again") from error
        if error.connection_invalidated or failure is Failure.LOST:
            raise Lost(f"memory cannot {doing}: the connection was lost", remedy="run again") from error
        raise TargetError(f"memory cannot {doing}: {_said(error)}", remedy=_remedy(failure)) from error


def _remedy(failure: Failure | None) -> str:
    return REMEDIES.get(failure, "") if failure else ""


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
