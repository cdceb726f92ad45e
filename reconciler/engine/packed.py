"""Working on packed rows: take some columns, replace one. Knows only tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter

from reconciler.model.record import Block
from reconciler.model.values import Value

Row = tuple[Value, ...]


def taker(fields: tuple[str, ...], keep: tuple[str, ...]) -> Callable[[Row], Row]:
    """A function row → the values of `keep`, in its order, always a tuple."""
    positions = [fields.index(name) for name in keep]
    if len(positions) > 1:
        return itemgetter(*positions)
    if positions:
        only = positions[0]
        return lambda row: (row[only],)
    return lambda row: ()


def with_values(block: Block, name: str, values: Mapping[str, Value]) -> Block:
    """The block with other values of one field for some keys."""
    position = block.fields.index(name)
    rows = block.rows | {
        key: (*block.rows[key][:position], value, *block.rows[key][position + 1 :]) for key, value in values.items()
    }
    return Block(block.place, block.fields, rows)


def column(block: Block, name: str) -> dict[str, Value]:
    """key → the value of one field; empty where the block does not have it."""
    if name not in block.fields:
        return {}
    position = block.fields.index(name)
    return {key: row[position] for key, row in block.rows.items()}
