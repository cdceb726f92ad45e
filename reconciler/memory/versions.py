"""Making memory's tables and bringing older ones up to date: the only DDL of the reconciler's own tables.

MariaDB commits at every DDL statement, so each step can be run again after it broke off: what is there is left, and the
version is written last.

Whether memory's tables lie where a transaction can be rolled back. MariaDB keeps each table as it was told, or as the
server's administrator likes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, insert, inspect, select, update
from sqlalchemy.schema import CreateSchema

from reconciler.database import KEEPS_TRANSACTIONS, live_tables, with_transactions
from reconciler.memory.tables import ONLY, VERSION, MemoryTables
from reconciler.model.errors import TargetError


def make_safe(session: Connection, tables: MemoryTables) -> None:
    """Have tables that are made from now on keep transactions, whatever the server prefers."""
    for table in tables.metadata.tables.values():
        table.dialect_kwargs.update(KEEPS_TRANSACTIONS.get(session.dialect.name, {}))


def unsafe(session: Connection, tables: MemoryTables) -> Sequence[tuple[str, str, str]]:
    """(table, what it is kept in, the SQL that gives it transactions) of those that have none."""
    live = live_tables(session, tables.schema)
    names = sorted(table.name for table in tables.metadata.tables.values())
    return [
        (name, live[name].engine, with_transactions(session, name, tables.schema))
        for name in names
        if name in live and live[name].engine
    ]


def refuse_unsafe(session: Connection, tables: MemoryTables) -> None:
    """Raise TargetError, naming every table of memory that has no transactions."""
    found = unsafe(session, tables)
    if found:
        named = ", ".join(f"{name} ({kept})" for name, kept, _ in found)
        raise TargetError(
            f"tables of memory have no transactions, so nothing could be rolled back: {named}; nothing was changed",
            remedy=" ".join(statement for _, _, statement in found),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUpgrade:
    """How the tables of the version before become those of `version`. `says`: what it does, for a person."""

    version: int
    says: str
    run: Callable[[Connection, MemoryTables], None]


def _say_whose(session: Connection, tables: MemoryTables) -> None:
    """Only where several databases could find this memory; whoever upgrades it first is taken for its owner."""
    if tables.home is not None:
        tables.home.create(session, checkfirst=True)
        _only_row(session, tables.home, database=tables.owner)
        _refuse_another_s(session, tables)


_STEPS: Final[tuple[MemoryUpgrade, ...]] = (
    MemoryUpgrade(
        version=2, says="memory says which database it is of, where a server's databases share it", run=_say_whose
    ),
)
"""In the order of their versions; the last one is `tables.VERSION`."""


def version_found(session: Connection, tables: MemoryTables) -> tuple[int, str] | None:
    """(version, instance id) of the memory in this database, or None where there is none."""
    if not inspect(session).has_table(tables.meta.name, schema=tables.schema):
        return None
    row = session.execute(select(tables.meta.c.version, tables.meta.c.instance)).first()
    return None if row is None else (row.version, row.instance)


def usable(session: Connection, tables: MemoryTables) -> str | None:
    """The instance id of a memory of this version, or None where there is none. Raises TargetError otherwise."""
    present = version_found(session, tables)
    if present is None:
        return None
    version, instance = present
    if not isinstance(version, int):
        raise TargetError("memory has no version that can be read", remedy="look into the table reconciler_meta")
    _refuse_newer(version, VERSION)
    if version < VERSION:
        raise TargetError(
            f"memory is of version {version}, this reconciler needs {VERSION}",
            remedy="run `reconciler database upgrade`",
        )
    _refuse_another_s(session, tables)
    return instance


def install(session: Connection, tables: MemoryTables) -> list[str]:
    """Make what is missing, and the database's instance id; what was done, in words. The caller commits.

    Run again it does nothing. Raises TargetError on a memory of another version.
    """
    if usable(session, tables) is not None:
        return []
    # An administrator may have made the schema for an account that may not.
    if tables.schema is not None and tables.schema not in inspect(session).get_schema_names():
        session.execute(CreateSchema(tables.schema))
    make_safe(session, tables)
    tables.metadata.create_all(session)
    refuse_unsafe(session, tables)  # a server may put them elsewhere all the same
    if tables.home is not None:
        _only_row(session, tables.home, database=tables.owner)
    _only_row(session, tables.lock, heartbeat=0, run="")
    # Last: a memory without this row counts as not installed, so a broken installation is taken up again.
    _only_row(session, tables.meta, version=VERSION, instance=secrets.token_hex(16))
    return [f"memory: made the reconciler's own tables, version {VERSION}"]


def upgrade(session: Connection, tables: MemoryTables, steps: tuple[MemoryUpgrade, ...] = _STEPS) -> list[str]:
    """Bring an older memory to this version; what was done, in words. The caller commits.

    Raises TargetError where there is none, or a newer one, or another database's.
    """
    present = version_found(session, tables)
    if present is None:
        raise TargetError("there is no memory in this database", remedy="run `reconciler database create`")
    version, _ = present
    _refuse_newer(version, steps[-1].version if steps else VERSION)
    if version > 1:  # the first did not say whose it is
        _refuse_another_s(session, tables)
    make_safe(session, tables)
    done = []
    for step in steps:
        if step.version > version:
            step.run(session, tables)
            session.execute(update(tables.meta).values(version=step.version))
            done.append(f"memory: version {step.version}: {step.says}")
    return done


def _refuse_another_s(session: Connection, tables: MemoryTables) -> None:
    """Raise TargetError unless it is ours: two databases of a server must not take each other's objects for their
    own."""
    if tables.home is None:
        return
    owner = session.execute(select(tables.home.c.database)).scalar()
    if owner != tables.owner:
        raise TargetError(
            f"the memory in schema {tables.schema} is of the database {owner}, not of {tables.owner}",
            remedy="give this target one of its own: `memory: NAME` in reconciler.yaml",
        )


def _refuse_newer(version: int, known: int) -> None:
    if version > known:
        raise TargetError(
            f"memory is of version {version}, made by a newer reconciler; this one knows {known}",
            remedy="upgrade the reconciler",
        )


def _only_row(session: Connection, table: Table, **values: object) -> None:
    if session.execute(select(table.c.id)).first() is None:
        session.execute(insert(table).values(id=ONLY, **values))
