"""What plan and apply do with memory's tables: the deeds of `sql` and `reading`, written down once more so that a
database can be told to allow nothing else. History is only added to."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table

from reconciler.memory.tables import Tables
from reconciler.model.rights import Deed, Right, Rights


def rights(tables: Tables) -> Rights:
    """Planning reads all but the lock; applying writes, but neither the version nor what history holds."""
    read = [tables.meta, tables.pause, tables.managed, tables.run, tables.change]
    if tables.home is not None:
        read.append(tables.home)
    plan = [_of(table, Deed.SELECT) for table in read]
    return Rights(plan=tuple(plan), apply=(*plan, *_writing(tables)))


def _writing(tables: Tables) -> Iterator[Right]:
    for table in (tables.pause, tables.managed):
        yield _of(table, Deed.INSERT)
        yield _of(table, Deed.DELETE)
    yield _of(tables.lock, Deed.SELECT, "heartbeat")
    yield _of(tables.lock, Deed.UPDATE, "heartbeat", "run")
    yield _of(tables.run, Deed.INSERT)
    yield _of(tables.run, Deed.UPDATE, "finished", "outcome")
    yield _of(tables.change, Deed.INSERT)


def _of(table: Table, deed: Deed, *columns: str) -> Right:
    return Right(table.schema or "", table.name, deed, columns)
