"""The tables in which memory is kept, as SQLAlchemy Core data.

On SQLite they lie beside the target's own tables, told apart by their prefix; on a server they have a schema of their
own (docs/rules.md#rule-32). Lengths fit the index limits of all three engines.

What plan and apply do with memory's tables: the deeds of `sql` and `reading`, written down once more so that a database
can be told to allow nothing else. History is only added to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

from reconciler.database.types import CODE_POINTS, LONG_TEXT, MARIADB
from reconciler.model.privileges import Privilege, Rights, TableRight

VERSION: Final = 2
"""The version of these tables; a step in `versions` leads to each later one."""

ONLY: Final = 1
"""The id of the row in tables that hold a single one."""


def _word(length: int) -> String:
    # MariaDB equates `Café` and `cafe` unless it is told to compare code points (docs/rules.md#rule-2).
    return String(length).with_variant(String(length, CODE_POINTS), *MARIADB)


class MemoryTables:
    """All tables of one memory. `schema`: where they lie; None for the connection's own. `owner`: the database that
    they are of, where several could find them; then `home` says so."""

    def __init__(self, schema: str | None = None, owner: str = "") -> None:
        self.schema = schema
        self.owner = owner
        self.metadata = MetaData(schema=schema)
        self.meta = Table(
            "reconciler_meta",
            self.metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("version", Integer, nullable=False),
            Column("instance", _word(32), nullable=False),
        )
        self.lock = Table(
            "reconciler_lock",
            self.metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("heartbeat", BigInteger, nullable=False),
            Column("run", _word(64), nullable=False),
        )
        self.pause = Table(
            "reconciler_pause",
            self.metadata,
            Column("project", _word(64), primary_key=True),
            Column("reason", LONG_TEXT, nullable=False),
            Column("actor", _word(255), nullable=False),
            Column("since", _word(40), nullable=False),
        )
        self.managed = Table(
            "reconciler_managed",
            self.metadata,
            Column("project", _word(64), primary_key=True),
            Column("kind", _word(32), primary_key=True),
            Column("key", _word(255), primary_key=True),
            Column("stated", LONG_TEXT, nullable=False),
            Column("origin", LONG_TEXT, nullable=False),
            Column("run", _word(64), nullable=False),
            sqlite_with_rowid=False,  # stored in the order of its key, as the servers do
        )
        self.run = Table(
            "reconciler_run",
            self.metadata,
            Column("id", _word(64), primary_key=True),
            Column("project", _word(64), nullable=False),
            Column("actor", _word(255), nullable=False),
            Column("host", _word(255), nullable=False),
            Column("command", _word(64), nullable=False),
            Column("plan", _word(64), nullable=False),
            Column("commit", _word(64), nullable=False),
            Column("started", _word(40), nullable=False),
            Column("finished", _word(40)),
            Column("outcome", _word(16), nullable=False),
        )
        # Marking abandoned runs locks only these rows, not all of history (MariaDB locks what it scans).
        Index("reconciler_run_outcome", self.run.c.outcome)
        self.change = Table(
            "reconciler_change",
            self.metadata,
            Column("run", _word(64), ForeignKey(self.run.c.id, ondelete="RESTRICT"), primary_key=True),
            Column("seq", Integer, primary_key=True, autoincrement=False),
            Column("kind", _word(32), nullable=False),
            Column("key", _word(255), nullable=False),
            Column("action", _word(32), nullable=False),
            Column("before", LONG_TEXT),
            Column("after", LONG_TEXT),
            Column("raw", LONG_TEXT),
        )
        self.home: Table | None = None
        if owner:
            self.home = Table(
                "reconciler_home",
                self.metadata,
                Column("id", Integer, primary_key=True, autoincrement=False),
                Column("database", _word(64), nullable=False),
            )


def rights(tables: MemoryTables) -> Rights:
    """Planning reads all but the lock; applying writes, but neither the version nor what history holds."""
    read = [tables.meta, tables.pause, tables.managed, tables.run, tables.change]
    if tables.home is not None:
        read.append(tables.home)
    plan = [_of(table, Privilege.SELECT) for table in read]
    return Rights(plan=tuple(plan), apply=(*plan, *_writing(tables)))


def _writing(tables: MemoryTables) -> Iterator[TableRight]:
    for table in (tables.pause, tables.managed):
        yield _of(table, Privilege.INSERT)
        yield _of(table, Privilege.DELETE)
    yield _of(tables.lock, Privilege.SELECT, "heartbeat")
    yield _of(tables.lock, Privilege.UPDATE, "heartbeat", "run")
    yield _of(tables.run, Privilege.INSERT)
    yield _of(tables.run, Privilege.UPDATE, "finished", "outcome")
    yield _of(tables.change, Privilege.INSERT)


def _of(table: Table, deed: Privilege, *columns: str) -> TableRight:
    return TableRight(table.schema or "", table.name, deed, columns)
