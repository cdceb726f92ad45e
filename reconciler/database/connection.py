"""Opens connections and speaks for them, by whichever engine the URL names. The one place that chooses an engine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from reconciler.database import ddl, mariadb, postgresql, sqlite
from reconciler.database.engine import (
    SILENT,
    AccountsOf,
    Database,
    Engine,
    Failure,
    ForeignKey,
    LiveTable,
    Mode,
    Trigger,
)
from reconciler.model.errors import Lost, TargetError

ENGINES: Final[dict[str, Engine]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mariadb": mariadb,
    "mysql": mariadb,
}


@contextmanager
def connect(place: Database, door: Mode) -> Iterator[sa.Connection]:
    """A connection, rolled back and closed at the end. Every error of the driver comes out in plain words."""
    with speaking(place), _connected(_kept_engine(place, door)) as connection:
        yield connection


@lru_cache(maxsize=16)
def _kept_engine(place: Database, door: Mode) -> sa.Engine:
    """It holds no connection, but the statements that it compiled and what it learned of the server: an apply, a revert
    and a watch that plans again connect several times."""
    return _of(place).open_engine(place, door)


def _connected(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.connect()
    except (TypeError, ValueError) as error:  # so the drivers call a parameter that they do not know, or cannot read
        raise TargetError(
            "the driver does not take a parameter of the database URL", remedy="check what follows the ? in it"
        ) from error
    except OSError as error:
        raise TargetError(
            f"a file that the database URL names cannot be used: {error.strerror}", remedy="check ssl_ca and the like"
        ) from error


@contextmanager
def speaking(place: Database) -> Iterator[None]:
    """Turn the driver's errors into ours. Raises TargetError, Refused, Locked, Retry or Lost."""
    began = time.monotonic()
    try:
        yield
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise _lost(error, place) from error
        raise _of(place).explain_error(error.orig, place, time.monotonic() - began) from error
    except sqlite3.Error as error:
        raise _of(place).explain_error(error, place, time.monotonic() - began) from error
    except OverflowError as error:  # SQLite's driver, of a number past 64 bits; the servers refuse it themselves
        raise TargetError(f"{place.shown} refuses the value: the number is too large") from error


def _lost(error: sa.exc.DBAPIError, place: Database) -> Lost:
    if SILENT in str(error.orig):
        return Lost(f"{place.shown} does not answer", remedy="run again when it does, or give --timeout")
    return Lost(f"the connection to {place.shown} was lost", remedy="run again")


def roll_back(connection: sa.Connection) -> None:
    """Undo whatever is not committed, and make sure of it: SQLAlchemy takes a COMMIT that failed for the end of the
    transaction, while for the engine it may go on, and the next COMMIT would write it."""
    connection.rollback()
    if connection.closed or connection.invalidated:
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        driver.rollback()
    except connection.dialect.loaded_dbapi.Error:
        connection.invalidate()  # closed, so nothing of it can be written any more


def server_settings(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The switches of this connection that matter, for `doctor`."""
    return _at(connection).server_settings(connection)


def engine_version(connection: sa.Connection) -> str:
    """The name and version of the database engine."""
    name = connection.dialect.name.replace("mysql", "mariadb")  # the other ones are refused at the door
    return f"{name} {'.'.join(map(str, connection.dialect.server_version_info or ()))}".strip()


def failure_of(error: BaseException | None) -> Failure | None:
    """What an error of any driver is about; None where it is nothing that decides what is done next."""
    return next((found for engine in ENGINES.values() if (found := engine.failure_of(error)) is not None), None)


def live_tables(connection: sa.Connection, schema: str | None = None) -> Mapping[str, LiveTable]:
    """Every name of a schema, mostly the connection's own, that rows can be read from, as far as the account sees."""
    return _at(connection).live_tables(connection, schema)


def live_columns(connection: sa.Connection) -> Mapping[str, frozenset[str]]:
    """Table → its columns, of the connection's own schema, as far as the account sees."""
    found: dict[str, set[str]] = {}
    for table, column in _at(connection).live_columns(connection):
        found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def folded_column(connection: sa.Connection, name: str) -> str:
    """The name of a column as the engine compares it."""
    return name if _at(connection).COLUMN_CASE_COUNTS else name.lower()


def add_column_sql(connection: sa.Connection, column: sa.Column[Any]) -> str:
    """The SQL that gives its table a column that it lacks, with the constraints that it is declared with."""
    return ddl.alter_table_sql(connection, column, inline=_at(connection).CONSTRAINTS_INLINE)


def sight_lacking(connection: sa.Connection) -> str:
    """The GRANT without which this account does not see all tables of its own schema; empty: it sees them."""
    return _at(connection).sight_lacking(connection)


def with_transactions(connection: sa.Connection, table: str, schema: str | None = None) -> str:
    """The SQL that gives a table transactions."""
    return _at(connection).with_transactions(connection, table, schema)


def is_odd(connection: sa.Connection, text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a text holds anything but printable ASCII."""
    return _at(connection).is_odd(text)


def foreign_keys(connection: sa.Connection) -> tuple[ForeignKey, ...]:
    """Every foreign key of one column, sorted."""
    return _at(connection).foreign_keys(connection)


def triggers_of(connection: sa.Connection) -> tuple[Trigger, ...]:
    """What runs before rows are inserted or updated, as far as the account may see it."""
    return _at(connection).triggers_of(connection)


def enforces_references(connection: sa.Connection) -> bool:
    """Whether declared foreign keys are in force here."""
    return _at(connection).enforces_references(connection)


def foreign_key_sql(connection: sa.Connection, missing: ForeignKey, present: ForeignKey | None) -> str:
    """The SQL that makes a reference refuse deletes. `present`: the foreign key that is there now."""
    return _at(connection).foreign_key_sql(missing, present)


def counts_can_lock(connection: sa.Connection) -> bool:
    """Whether a SELECT that groups can lock what it counts."""
    return _at(connection).COUNTS_LOCK


def memory_schema(place: Database, stated: str) -> str | None:
    """Where memory lies (docs/rules.md#rule-32): in a schema of its own, as `stated` or by default; None: with
    everything else."""
    default = _of(place).MEMORY_SCHEMA
    return default and (stated or default)


def memory_owner(place: Database) -> str:
    """The database that memory is of, where another one could take it for its own; else empty."""
    return place.url.database or "" if _of(place).SCHEMAS_ARE_SHARED else ""


def _of(place: Database) -> Engine:
    return ENGINES[place.url.get_backend_name()]


def _at(connection: sa.Connection) -> Engine:
    return ENGINES[connection.dialect.name]


def granting(connection: sa.Connection) -> AccountsOf | None:
    """The engine's words for grants; None where a file's mode says who may do what."""
    engine = ENGINES[connection.dialect.name]
    return engine if isinstance(engine, AccountsOf) else None
