"""Packed sheets read by column, and complaints about single cells. Knows no kind, no field and no YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from reconciler.model.finding import Finding
from reconciler.model.record import Block, Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value

Cell: TypeAlias = tuple[Block, str, Value]
"""The block, the key and the value of one stated field."""


def cells(sheet: Sheet, field: str) -> Iterator[Cell]:
    """Every stated value of one field."""
    for block in sheet.blocks:
        if field in block.fields:
            column = block.fields.index(field)
            for key, row in block.rows.items():
                yield block, key, row[column]


def complaint(sheet: Sheet, block: Block, key: str, field: str, code: str, message: str, remedy: str) -> Finding:
    """A Finding at the line of the field, or of the object where `field` is empty."""
    lines = sheet.locate(block.place, key)
    line = lines.get(field, lines.get(""))
    return Finding(
        code=code,
        message=message,
        remedy=remedy,
        ref=Ref(sheet.kind, key),
        field=field,
        origin=Origin(block.place, line),
        at_files=True,
    )
