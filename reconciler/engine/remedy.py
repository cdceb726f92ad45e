"""What to write so that a refused deletion becomes possible. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from math import inf, log2

from reconciler.engine.effect import size
from reconciler.model.change import Delete
from reconciler.model.record import Sheet, column
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Direction, Vocabulary
from reconciler.model.values import Values

UNBOUNDED = 64.0
"""How far `unlimited` is from nothing, where a doubling is 1."""


def how_to_delete(change: Delete, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> str:
    """The lines to write, and the lines of files that still name it."""
    stone = vocabulary[change.ref.kind].tombstone
    if stone is None:
        return "let its users name something else first"
    lines = naming_lines(change.ref, stated, vocabulary)
    also = f"; and change {_together(lines)}" if lines else ""
    successor = _most_alike(change, stated, vocabulary)
    return f"to delete it: {stone.field}: {stone.removed}, {stone.successor}: {successor}{also}"


def naming_lines(ref: Ref, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> list[Origin]:
    """The lines of files that name `ref`, in order."""
    found: list[Origin] = []
    for kind, sheet in stated.items():
        for field, reference in vocabulary.references[kind]:
            if reference.kind == ref.kind:
                keys = [key for b in sheet.blocks for key, value in column(b, field.name).items() if value == ref.key]
                found += [sheet[key].where(field.name) for key in keys]
    return sorted(found, key=lambda origin: (origin.place, origin.line or 0))


def _together(lines: list[Origin]) -> str:
    """`tenants.d/eu.yaml:12, :40, tenants.d/us.yaml:3`."""
    return ", ".join(
        f"{place}:" + ", :".join(str(origin.line) for origin in origins)
        for place, origins in groupby(lines, key=lambda origin: origin.place)
    )


def _most_alike(change: Delete, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> str:
    """The declared object, open to new users, whose limits are nearest to those of the one that goes."""
    stone = vocabulary[change.ref.kind].tombstone
    sheet = stated.get(change.ref.kind, Sheet(change.ref.kind))
    distances = {
        key: _distance(change.ref.kind, change.before, sheet[key].values, vocabulary)
        for key in sheet
        if key != change.ref.key
        and (stone is None or sheet[key].values.get(stone.field) not in (stone.closed, stone.removed))
    }
    return min(distances, key=lambda key: (distances[key], key), default="ANOTHER")


def _distance(kind: str, one: Values, other: Values, vocabulary: Vocabulary) -> float:
    """How many doublings lie between the limits of two objects; what is not stated counts as its default."""
    total = 0.0
    for field in vocabulary.held[kind]:
        sizes = [size(field, values.get(field.name, field.default)) for values in (one, other)]
        if field.direction is not Direction.NONE and None not in sizes:
            steps = [UNBOUNDED if s == inf else log2(1 + max(0.0, s or 0.0)) for s in sizes]
            total += abs(steps[0] - steps[1])
    return total
