"""What the database says when it refuses, in our words. Knows the engines' codes, and no table.

A message holds what the driver said, never the statement, its values or the URL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from reconciler.model.errors import Locked, TargetError
from reconciler.model.memory import Run

HELD: Final = frozenset(
    {
        "SQLITE_BUSY",
        "SQLITE_BUSY_SNAPSHOT",
        "SQLITE_LOCKED",
        "55P03",  # PostgreSQL: lock_timeout
        "1205",  # MariaDB: innodb_lock_wait_timeout
    }
)
"""How the engines say that another transaction holds the row."""


def is_held(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, past the session's time limit."""
    driver = error.orig
    code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None)
    number = next(iter(driver.args), None) if driver is not None else None
    return not HELD.isdisjoint({str(code), str(number)})


@contextmanager
def told(doing: str, holder: Callable[[], Run | None] = lambda: None) -> Iterator[None]:
    """Turn a driver's error into Locked, naming the holder, or into TargetError.

    `doing` completes the sentence "memory cannot …".
    """
    try:
        yield
    except DBAPIError as error:
        if not is_held(error):
            raise TargetError(f"memory cannot {doing}: {error.orig}") from error
        raise Locked(
            f"another apply holds the lock{_named(holder())}",
            remedy="wait until it has finished, then run this again",
        ) from error


def _named(run: Run | None) -> str:
    if run is None:
        return ""
    return (
        f": {run.command} of project {run.project} by {run.actor} on {run.host}, started {run.started} (run {run.id})"
    )
