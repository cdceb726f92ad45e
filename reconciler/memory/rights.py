"""What plan and apply do with memory's tables: the deeds of `sql` and `reading`, written down once more so that a
database can be told to allow nothing else. History is only added to."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table

from reconciler.memory.tables import MemoryTables
from reconciler.model.privileges import Privilege, Rights, TableRight


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
