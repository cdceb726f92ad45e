"""Values → rows, in bulk: what insert and update have in common. Finds rows by id only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reconciler.model.errors import TargetError
from reconciler.model.target import NewObject
from reconciler.model.values import NONE, Value
from reconciler.targets.sql.connection import Connection, Query, chunks
from reconciler.targets.sql.mapping import (
    NOW,
    Col,
    Column,
    Foreign,
    Ids,
    KindMap,
    Links,
    OptionReference,
    OptionTable,
    Pairs,
    Place,
    RowDefaults,
    SharedColumn,
    SideTable,
    System,
)
from reconciler.targets.sql.options import OptionWriter, written
from reconciler.targets.sql.rows import ids_by_name

NewRows = Mapping[int, NewObject]
"""id → the fields to write."""


class RowWriter:
    """Writes the fields of objects of one kind whose ids are known."""

    def __init__(self, wire: Connection, system: System, kind: KindMap) -> None:
        self._wire = wire
        self._system = system
        self._kind = kind
        self._catalogues: dict[str, Ids] = {}

    def stored(
        self, drafts: Mapping[Any, NewObject], present: Mapping[Any, Mapping[Col, Any]]
    ) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """The part of each draft that is in the kind's own table, in batches: names of columns, then rows, each with
        what `drafts` is keyed by and a value a column. `present`: what is in the columns that values share, nothing for
        what is new. Raises TargetError when a reference names what is not live."""
        targets = self._targets(drafts.values())
        batches: dict[tuple[str, ...], list[Any]] = {}
        for who, draft in drafts.items():
            batches.setdefault(tuple(draft), []).append(who)
        for names, batch in batches.items():
            columns: dict[str, Sequence[Any]] = {}
            for name in names:
                values = [drafts[who][name] for who in batch]
                columns |= _encoded(self._kind.fields[name], values, targets)
            columns |= self._woven(names, {who: drafts[who] for who in batch}, present)
            yield list(columns), list(zip(batch, *columns.values(), strict=True))

    def insert(self, rows: Mapping[str, NewObject]) -> None:
        """Write new objects' own rows; what lives in other tables is left to `extras`."""
        for columns, batch in self.stored(rows, {}):
            self.add(_table(self._kind.key), (self._kind.key.name, *columns), batch)

    def add(self, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, each with a value for each of `columns` and what else the table wants of new ones."""
        fresh = {name: value for name, value in self.stamps(table)["fresh"].items() if name not in columns}
        made = [(*row, *(value() if callable(value) else value for value in fresh.values())) for row in rows]
        self._wire.insert(table, (*columns, *fresh), made if fresh else rows)

    def update_columns(self, drafts: NewRows) -> None:
        """Write the own columns."""
        for columns, rows in self.stored(drafts, self._present(drafts)):
            if columns:
                self._change(self._kind.id, columns, rows)

    def stamps(self, table: sa.Table) -> dict[str, dict[str, Any]]:
        """What a table wants besides of `fresh` and of `touched` rows: column → value."""
        known = self._system.stamps.get(table, RowDefaults())
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "fresh": {name: now if value is NOW else value for name, value in known.fresh.items()},
            "touched": {name: now if value is NOW else value for name, value in known.touched.items()},
        }

    def _change(self, by: Col, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        touched = self.stamps(_table(by))["touched"]
        self._wire.update(by, (*columns, *touched), [(*row, *touched.values()) for row in rows] if touched else rows)

    def _present(self, drafts: NewRows) -> dict[int, dict[Col, Any]]:
        """What is in the columns that values share, locked."""
        names = {name for draft in drafts.values() for name in draft}
        shared = [
            place for name, place in self._kind.fields.items() if name in names and isinstance(place, SharedColumn)
        ]
        columns = list(dict.fromkeys(column for place in shared for column in place.columns))
        if not columns:
            return {}
        rows = self._wire.among(sa.select(self._kind.id, *columns), self._kind.id, drafts)
        return {number: dict(zip(columns, found, strict=True)) for number, *found in rows}

    def _woven(
        self, names: Collection[str], drafts: Mapping[Any, NewObject], present: Mapping[Any, Mapping[Col, Any]]
    ) -> dict[str, list[Any]]:
        """Name of each shared column → its new texts, one a draft."""
        places = [(name, self._kind.fields[name]) for name in names]
        shared = [(name, place) for name, place in places if isinstance(place, SharedColumn)]
        found: dict[str, list[Any]] = {column.name: [] for _, place in shared for column in place.columns}
        for who, draft in drafts.items() if shared else ():
            held = dict(present.get(who, {}))
            for name, place in shared:
                ids = self._items(place.catalogue) if place.catalogue else {}
                old = tuple(held.get(column) for column in place.columns)
                held |= zip(place.columns, place.weave.encode(draft[name], old, ids), strict=True)
            for column in {column for _, place in shared for column in place.columns}:
                found[column.name].append(held[column])
        return found

    def extras(self, drafts: NewRows, occupied: Collection[int]) -> None:
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
                case SideTable(columns=columns) if wanted and columns:
                    self._side(place, wanted, there)
                case _:
                    pass
        for register in self._kind.registers():
            self._options(register, drafts, occupied)

    def _options(self, register: OptionTable, drafts: NewRows, occupied: Collection[int]) -> None:
        """The options of the drafts; new objects get the whole set, as the application writes it."""
        targets = self._targets(drafts.values())
        wanted: dict[int, dict[str, str | None]] = {}
        for number, draft in drafts.items():
            said = written(self._kind, register, draft, targets)
            template: Mapping[str, str | None] = {} if number in occupied else register.template
            if said or template:
                wanted[number] = {**template, **said}
        there = [number for number in wanted if number in occupied]
        if wanted:
            OptionWriter(self._wire, register, self.stamps(register.table)).write(wanted, there)

    def _targets(self, drafts: Collection[NewObject]) -> dict[str, dict[str, int]]:
        """kind → key → id of everything that the references name."""
        named: dict[str, set[str]] = {}
        for name, place in self._kind.fields.items():
            if isinstance(place, (Foreign, OptionReference)):
                keys = {draft.get(name) for draft in drafts}
                named.setdefault(place.kind, set()).update(str(key) for key in keys if key not in (None, NONE))
        kinds = self._system.kinds
        return {kind: self._wire.ids(kinds[kind], keys, only_named=True) for kind, keys in named.items() if keys}

    def _links(self, place: Links, wanted: Mapping[int, Value | None], there: Sequence[int]) -> None:
        """Add the links that are missing and take away those that are too many; of equal ones one stays. A name that
        several items have stands for all of them."""
        numbers = self._items(place.catalogue)
        linked: Query = sa.select(place.owner, place.item).where(*place.where)
        rows = [tuple(row) for row in self._wire.among(linked, place.owner, there)]
        repeated = {pair for pair, count in Counter(rows).items() if count > 1}
        present = set(rows)
        single = self._system.catalogues[place.catalogue].single
        desired: set[tuple[Any, ...]] = set()
        for owner, names in wanted.items():
            for name in names if isinstance(names, tuple) else ():
                meant = {(owner, number) for number in self._item(numbers, place.catalogue, name)}
                if single and len(meant) > 1:
                    if not meant & present:
                        what = place.catalogue.replace("_", " ")
                        raise TargetError(
                            f'there are {len(meant)} of {what} "{name}" in the live system',
                            remedy="rename all but one of them",
                        )
                    meant &= present
                desired |= meant
        self._remove(place.owner, place.item, (present - desired) | repeated)
        missing = sorted((desired - present) | (desired & repeated))
        self.add(_table(place.owner), (place.owner.name, place.item.name), missing)

    def _items(self, catalogue: str) -> Ids:
        if catalogue not in self._catalogues:
            self._catalogues[catalogue] = ids_by_name(self._wire, self._system.catalogues[catalogue])
        return self._catalogues[catalogue]

    def _item(self, numbers: Ids, catalogue: str, name: str) -> tuple[int, ...]:
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
        self.add(_table(place.owner), (place.owner.name, place.name.name, place.value.name), fresh)

    def _side(self, place: SideTable, wanted: Mapping[int, Value | None], there: Sequence[int]) -> None:
        """The whole row: what the map does not list becomes NULL."""
        present = {row[0] for row in self._wire.among(sa.select(place.owner), place.owner, there)}
        maps = {owner: values if isinstance(values, Mapping) else {} for owner, values in wanted.items()}
        old = {owner: values for owner, values in maps.items() if owner in present}
        new = {owner: values for owner, values in maps.items() if values and owner not in present}
        self._change(place.owner, *_side_rows(place.columns, old))
        listed = {name: column for name, column in place.columns.items() if any(name in own for own in new.values())}
        columns, rows = _side_rows(listed, new)
        self.add(_table(place.owner), (place.owner.name, *columns), rows)

    def _remove(self, first: Any, second: Any, pairs: Iterable[tuple[Any, Any]]) -> None:
        for one, other in sorted(pairs, key=str):  # a hand may have left several types
            self._wire.write(sa.delete(first.table).where(first == one, second == other))


def _encoded(
    place: Place, values: Sequence[Value | None], targets: Mapping[str, Mapping[str, int]]
) -> dict[str, Sequence[Any]]:
    """Name of column → what is stored, for a field that has columns of its own in the object's row."""
    match place:
        case Column(column=column, codec=codec):
            return {column.name: codec.encode(values)}
        case Foreign(column=column, kind=kind, nothing=nothing):
            numbers: dict[Any, int | None] = {**targets.get(kind, {}), None: nothing, NONE: nothing}
            for value in values:
                if value not in numbers:
                    raise TargetError(f'there is no {kind} "{value}" in the live system')
            return {column.name: [numbers[value] for value in values]}
        case SideTable(own=own):
            maps = [value if isinstance(value, Mapping) else {} for value in values]
            return {
                each.column.name: each.codec.encode([found.get(name) for found in maps]) for name, each in own.items()
            }
        case _:
            return {}


def _side_rows(
    columns: Mapping[str, Column], maps: Mapping[int, Mapping[str, Value]]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns, then a row an owner: its id and a value a column, None for what its map does not list."""
    stored = (column.codec.encode([own.get(name) for own in maps.values()]) for name, column in columns.items())
    return [column.column.name for column in columns.values()], list(zip(maps, *stored, strict=True))


def delete_where(wire: Connection, column: Any, ids: Iterable[int]) -> int:
    """Delete the rows whose column is one of these ids; how many there were."""
    return sum(wire.write(sa.delete(column.table).where(column.in_(chunk))) for chunk in chunks(ids))


def _table(column: Col) -> sa.Table:
    table = column.table
    assert isinstance(table, sa.Table)
    return table
