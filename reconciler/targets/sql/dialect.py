"""All that differs from one database to the next: how it is opened for reading and for writing, its types, what its
errors mean. Knows no table of anybody's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event

from reconciler.model.errors import Locked, Refused, TargetError, Unknown

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite counts up only a column that is exactly INTEGER."""

NAME: Final = (
    sa.String(255)
    .with_variant(sa.String(255, collation="utf8mb4_bin"), "mysql", "mariadb")
    .with_variant(sa.String(255, collation="C"), "postgresql")
)
"""A name compared code point by code point (RULES 1); SQLite does so by itself."""

TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "sqlite_autoincrement": True,  # an id is never given twice
}

CREATE_FIRST: Final = "run `reconciler database create`"


class Door(StrEnum):
    """What a connection is for. Only CREATE may make a file."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Database:
    """Where a system lives. `shown` is what messages may say: no user, no password, no path."""

    url: sa.URL
    lock_timeout: float

    @property
    def shown(self) -> str:
        """The file's name, or host/database."""
        if self.url.host is None:
            return Path(self.url.database or "").name
        return f"{self.url.host}/{self.url.database}"


def database(url: str, lock_timeout: float) -> Database:
    """Read a URL. Raises TargetError, which never repeats it, when it is none or of a database not supported."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise TargetError("the database URL cannot be read", remedy="write it as in sqlite:///var/esp.db") from None
    backend = parsed.get_backend_name()
    if backend not in OPENERS:
        raise TargetError(
            f"databases of type {backend} are not supported by this target",
            remedy=f"use one of: {', '.join(sorted(OPENERS))}",
        )
    if not parsed.database or parsed.database == ":memory:":
        raise TargetError("the database URL names no database", remedy="write it as in sqlite:///var/esp.db")
    return Database(parsed, lock_timeout)


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key of the live schema. `on_delete`: RESTRICT, NO ACTION, SET NULL, SET DEFAULT or CASCADE."""

    table: str
    column: str
    refers_to: str
    on_delete: str


@contextmanager
def opened(place: Database, door: Door) -> Iterator[sa.Connection]:
    """A connection, rolled back and closed at the end. Every error of the driver comes out in plain words."""
    with speaking(place):
        engine = OPENERS[place.url.get_backend_name()](place, door)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


@contextmanager
def speaking(place: Database) -> Iterator[None]:
    """Turn the driver's errors into ours. Raises TargetError, Refused, Locked or Unknown."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise Unknown(f"the connection to {place.shown} was lost") from error
        raise _meaning(error.orig, place) from error
    except sqlite3.Error as error:
        raise _meaning(error, place) from error


def _open_sqlite(place: Database, door: Door) -> sa.Engine:
    path = Path(place.url.database or "").absolute()
    try:
        _check_file(path, place, door)
    except (OSError, ValueError) as error:
        raise TargetError(
            f"the folder of {place.shown} cannot be used: {getattr(error, 'strerror', error)}",
            remedy="check the database URL and the folder's owner and mode",
        ) from error

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={'rwc' if door is Door.CREATE else 'rw'}",
            uri=True,
            timeout=place.lock_timeout,
            isolation_level=None,  # transactions begin in the event below, not where the driver sees fit
        )
        # A hand-edited text may be no UTF-8; the driver would refuse the whole row.
        connection.text_factory = _text
        connection.execute("PRAGMA foreign_keys = ON")
        if door is Door.READ:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if door is Door.WRITE:  # not before it is known that the file is ours
            connection.execute("PRAGMA journal_mode = WAL")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True)
    begin = "BEGIN" if door is Door.READ else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _check_file(path: Path, place: Database, door: Door) -> None:
    if door is Door.CREATE:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise TargetError(f"there is no database at {place.shown}", remedy=CREATE_FIRST)
    elif not path.is_file():
        raise TargetError(f"{place.shown} is no regular file", remedy="name a file in the database URL")


OPENERS: Final = {"sqlite": _open_sqlite}


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "backslashreplace")


def _meaning(error: BaseException | None, place: Database) -> Exception:
    """What an error of the driver means to a person."""
    code = getattr(error, "sqlite_errorname", "") or ""
    shown = place.shown
    match code.split("_")[1] if "_" in code else "":
        case "BUSY" | "LOCKED":
            return Locked(
                f"{shown} is locked by another writer (waited {place.lock_timeout:g} s)",
                remedy="run again when it has finished, or give --lock-timeout",
            )
        case "NOTADB" | "CORRUPT":
            return TargetError(f"{shown} is not an SQLite database, or is damaged", remedy="check the database URL")
        case "READONLY" | "CANTOPEN" | "PERM":
            return TargetError(
                f"{shown} cannot be opened for this: the file or its folder is not writable",
                remedy="SQLite in WAL mode keeps two files beside the database, even for reading; "
                "make the folder writable for this user",
            )
        case "FULL" | "IOERR":
            return TargetError(f"the disk of {shown} is full or fails: {error}", remedy="make room and run again")
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
            return TargetError(f"{shown}: {error}", remedy="`reconciler doctor` tells what is there")


def settings_of(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The switches of this connection that matter, for `doctor`."""
    names = ("foreign_keys", "journal_mode", "synchronous", "busy_timeout", "query_only")
    return tuple((name, str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())) for name in names)


def engine_version(connection: sa.Connection) -> str:
    """The name and version of the database engine."""
    return f"{connection.dialect.name} {'.'.join(map(str, connection.dialect.server_version_info or ()))}".strip()


def declared_links(connection: sa.Connection) -> tuple[Link, ...]:
    """Every foreign key of one column, sorted. SQLAlchemy's reflection misses what is declared beside a column."""
    found = connection.exec_driver_sql(
        'SELECT t.name, min(f."from"), f."table", f.on_delete FROM sqlite_master AS t '
        "JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table' "
        'GROUP BY t.name, f.id, f."table", f.on_delete HAVING count(*) = 1 ORDER BY 1, 2'
    )
    return tuple(Link(table, column, target, on_delete) for table, column, target, on_delete in found)


def enforces_references(connection: sa.Connection) -> bool:
    """Whether declared foreign keys are in force here."""
    return bool(connection.exec_driver_sql("PRAGMA foreign_keys").scalar())
