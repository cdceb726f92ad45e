"""Live rows → packed values, a column at a time. Decodes what is there and judges nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from reconciler.model.values import Value
from reconciler.targets.sql.codec import raw, text
from reconciler.targets.sql.connection import CHUNK, Connection, Query, ResultRow, chunks
from reconciler.targets.sql.mapping import (
    Catalogue,
    Col,
    Column,
    Foreign,
    Ids,
    KindMap,
    Links,
    Option,
    OptionReference,
    Options,
    OptionTable,
    Pairs,
    Place,
    SharedColumn,
    SideTable,
    System,
    own_columns,
)
from reconciler.targets.sql.options import ConflictingText, optional_text, referred, texts

NOTHING: Mapping[str, Value] = {}
"""Shared by all objects whose map is empty."""


@dataclass(frozen=True, slots=True)
class LiveRows:
    """Objects of one kind: parallel lists of ids, keys and values; the values in the order of `fields`."""

    fields: tuple[str, ...]
    ids: list[int]
    keys: list[str]
    values: list[tuple[Value | None, ...]]


class RowReader:
    """Reads objects through one mapping. Made anew for each reading: it keeps the names it has looked up."""

    def __init__(self, wire: Connection, system: System) -> None:
        self._wire = wire
        self._system = system
        self._names: dict[Col, dict[int, str]] = {}
        self._texts: dict[Col, dict[int, dict[str, str | None]]] = {}

    def every(self, kind: KindMap) -> LiveRows:
        """All objects of a kind."""
        return self._read(kind, None)

    def hidden(self, kind: KindMap) -> frozenset[str]:
        """The names of rows that are no objects of ours: accounts in the bin, sub-accounts."""
        if not kind.shown or kind.account is None:
            return frozenset()  # only an account's name is its own: others may share theirs with what is no object
        statement: Query = sa.select(kind.key).where(sa.not_(sa.and_(*kind.shown)))
        return frozenset(text(key) for (key,) in self._wire.rows(statement))

    def these(self, kind: KindMap, ids: Sequence[int]) -> LiveRows:
        """The objects of these ids."""
        pieces = [self._read(kind, chunk) for chunk in chunks(ids)]
        return LiveRows(
            tuple(sorted(kind.fields)),
            [number for piece in pieces for number in piece.ids],
            [key for piece in pieces for key in piece.keys],
            [values for piece in pieces for values in piece.values],
        )

    def catalogue(self, name: str) -> Mapping[int, str]:
        """id → name of everything in a catalogue."""
        catalogue = self._system.catalogues[name]
        return self._lookup(catalogue.id, catalogue.name, catalogue.where)

    def unclear(self) -> dict[str, frozenset[str]]:
        """Catalogue → the names that several of it have, where an object is given one of them by its id."""
        places = [place for kind in self._system.kinds.values() for place in kind.fields.values()]
        found: dict[str, frozenset[str]] = {}
        for name in sorted(
            {place.catalogue for place in places if isinstance(place, SharedColumn) and place.catalogue}
        ):
            ids = ids_by_name(self._wire, self._system.catalogues[name])
            several = frozenset(each for each, numbers in ids.items() if len(numbers) > 1)
            found |= {name: several} if several else {}
        return found

    def side(self, place: SideTable, ids: Sequence[int] | None) -> dict[int, Mapping[str, Value]]:
        """owner's id → its map. Equal rows share one map."""
        if not place.columns:
            return {}
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

    def overrides(self, kind: KindMap, place: SideTable) -> Mapping[int, Mapping[str, Value]]:
        """owner's id → its map, of all objects of the kind."""
        maps = self.side(place, None)
        if not place.own:
            return maps
        columns = [each.column for each in place.own.values()]
        rows = self._wire.counts(sa.select(kind.id, *columns).where(*kind.shown))
        numbers = [row[0] for row in rows]
        stored = {column: [row[at] for row in rows] for at, column in enumerate(columns, start=1)}
        found = _with_own([maps.get(number, NOTHING) for number in numbers], place.own, stored)
        return dict(zip(numbers, found, strict=True))

    def _in_use(self, place: SideTable) -> Mapping[str, Column]:
        """The columns that are not empty in every row: few of the fields are overridden by anybody."""
        (counts,) = self._wire.counts(sa.select(*(sa.func.count(c.column) for c in place.columns.values())))
        return {name: c for (name, c), count in zip(place.columns.items(), counts, strict=True) if count}

    def _read(self, kind: KindMap, ids: Sequence[int] | None) -> LiveRows:
        own = list(dict.fromkeys(column for place in kind.fields.values() for column in own_columns(place)))
        statement: Query = sa.select(kind.id, kind.key, *own).where(*kind.shown)
        rows = self._wire.rows(statement if ids is None else statement.where(kind.id.in_(ids)))
        numbers = list(map(itemgetter(0), rows))
        keys = [key if type(key) is str else text(key) for key in map(itemgetter(1), rows)]
        stored = {column: list(map(itemgetter(position), rows)) for position, column in enumerate(own, start=2)}
        del rows  # most of what is held at once, while the rest is read
        self._texts = {register.code: texts(self._wire, register, ids) for register in kind.registers()}
        fields = tuple(sorted(kind.fields))
        columns = [self._decoded(kind, kind.fields[name], stored, numbers, ids) for name in fields]
        return LiveRows(
            fields,
            numbers,
            keys,
            list(zip(*columns, strict=True)) if columns else [()] * len(numbers),
        )

    def _decoded(
        self, kind: KindMap, place: Place, stored: Mapping[Col, Sequence[Any]], numbers: list[int], ids: Any
    ) -> Sequence[Value | None]:
        match place:
            case Column(column=column, codec=codec):
                return codec.decode(stored[column])
            case Foreign(column=column, kind=other, empty=empty):
                return self._referred(other, empty, stored[column])
            case Links(empty=nothing):
                links = self._links(place, ids)
                return [links.get(number, nothing) for number in numbers]
            case Pairs():
                pairs = self._pairs(place, ids)
                return [pairs.get(number, NOTHING) for number in numbers]
            case SideTable(own=own):
                maps = self.side(place, ids)
                found = [maps.get(number, NOTHING) for number in numbers]
                return _with_own(found, own, stored) if own else found
            case SharedColumn():
                return self._unwoven(place, list(zip(*(stored[column] for column in place.columns), strict=True)))
            case Option(register=register) | OptionReference(register=register) | Options(register=register):
                return self._said(kind, place, register, numbers)

    def _referred(self, kind: str, empty: Value | None, stored: Sequence[Any]) -> Sequence[Value | None]:
        names: dict[Any, Value | None] = {0: empty, **self._named(kind), None: empty}
        if set(stored) <= names.keys():
            return list(map(names.__getitem__, stored))
        return [names[number] if number in names else f"#{raw(number)}" for number in stored]

    def _unwoven(self, place: SharedColumn, stored: Sequence[tuple[Any, ...]]) -> Sequence[Value | None]:
        names = self.catalogue(place.catalogue) if place.catalogue else {}
        values = {columns: place.weave.decode(columns, names) for columns in set(stored)}
        return [values[columns] for columns in stored]

    def _said(
        self, kind: KindMap, place: Option | OptionReference | Options, register: OptionTable, numbers: list[int]
    ) -> Sequence[Value | None]:
        said = [self._texts[register.code].get(number, {}) for number in numbers]
        match place:
            case Option(code=code, codec=codec, missing=missing):
                found = [own.get(code) for own in said]
                values = [missing if value is None else value for value in codec.decode(found)]
                if codec.expects is str and any(isinstance(text, ConflictingText) for text in found):
                    # Joined they would be a word that nobody knows, and no number that is put right.
                    values = [None if isinstance(t, ConflictingText) else v for t, v in zip(found, values, strict=True)]
                return values
            case OptionReference(code=code, kind=other):
                names = self._named(other)
                return [referred(place, own.get(code), names) for own in said]
            case Options():
                return [optional_text(kind, place, own) for own in said]

    def _named(self, kind: str) -> dict[int, str]:
        target = self._system.kinds[kind]
        return self._lookup(target.id, target.key, target.where)

    def _links(self, place: Links, ids: Sequence[int] | None) -> dict[int, tuple[str, ...]]:
        names = self.catalogue(place.catalogue)
        found: dict[int, list[str]] = {}
        for owner, item in self._rows((place.owner, place.item), place.owner, ids, place.where):
            found.setdefault(owner, []).append(names.get(item) or f"#{raw(item)}")
        return {owner: tuple(sorted(set(items))) for owner, items in found.items()}

    def _pairs(self, place: Pairs, ids: Sequence[int] | None) -> dict[int, dict[str, Value]]:
        found: dict[int, dict[str, Value]] = {}
        for owner, name, value in self._rows((place.owner, place.name, place.value), place.owner, ids):
            found.setdefault(owner, {})[text(name)] = text(value)
        return {owner: dict(sorted(pairs.items())) for owner, pairs in found.items()}

    def _lookup(self, number: Col, name: Col, where: Sequence[sa.ColumnElement[bool]]) -> dict[int, str]:
        if number not in self._names:
            statement: Query = sa.select(number, name).where(*where)
            self._names[number] = {row[0]: text(row[1]) for row in self._wire.names(statement)}
        return self._names[number]

    def _rows(
        self, columns: Sequence[Col], owner: Col, ids: Sequence[int] | None, where: Sequence[Any] = ()
    ) -> Sequence[ResultRow]:
        statement: Query = sa.select(*columns).where(*where)
        if ids is None:
            return self._wire.counts(statement)  # of all there are none is going to be written
        assert len(ids) <= CHUNK
        return self._wire.rows(statement.where(owner.in_(ids)))


def ids_by_name(wire: Connection, catalogue: Catalogue) -> Ids:
    """Name → the ids of what is meant by it."""
    rather = sa.literal(True) if catalogue.rather is None else catalogue.rather
    first: dict[str, tuple[int, ...]] = {}
    other: dict[str, tuple[int, ...]] = {}
    for name, number, is_first in wire.names(sa.select(catalogue.name, catalogue.id, rather).where(*catalogue.where)):
        found = first if is_first else other
        found[text(name)] = (*found.get(text(name), ()), number)
    return {**other, **first}


def _with_own(
    maps: Sequence[Mapping[str, Value]], own: Mapping[str, Column], stored: Mapping[Col, Sequence[Any]]
) -> Sequence[Mapping[str, Value]]:
    """The maps with what the objects' own rows add to them."""
    columns = zip(*(each.codec.decode(stored[each.column]) for each in own.values()), strict=True)
    added = ({name: value for name, value in zip(own, row, strict=True) if value is not None} for row in columns)
    return [{**found, **more} if more else found for found, more in zip(maps, added, strict=True)]
