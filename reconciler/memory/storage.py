"""Whether memory's tables lie where a transaction can be rolled back. MariaDB keeps each table as it was told, or as
the server's administrator likes it. Knows no run and no managed object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, text

from reconciler.memory.tables import MARIADB, MemoryTables
from reconciler.model.errors import TargetError

ENGINE: Final = "InnoDB"

ENGINES: Final = text(
    "SELECT TABLE_NAME, coalesce(ENGINE, TABLE_TYPE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
    "coalesce(:schema, DATABASE()) AND TABLE_NAME IN :names AND NOT ENGINE <=> :engine ORDER BY 1"
).bindparams(bindparam("names", expanding=True))


def make_safe(session: Connection, tables: MemoryTables) -> None:
    """Have tables that are made from now on keep transactions, whatever the server prefers."""
    if session.dialect.name in MARIADB:
        for table in tables.metadata.tables.values():
            table.dialect_kwargs[f"{session.dialect.name}_engine"] = ENGINE


def unsafe(session: Connection, tables: MemoryTables) -> Sequence[tuple[str, str, str]]:
    """(table, what it is kept in, the SQL that gives it transactions) of those that have none."""
    if session.dialect.name not in MARIADB:
        return ()
    names = [table.name for table in tables.metadata.tables.values()]
    found = session.execute(ENGINES, {"schema": tables.schema, "names": names, "engine": ENGINE}).all()
    quote = session.dialect.identifier_preparer.quote
    place = f"{quote(tables.schema)}." if tables.schema else ""
    return [(name, kept, f"ALTER TABLE {place}{quote(name)} ENGINE={ENGINE};") for name, kept in found]


def refuse_unsafe(session: Connection, tables: MemoryTables) -> None:
    """Raise TargetError, naming every table of memory that has no transactions."""
    found = unsafe(session, tables)
    if found:
        named = ", ".join(f"{name} ({kept})" for name, kept, _ in found)
        raise TargetError(
            f"tables of memory have no transactions, so nothing could be rolled back: {named}; nothing was changed",
            remedy=" ".join(statement for _, _, statement in found),
        )
