"""Values → rows, in bulk: what insert and update have in common. Finds rows by id only. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from reconciler.model.errors import TargetError
from reconciler.model.target import Draft
from reconciler.model.values import NONE, Value
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.mapping import Column, Foreign, KindMap, Links, Pairs, Side, System
from reconciler.targets.sql.wire import Wire, chunks

Drafts = Mapping[int, Draft]
"""id → the fields to write."""


class Ink:
    """Writes the fields of objects of one kind whose ids are known."""

    def __init__(self, wire: Wire, system: System, kind: KindMap) -> None:
        self._wire = wire
        self._system = system
        self._kind = kind

    def stored(self, drafts: Mapping[Any, Draft]) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """The part of each draft that is in the kind's own table, in batches: names of columns, then rows, each with
        what `drafts` is keyed by and a value a column. Raises TargetError when a reference names what is not live."""
        targets = self._targets(drafts.values())
        batches: dict[tuple[str, ...], list[Any]] = {}
        for who, draft in drafts.items():
            batches.setdefault(tuple(draft), []).append(who)
        for names, batch in batches.items():
            places = ((name, self._kind.fields[name]) for name in names)
            own = [(name, place) for name, place in places if isinstance(place, (Column, Foreign))]
            columns = [_encoded(place, [drafts[who][name] for who in batch], targets) for name, place in own]
            yield [place.column.name for _, place in own], list(zip(batch, *columns, strict=True))

    def update_columns(self, drafts: Drafts) -> None:
        """Write the own columns."""
        for columns, rows in self.stored(drafts):
            if columns:
                self._wire.update(self._kind.id, columns, rows)

    def extras(self, drafts: Drafts, occupied: Collection[int]) -> None:
        """Write what lives in tables of its own: links, maps and the side row. `occupied`: the ids of objects that
        may have such rows already, which those just inserted have not."""
        for name, place in self._kind.fields.items():
            wanted = {number: draft[name] for number, draft in drafts.items() if name in draft}
            there = [number for number in wanted if number in occupied]
            match place:
                case Links() if wanted:
                    self._links(place, wanted, there)
                case Pairs() if wanted:
                    self._pairs(place, wanted, there)
                case Side() if wanted:
                    self._side(place, wanted, there)

    def _targets(self, drafts: Collection[Draft]) -> dict[str, dict[str, int]]:
        """kind → key → id of everything that the references name."""
        named: dict[str, set[str]] = {}
        for name, place in self._kind.fields.items():
            if isinstance(place, Foreign):
                keys = {draft.get(name) for draft in drafts}
                named.setdefault(place.kind, set()).update(str(key) for key in keys if key not in (None, NONE))
        kinds = self._system.kinds
        return {kind: self._wire.ids(kinds[kind], keys, only_named=True) for kind, keys in named.items() if keys}

    def _links(self, place: Links, wanted: Mapping[int, Value | None], there: Sequence[int]) -> None:
        """Add the links that are missing and take away those that are too many."""
        numbers = self._items(place.catalogue)
        present = {tuple(row) for row in self._wire.among(sa.select(place.owner, place.item), place.owner, there)}
        desired = {
            (owner, self._item(numbers, place.catalogue, item))
            for owner, names in wanted.items()
            if isinstance(names, tuple)
            for item in names
        }
        self._remove(place.owner, place.item, present - desired)
        self._wire.insert(place.owner.table, (place.owner.name, place.item.name), sorted(desired - present))

    def _items(self, catalogue: str) -> dict[str, int]:
        names = self._system.catalogues[catalogue]
        return {text(row[0]): row[1] for row in self._wire.names(sa.select(names.name, names.id))}

    def _item(self, numbers: Mapping[str, int], catalogue: str, name: str) -> int:
        if name not in numbers:
            raise TargetError(f'there is no {catalogue.replace("_", " ")} "{name}" in the live system')
        return numbers[name]

    def _pairs(self, place: Pairs, wanted: Mapping[int, Value | None], there: Sequence[int]) -> None:
        present = {
            (owner, name): value
            for owner, name, value in self._wire.among(
                sa.select(place.owner, place.name, place.value), place.owner, there
            )
        }
        desired = {
            (owner, name): value
            for owner, pairs in wanted.items()
            if isinstance(pairs, Mapping)
            for name, value in pairs.items()
        }
        # None for a value: that name is to go, as a revert asks where the map is not ours whole.
        unwanted = {pair for pair in present if pair in desired and desired[pair] is None}
        desired = {pair: value for pair, value in desired.items() if value is not None}
        gone = set(present) - set(desired) if place.whole else unwanted
        changed = {pair for pair, value in desired.items() if pair in present and present[pair] != value}
        self._remove(place.owner, place.name, gone | changed)
        fresh = [
            (owner, name, value)
            for (owner, name), value in sorted(desired.items())
            if (owner, name) in changed or (owner, name) not in present
        ]
        self._wire.insert(place.owner.table, (place.owner.name, place.name.name, place.value.name), fresh)

    def _side(self, place: Side, wanted: Mapping[int, Value | None], there: Sequence[int]) -> None:
        """The whole row: what the map does not list becomes NULL."""
        present = {row[0] for row in self._wire.among(sa.select(place.owner), place.owner, there)}
        maps = {owner: values if isinstance(values, Mapping) else {} for owner, values in wanted.items()}
        old = {owner: values for owner, values in maps.items() if owner in present}
        new = {owner: values for owner, values in maps.items() if values and owner not in present}
        self._wire.update(place.owner, *_side_rows(place.columns, old))
        listed = {name: column for name, column in place.columns.items() if any(name in own for own in new.values())}
        columns, rows = _side_rows(listed, new)
        self._wire.insert(place.owner.table, (place.owner.name, *columns), rows)

    def _remove(self, first: Any, second: Any, pairs: Iterable[tuple[Any, Any]]) -> None:
        for one, other in sorted(pairs, key=str):  # a hand may have left several types
            self._wire.write(sa.delete(first.table).where(first == one, second == other))


def _encoded(
    place: Column | Foreign, values: Sequence[Value | None], targets: Mapping[str, Mapping[str, int]]
) -> Sequence[Any]:
    if isinstance(place, Column):
        return place.codec.encode(values)
    numbers: dict[Any, int | None] = {**targets.get(place.kind, {}), None: None, NONE: None}
    for value in values:
        if value not in numbers:
            raise TargetError(f'there is no {place.kind} "{value}" in the live system')
    return [numbers[value] for value in values]


def _side_rows(
    columns: Mapping[str, Column], maps: Mapping[int, Mapping[str, Value]]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns, then a row an owner: its id and a value a column, None for what its map does not list."""
    stored = (column.codec.encode([own.get(name) for own in maps.values()]) for name, column in columns.items())
    return [column.column.name for column in columns.values()], list(zip(maps, *stored, strict=True))


def delete_where(wire: Wire, column: Any, ids: Iterable[int]) -> int:
    """Delete the rows whose column is one of these ids; how many there were."""
    return sum(wire.write(sa.delete(column.table).where(column.in_(chunk))) for chunk in chunks(ids))
