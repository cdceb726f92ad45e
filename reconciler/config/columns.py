"""Packed sheets read by column, and complaints about single cells. Knows no kind, no field and no YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
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
    """A Finding about the field, or about the object where `field` is empty. `located` gives it its line."""
    return Finding(
        code=code,
        message=message,
        remedy=remedy,
        ref=Ref(sheet.kind, key),
        field=field,
        origin=Origin(block.place),
        at_files=True,
    )


def located(finding: Finding, sheets: Mapping[str, Sheet]) -> Finding:
    """The finding at the line of its field, or of its object. To find the line is most of its cost."""
    if finding.ref is None or finding.origin is None or finding.origin.line is not None:
        return finding
    place = finding.origin.place
    lines = sheets[finding.ref.kind].locate(place, finding.ref.key)
    return replace(finding, origin=Origin(place, lines.get(finding.field, lines.get(""))))
