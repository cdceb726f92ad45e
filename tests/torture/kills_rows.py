"""Every row of a database of the built-in ESP, and what the rows say without what differs from run to run.

That is ids, times and the names of runs. An id that a killed transaction took is not given again, so rows are told by
what they are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.memory.tables import MemoryTables
from reconciler.targets.native.tables import CREATED, tables

Row = dict[str, Any]
Rows = dict[str, list[Row]]

RUN, CHANGES = "reconciler_run", "reconciler_change"
RUNS = frozenset({RUN, "reconciler_lock"})
"""What a failed apply may leave behind: that it was tried."""

TIMELESS = frozenset({CREATED, "run"})


def layout(memory: str | None) -> Sequence[sa.Table]:
    """All tables, those that others refer to first. `memory`: the schema of memory."""
    return (*tables(KINDS).sorted_tables, *MemoryTables(memory).metadata.sorted_tables)


def read(connection: Any, layout: Sequence[sa.Table]) -> Rows:
    """Every row of these tables, in one order."""
    found: Rows = {}
    for table in layout:
        cursor = connection.execute(f"SELECT * FROM {table.fullname}")
        columns = [column[0] for column in cursor.description]
        found[table.name] = [dict(zip(columns, row, strict=True)) for row in sorted(cursor.fetchall(), key=repr)]
    return found


def write(connection: Any, layout: Sequence[sa.Table], now: Rows, wanted: Rows) -> None:
    """Make the tables that differ as they are wanted. The connection looks at no foreign key."""
    for table in layout:
        rows = wanted[table.name]
        if rows != now[table.name]:
            connection.execute(f"DELETE FROM {table.fullname}")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                values = [tuple(row.values()) for row in rows]
                connection.executemany(f"INSERT INTO {table.fullname} VALUES ({marks})", values)


def without_runs(rows: Rows) -> Rows:
    return {name: of_table for name, of_table in rows.items() if name not in RUNS}


def outcomes(rows: Rows) -> list[str]:
    """Of all runs, the oldest first."""
    return [run["outcome"] for run in sorted(rows[RUN], key=lambda run: str(run["started"]))]


def called(rows: Rows, layout: Sequence[sa.Table]) -> Rows:
    """The rows but those of the runs, and for each id the name that its row has."""
    names = {
        name: {row["id"]: row.get("name") if "email" not in row else row["email"] for row in of_table if "id" in row}
        for name, of_table in rows.items()
    }
    return {
        table.name: sorted((dict(_called(table, row, names)) for row in rows[table.name]), key=repr)
        for table in layout
        if table.name not in RUNS
    }


def _called(table: sa.Table, row: Row, names: dict[str, dict[int, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in TIMELESS:
            continue
        referred = [table.name] if name == "id" else [key.column.table.name for key in table.c[name].foreign_keys]
        yield name, names[referred[0]].get(value) if referred and value is not None else value
