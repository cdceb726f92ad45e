"""Rows of what was deleted, put back as they were: every column, also those that no field speaks of. References go by
name, for what they name may have another id by now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import sqlalchemy as sa

from reconciler.database import speaking
from reconciler.model.change import Raw
from reconciler.model.target import NewObject
from reconciler.targets.sql.connection import Connection, Query
from reconciler.targets.sql.mapping import Col, Foreign, KindMap
from reconciler.targets.sql.row_writer import RowWriter

HEX = "hex"


def rows_to_json(value: Any) -> Any:
    """A stored value as JSON can hold it, so that `thawed` gives it back."""
    match value:
        case None | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case bytes():
            return {HEX: value.hex()}
        case _:
            return str(value)


def rows_from_json(found: Any) -> Any:
    """The stored value that `kept` was given; dates and the like as text, which every engine reads."""
    return bytes.fromhex(found[HEX]) if isinstance(found, Mapping) and HEX in found else found


def restore(
    wire: Connection, kind: KindMap, ink: RowWriter, rows: Mapping[str, NewObject], raw: Mapping[str, Raw]
) -> None:
    """Insert the own row of each object; the id comes back too where nothing else has it."""
    own = kind.table
    assert isinstance(own, sa.Table)
    there = _columns(wire, own)
    for key, encoded in _encoded(ink, rows):
        row = {**encoded, **_old_columns(kind, raw[key], there), kind.key.name: key}
        if kind.id.name in row and _is_taken(wire, kind, row[kind.id.name]):
            del row[kind.id.name]
        types = {name: own.c[name].type if name in own.c else sa.types.NullType() for name in row}
        table = sa.table(own.name, *(sa.column(name, of) for name, of in types.items()), schema=own.schema)
        wire.insert(table, list(row), [tuple(row.values())])


def restore_beside(wire: Connection, kind: KindMap, ids: Mapping[str, int], raw: Mapping[str, Raw]) -> None:
    """Insert what belonged to the objects in tables that no field speaks of row by row: options, and what is `belongs`.
    `ids`: key → id by now. Ids of rows come back where nothing else has them by now."""
    numbers = {register.owner: register.id for register in kind.registers() if register.owner is not None}
    for owner in (*numbers, *kind.belongs):
        table = owner.table
        assert isinstance(table, sa.Table)
        old = [(ids[key], row) for key in ids for row in raw[key].get(table.name) or ()]
        rows = [
            {**{name: rows_from_json(value) for name, value in row.items()}, owner.name: number} for number, row in old
        ]
        if rows:
            _insert_beside(wire, table, numbers.get(owner), rows)


def _insert_beside(wire: Connection, table: sa.Table, number: Col | None, rows: Sequence[dict[str, Any]]) -> None:
    there = _columns(wire, table)
    taken: set[Any] = set()
    if number is not None:
        taken = {found for (found,) in wire.among(sa.select(number), number, [row.get(number.name) for row in rows])}
    for row in rows:
        ours = {name: value for name, value in row.items() if name in there}
        if number is not None and ours.get(number.name) in taken:
            del ours[number.name]
        columns: list[Any] = [sa.column(name) for name in ours]
        wire.insert(sa.table(table.name, *columns, schema=table.schema), [*ours], [tuple(ours.values())])


def _encoded(ink: RowWriter, rows: Mapping[str, NewObject]) -> Iterator[tuple[str, dict[str, Any]]]:
    for columns, batch in ink.stored(rows, {}):
        for key, *values in batch:
            yield key, dict(zip(columns, values, strict=True))


def _old_columns(kind: KindMap, raw: Raw, there: frozenset[str]) -> dict[str, Any]:
    """What the old row says of columns that are still there, references apart."""
    references = {place.column.name for place in kind.fields.values() if isinstance(place, Foreign)}
    own = raw.get(kind.table.name) or [{}]
    return {name: rows_from_json(value) for name, value in own[0].items() if name in there and name not in references}


def _columns(wire: Connection, table: sa.Table) -> frozenset[str]:
    """The columns that the live table has and that can be written."""
    with speaking(wire.place):
        found = sa.inspect(wire.connection).get_columns(table.name, schema=table.schema)
    return frozenset(column["name"] for column in found if "computed" not in column)


def _is_taken(wire: Connection, kind: KindMap, number: Any) -> bool:
    statement: Query = sa.select(kind.id).where(kind.id == number)
    return bool(wire.rows(statement))
