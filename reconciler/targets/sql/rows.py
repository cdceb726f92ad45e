"""Live rows → packed values, a column at a time. Decodes what is there and judges nothing. Knows no kind by name."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from reconciler.model.values import Value
from reconciler.targets.sql.codec import raw, text
from reconciler.targets.sql.mapping import Col, Column, Foreign, KindMap, Links, Pairs, Side, System
from reconciler.targets.sql.wire import CHUNK, Line, Query, Wire, chunks

NOTHING: Mapping[str, Value] = {}
"""Shared by all objects whose map is empty."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Objects of one kind: parallel lists of ids, keys and values; the values in the order of `fields`."""

    fields: tuple[str, ...]
    ids: list[int]
    keys: list[str]
    values: list[tuple[Value | None, ...]]


class Rows:
    """Reads objects through one mapping. Made anew for each reading: it keeps the names it has looked up."""

    def __init__(self, wire: Wire, system: System) -> None:
        self._wire = wire
        self._system = system
        self._names: dict[Col, dict[int, str]] = {}

    def every(self, kind: KindMap) -> Packed:
        """All objects of a kind."""
        return self._read(kind, None)

    def hidden(self, kind: KindMap) -> frozenset[str]:
        """The names of rows that are no objects of ours: accounts in the bin, sub-accounts."""
        if not kind.shown:
            return frozenset()
        statement: Query = sa.select(kind.key).where(sa.not_(sa.and_(*kind.shown)))
        return frozenset(text(key) for (key,) in self._wire.rows(statement))

    def these(self, kind: KindMap, ids: Sequence[int]) -> Packed:
        """The objects of these ids."""
        pieces = [self._read(kind, chunk) for chunk in chunks(ids)]
        return Packed(
            tuple(sorted(kind.fields)),
            [number for piece in pieces for number in piece.ids],
            [key for piece in pieces for key in piece.keys],
            [values for piece in pieces for values in piece.values],
        )

    def catalogue(self, name: str) -> Mapping[int, str]:
        """id → name of everything in a catalogue."""
        catalogue = self._system.catalogues[name]
        return self._lookup(catalogue.id, catalogue.name)

    def side(self, place: Side, ids: Sequence[int] | None) -> dict[int, Mapping[str, Value]]:
        """owner's id → its map. Equal rows share one map."""
        places = place.columns if ids is not None or self._wire.locking else self._in_use(place)
        rows = self._rows((place.owner, *(c.column for c in places.values())), place.owner, ids)
        stored = (list(map(itemgetter(position), rows)) for position in range(1, len(places) + 1))
        columns = [c.codec.decode(values) for c, values in zip(places.values(), stored, strict=True)]
        maps: dict[int, Mapping[str, Value]] = dict.fromkeys(map(itemgetter(0), rows), NOTHING)
        shared: dict[tuple[Value | None, ...], Mapping[str, Value]] = {}
        for row, values in zip(rows, zip(*columns, strict=True), strict=bool(columns)):
            known = shared.get(values)
            if known is None:
                known = {name: value for name, value in zip(places, values, strict=True) if value is not None}
                shared[values] = known = known or NOTHING
            maps[row[0]] = known
        return maps

    def _in_use(self, place: Side) -> Mapping[str, Column]:
        """The columns that are not empty in every row: few of the fields are overridden by anybody."""
        (counts,) = self._wire.counts(sa.select(*(sa.func.count(c.column) for c in place.columns.values())))
        return {name: c for (name, c), count in zip(place.columns.items(), counts, strict=True) if count}

    def _read(self, kind: KindMap, ids: Sequence[int] | None) -> Packed:
        own = {name: place for name, place in kind.fields.items() if isinstance(place, (Column, Foreign))}
        statement: Query = sa.select(kind.id, kind.key, *(place.column for place in own.values())).where(*kind.shown)
        rows = self._wire.rows(statement if ids is None else statement.where(kind.id.in_(ids)))
        numbers = list(map(itemgetter(0), rows))
        keys = [key if type(key) is str else text(key) for key in map(itemgetter(1), rows)]
        stored = {name: list(map(itemgetter(position), rows)) for position, name in enumerate(own, start=2)}
        del rows  # most of what is held at once, while the rest is read
        fields = tuple(sorted(kind.fields))
        columns = [self._decoded(kind.fields[name], stored.get(name, ()), numbers, ids) for name in fields]
        return Packed(
            fields,
            numbers,
            keys,
            list(zip(*columns, strict=True)) if columns else [()] * len(numbers),
        )

    def _decoded(
        self, place: Column | Foreign | Links | Pairs | Side, stored: Sequence[Any], numbers: list[int], ids: Any
    ) -> Sequence[Value | None]:
        match place:
            case Column(codec=codec):
                return codec.decode(stored)
            case Foreign(kind=kind, empty=empty):
                target = self._system.kinds[kind]
                names: dict[Any, Value | None] = {**self._lookup(target.id, target.key), None: empty}
                if set(stored) <= names.keys():
                    return list(map(names.__getitem__, stored))
                return [names[number] if number in names else f"#{raw(number)}" for number in stored]
            case Links(empty=nothing):
                links = self._links(place, ids)
                return [links.get(number, nothing) for number in numbers]
            case Pairs():
                pairs = self._pairs(place, ids)
                return [pairs.get(number, NOTHING) for number in numbers]
            case Side():
                maps = self.side(place, ids)
                return [maps.get(number, NOTHING) for number in numbers]

    def _links(self, place: Links, ids: Sequence[int] | None) -> dict[int, tuple[str, ...]]:
        names = self.catalogue(place.catalogue)
        found: dict[int, list[str]] = {}
        for owner, item in self._rows((place.owner, place.item), place.owner, ids):
            found.setdefault(owner, []).append(names.get(item) or f"#{raw(item)}")
        return {owner: tuple(sorted(items)) for owner, items in found.items()}

    def _pairs(self, place: Pairs, ids: Sequence[int] | None) -> dict[int, dict[str, Value]]:
        found: dict[int, dict[str, Value]] = {}
        for owner, name, value in self._rows((place.owner, place.name, place.value), place.owner, ids):
            found.setdefault(owner, {})[text(name)] = text(value)
        return {owner: dict(sorted(pairs.items())) for owner, pairs in found.items()}

    def _lookup(self, number: Col, name: Col) -> dict[int, str]:
        if number not in self._names:
            self._names[number] = {row[0]: text(row[1]) for row in self._wire.names(sa.select(number, name))}
        return self._names[number]

    def _rows(self, columns: Sequence[Col], owner: Col, ids: Sequence[int] | None) -> Sequence[Line]:
        statement: Query = sa.select(*columns)
        if ids is None:
            return self._wire.counts(statement)  # of all there are none is going to be written
        assert len(ids) <= CHUNK
        return self._wire.rows(statement.where(owner.in_(ids)))


@contextmanager
def collector_resting() -> Iterator[None]:
    """A stretch without garbage collection: rows make no circles, and looking for some among so many takes
    longer than reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
