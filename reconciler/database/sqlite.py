"""SQLite: one file, one writer."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event

from reconciler.database.engine import CREATE_FIRST, DOCTOR, Database, Failure, ForeignKey, LiveTable, Mode, Trigger
from reconciler.model.errors import Locked, Refused, Retry, TargetError

COUNTS_LOCK: Final = False  # BEGIN IMMEDIATE has locked everything
CONSTRAINTS_INLINE: Final = True
COLUMN_CASE_COUNTS: Final = False
MEMORY_SCHEMA: Final = None
SCHEMAS_ARE_SHARED: Final = False


def open_engine(place: Database, door: Mode) -> sa.Engine:
    """Its connections hold foreign keys in force; every transaction of a writer begins with the lock."""

    def connect() -> sqlite3.Connection:
        path = Path(place.url.database or "").absolute()
        try:
            _check_file(path, place, door)
        except (OSError, ValueError) as error:
            raise TargetError(
                f"the folder of {place.shown} cannot be used: {getattr(error, 'strerror', error)}",
                remedy="check the database URL and the folder's owner and mode",
            ) from error
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path))}?mode={'rwc' if door is Mode.CREATE else 'rw'}",
            uri=True,
            timeout=place.lock_timeout,
            isolation_level=None,  # transactions begin in the event below, not where the driver sees fit
            factory=Lenient,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        if door is Mode.READ:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if door is Mode.WRITE:  # not before it is known that the file is ours
            connection.execute("PRAGMA journal_mode = WAL")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True)
    begin = "BEGIN" if door is Mode.READ else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


class Lenient(sqlite3.Connection):
    """A hand-edited text may be no UTF-8, and the driver then refuses the whole row. So what is refused for that is
    asked once more and read with escapes; to read all text so would take twice as long."""

    def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
        """One that asks again."""
        return super().cursor(_Again)


class _Again(sqlite3.Cursor):
    """Knows what it was asked last, and how many rows of the answer it has given."""

    _asked: tuple[Any, ...] = ()
    _given = 0

    def execute(self, *asked: Any) -> Self:
        self._asked, self._given = asked, 0
        return super().execute(*asked)

    def fetchone(self) -> Any:
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return self._counted(lambda: super(_Again, self).fetchmany(size))

    def fetchall(self) -> list[Any]:
        return self._counted(super().fetchall)

    def _counted(self, fetch: Callable[[], list[Any]]) -> list[Any]:
        try:
            rows = fetch()
        except sqlite3.OperationalError as error:
            if "decode" not in str(error) or self.connection.text_factory is _text:
                raise
            self.connection.text_factory = _text
            super().execute(*self._asked)
            if self._given:  # of 0 the driver gives all
                super().fetchmany(self._given)
            rows = fetch()
        self._given += len(rows)
        return rows


def _check_file(path: Path, place: Database, door: Mode) -> None:
    if door is Mode.CREATE:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise TargetError(f"there is no database at {place.shown}", remedy=CREATE_FIRST)
    elif not path.is_file():
        raise TargetError(f"{place.shown} is no regular file", remedy="name a file in the database URL")


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "backslashreplace")


def failure_of(error: BaseException | None) -> Failure | None:
    """By the name that SQLite gives it."""
    name = _name_of(error)
    match _primary(name):
        case "BUSY" if name == "SQLITE_BUSY_SNAPSHOT":
            return Failure.GIVEN_UP
        case "BUSY" | "LOCKED":
            return Failure.FILE_HELD
        case "READONLY" | "CANTOPEN" | "PERM":
            return Failure.READ_ONLY
        case "FULL" | "IOERR":
            return Failure.FULL
        case _:
            return None


def _name_of(error: BaseException | None) -> str:
    """Such as SQLITE_BUSY_SNAPSHOT; empty for an error of something else."""
    return getattr(error, "sqlite_errorname", "") or ""


def _primary(name: str) -> str:
    """`BUSY` of SQLITE_BUSY_SNAPSHOT."""
    return name.split("_")[1] if "_" in name else ""


def explain_error(error: BaseException | None, place: Database, waited: float = 0.0) -> Exception:
    """What an error of the driver means to a person. `waited`: seconds that the statement took."""
    code = _name_of(error)
    shown = place.shown
    match failure_of(error):
        case Failure.GIVEN_UP:
            return Retry(f"{shown} was changed by another writer meanwhile", remedy="run again")
        case Failure.FILE_HELD:
            return Locked(
                f"{shown} is locked by another writer (waited {waited:.1f} s)",
                remedy="run again when it has finished, or give --lock-timeout",
            )
        case Failure.READ_ONLY:
            return TargetError(
                f"{shown} cannot be opened for this: the file or its folder is not writable",
                remedy="SQLite in WAL mode keeps two files beside the database, even for reading; "
                "make the folder writable for this user",
            )
        case Failure.FULL:
            return TargetError(f"the disk of {shown} is full or fails: {error}", remedy="make room and run again")
        case _:
            pass
    match _primary(code):
        case "NOTADB" | "CORRUPT":
            return TargetError(f"{shown} is not an SQLite database, or is damaged", remedy="check the database URL")
        case "CONSTRAINT" if code.endswith(("FOREIGNKEY", "TRIGGER")):  # RESTRICT works as a trigger there
            return Refused(f"{shown} refuses: something still refers to the row, or what it refers to is not there")
        case "CONSTRAINT" if code.endswith(("UNIQUE", "PRIMARYKEY")):
            return TargetError(
                f"{shown} refuses: the name is taken ({error})",
                remedy="an account in the bin or a sub-account may hold it",
            )
        case "CONSTRAINT":
            return TargetError(f"{shown} refuses the value: {error}")
        case _:
            return TargetError(f"{shown}: {error}", remedy=DOCTOR)


def server_settings(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The switches of this connection that matter, for `doctor`."""
    names = ("foreign_keys", "journal_mode", "synchronous", "busy_timeout", "query_only")
    return tuple((name, str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())) for name in names)


def live_tables(connection: sa.Connection, schema: str | None = None) -> Mapping[str, LiveTable]:
    """Tables and views."""
    found = connection.exec_driver_sql("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')")
    return {name: LiveTable(sort) for name, sort in found}


def live_columns(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """All of them."""
    asked = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    yield from ((table, column) for table, column in connection.exec_driver_sql(asked))


def sight_lacking(connection: sa.Connection) -> str:
    """Who reads the file sees all of it."""
    return ""


def with_transactions(connection: sa.Connection, table: str, schema: str | None = None) -> str:
    """Every table has them."""
    return ""


def is_odd(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a text holds anything but printable ASCII."""
    found: sa.ColumnElement[bool] = text.op("GLOB", is_comparison=True)("*[^ -~]*")
    return found


def foreign_keys(connection: sa.Connection) -> tuple[ForeignKey, ...]:
    """Every foreign key of one column, sorted. SQLAlchemy's reflection misses what is declared beside a column."""
    found = connection.exec_driver_sql(
        'SELECT t.name, min(f."from"), f."table", f.on_delete FROM sqlite_master AS t '
        "JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' "
        'GROUP BY t.name, f.id, f."table", f.on_delete HAVING count(*) = 1 ORDER BY 1, 2'
    )
    return tuple(ForeignKey(table, column, target, on_delete) for table, column, target, on_delete in found)


def triggers_of(connection: sa.Connection) -> tuple[Trigger, ...]:
    """None: the built-in system has foreign keys here, and nobody else's runs on a file."""
    return ()


def enforces_references(connection: sa.Connection) -> bool:
    """Whether declared foreign keys are in force here."""
    return bool(connection.exec_driver_sql("PRAGMA foreign_keys").scalar())


def foreign_key_sql(missing: ForeignKey, present: ForeignKey | None) -> str:
    """SQLite cannot add one to a table that is there."""
    return (
        f"make {missing.table} anew with {missing.column} … REFERENCES {missing.refers_to} (id) ON DELETE RESTRICT, "
        "and PRAGMA foreign_keys = ON in every connection"
    )
