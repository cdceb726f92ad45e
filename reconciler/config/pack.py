"""Typed objects of one file → Blocks of tuples, and a digest that does not depend on the layout. Knows no YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from reconciler.config.tree import Paths, flat
from reconciler.model.record import Block
from reconciler.model.values import Value

DIGEST_BYTES = 32
MODULUS = 1 << (8 * DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class FileObjects:
    """The objects of one file. `digest`: a sum over the objects, so it adds up over files in any order."""

    blocks: tuple[Block, ...] = ()
    digest: int = 0


def pack_objects(kind: str, place: str, objects: Mapping[str, Mapping[str, Any]], names: Paths) -> FileObjects:
    """One block for each set of stated fields. `names`: the dotted names of the kind."""
    blocks: dict[tuple[str, ...], Block] = {}
    slots: dict[tuple[str, ...], tuple[Callable[[Any], tuple[Value, ...]], dict[str, tuple[Value, ...]]]] = {}
    groups = frozenset(name for name, inner in names.items() if not isinstance(inner, str))
    for key, fields in objects.items():
        # Most tenants state nothing inside a group; they are flat already.
        values = fields if groups.isdisjoint(fields) else flat(fields, names)
        stated = tuple(values)
        slot = slots.get(stated)
        if slot is None:
            ordered = tuple(sorted(stated))
            block = blocks.setdefault(ordered, Block(place, ordered, {}))
            slot = slots[stated] = (_picker(ordered), block.rows)
        pick, rows = slot
        rows[key] = pick(values)
    found = tuple(blocks[fields] for fields in sorted(blocks))
    return FileObjects(found, digest(kind, found))


def digest(kind: str, blocks: Iterable[Block]) -> int:
    """The sum of the objects' hashes: the same however they are spread over blocks and files.

    What is hashed is Python's ASCII notation of fields and values, which is canonical here: fields are sorted, maps
    too, and every value is an int, a bool, a text, a tuple or a dict of these.
    """
    total = 0
    for block in blocks:
        start = blake2b(b"%a" % ((kind, block.fields),), digest_size=DIGEST_BYTES)
        for row in block.rows.items():
            single = start.copy()
            single.update(b"%a" % (row,))
            total += int.from_bytes(single.digest(), "big")
    return total % MODULUS


def _picker(fields: tuple[str, ...]) -> Callable[[Any], tuple[Value, ...]]:
    match fields:
        case ():
            return lambda values: ()
        case (only,):
            return lambda values: (values[only],)
        case _:
            return itemgetter(*fields)
