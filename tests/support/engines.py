"""One database of the built-in ESP on each engine, and what a hand does in it. What is SQLite's, PostgreSQL's or
MariaDB's own way of doing that is here and in no test."""

from __future__ import annotations

import sqlite3
import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.private_servers import MariaDB, PostgreSQL, Server
from tests.support.server_pool import ServerPool

COUNT_ON = """
DO $$ DECLARE name text; BEGIN
    FOR name IN
        SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id'
    LOOP
        EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''id''), coalesce(max(id), 0) + 1, false) FROM %I',
            name, name);
    END LOOP;
END $$
"""
"""PostgreSQL's counters do not look at what is there."""

SERVERS = ("postgresql", "mariadb")

WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'",
    "mariadb": (
        "SELECT count(*) FROM information_schema.innodb_trx AS trx JOIN information_schema.processlist AS process "
        "ON process.id = trx.trx_mysql_thread_id WHERE process.db = ? AND trx.trx_state = 'LOCK WAIT'"
    ),
}
"""How many sessions of a database wait for a row that another one holds."""

BLOCKED_WITHIN = 30.0
"""Seconds, on a machine that is busy with much else."""

ENGINES = ("sqlite", *SERVERS)


@dataclass(frozen=True, slots=True)
class Place:
    """A database. `memory`: the schema that memory has there."""

    engine: str
    url: str
    memory: str

    @abstractmethod
    @contextmanager
    def hand(self, *, lawless: bool = False) -> Iterator[Any]:
        """A DBAPI connection beside ours, committed at the end; `lawless`: no check and no foreign key stops it."""
        yield

    @abstractmethod
    def tables(self) -> list[str]:
        """The names of all tables, memory's too, as SQL says them."""

    def sql(self, statement: str, *values: Any, lawless: bool = True) -> list[tuple[Any, ...]]:
        """One statement with `?` for each value; its rows."""
        with self.hand(lawless=lawless) as connection:
            return run(connection, statement if self.engine == "sqlite" else statement.replace("?", "%s"), values)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.hand() as connection:
            return {name: sorted(run(connection, f"SELECT * FROM {name}"), key=repr) for name in self.tables()}

    def empty(self) -> None:
        """Delete every row but those that say what the tables are."""
        with self.hand(lawless=True) as connection:
            for name in self.tables():
                if not name.endswith(("esp_schema", "reconciler_meta", "reconciler_lock", "reconciler_home")):
                    run(connection, f"DELETE FROM {name}")


@dataclass(frozen=True, slots=True)
class Hand:
    """A connection to a server, spoken to as sqlite3's is: with `?`."""

    connection: Any

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        cursor = self.connection.cursor()
        cursor.execute(statement.replace("?", "%s"), tuple(values) or None)
        return cursor

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.cursor().executemany(statement.replace("?", "%s"), list(rows))


@dataclass(frozen=True, slots=True)
class Rival(Hand):
    """A hand with a transaction of its own, as the application of the ESP has one."""

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()


def run(connection: Any, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of one statement; none of one that has none."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values or (() if isinstance(connection, sqlite3.Connection) else None))
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        cursor.close()


class SqlitePlace(Place):
    """A file."""

    __slots__ = ()

    @contextmanager
    def hand(self, *, lawless: bool = False) -> Iterator[Any]:
        connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        try:
            connection.execute(f"PRAGMA foreign_keys = {'OFF' if lawless else 'ON'}")
            connection.execute(f"PRAGMA ignore_check_constraints = {'ON' if lawless else 'OFF'}")
            yield connection
            connection.commit()
        finally:
            connection.close()

    def tables(self) -> list[str]:
        names = self.sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        return sorted(row[0] for row in names)


@dataclass(frozen=True, slots=True)
class ServerPlace(Place):
    """A database on a server. `schemas`: where tables are."""

    server: Server
    name: str
    schemas: tuple[str, ...]
    lawless: tuple[str, ...]
    afterwards: tuple[str, ...] = ()
    """What a hand says that has inserted rows with their ids."""

    @contextmanager
    def hand(self, *, lawless: bool = False) -> Iterator[Any]:
        engine = self.server.engine(self.name)
        connection = engine.raw_connection()
        try:
            for statement in self.lawless if lawless else ():
                run(connection, statement)
            yield connection.driver_connection
        finally:
            connection.close()
            engine.dispose()

    @contextmanager
    def session(self) -> Iterator[Rival]:
        """The application's own transaction, with the isolation that the engine gives by itself."""
        engine = self.server.engine(self.name, autocommit=False)
        connection = engine.raw_connection()
        try:
            yield Rival(connection.driver_connection)
        finally:
            connection.close()
            engine.dispose()

    def wait_for_blocked(self, number: int = 1) -> None:
        """Return when so many of the database's sessions wait for a lock, as the server's own tables say."""
        deadline = time.monotonic() + BLOCKED_WITHIN
        while self.sql(WAITING[self.engine], self.name)[0][0] < number:
            if time.monotonic() > deadline:
                raise AssertionError(f"nobody waited for a lock within {BLOCKED_WITHIN} s")
            time.sleep(0.15)  # MariaDB shows the same answer to who asks again within 0.1 s

    def take(self, other: ServerPlace) -> None:
        """Become like another database that has the same tables: every row of it, and no others."""
        self.put(other.dump())

    def put(self, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        """These rows, of a dump of this database or of one that has the same tables, and no others."""
        with self.hand(lawless=True) as connection:
            for name, theirs in zip(self.tables(), rows.values(), strict=True):
                if name.endswith("reconciler_home"):
                    continue
                run(connection, f"DELETE FROM {name}")
                if theirs:
                    values = ", ".join(["%s"] * len(theirs[0]))
                    connection.cursor().executemany(f"INSERT INTO {name} VALUES ({values})", theirs)
            for statement in self.afterwards:
                run(connection, statement)

    def tables(self) -> list[str]:
        names = self.sql(
            "SELECT table_schema, table_name FROM information_schema.tables "
            f"WHERE table_schema IN ({', '.join('?' * len(self.schemas))})",
            *self.schemas,
        )
        return sorted(f"{schema}.{name}" for schema, name in names)


def place(engine: str, pool: ServerPool, folder: Path) -> Place:
    """An empty database of this engine."""
    if engine == "sqlite":
        return SqlitePlace(engine, f"sqlite:///{folder / 'esp.db'}", "")
    server: Server = pool.server(PostgreSQL if engine == "postgresql" else MariaDB)
    name = pool.name(server)
    server.create(name)
    return on(server, engine, name)


def on(server: Server, engine: str, name: str) -> Place:
    """The database of this name."""
    if engine == "postgresql":
        without = ("SET session_replication_role = replica",)
        schemas = ("public", "reconciler")
        return ServerPlace(engine, server.url_of(name), "reconciler", server, name, schemas, without, (COUNT_ON,))
    memory = f"{name}_memory"  # on MariaDB a schema is a database of the whole server
    without = ("SET foreign_key_checks = 0", "SET check_constraint_checks = 0")
    return ServerPlace(engine, server.url_of(name), memory, server, name, (name, memory), without)
