"""What a live schema has of a mapping. Systems of somebody else come in versions: a column that is missing takes its
field with it, a needed one stops us before anything is read (docs/rules.md#rule-27).

Which values a mapping cannot hold: those that would not come back as they were written (docs/rules.md#rule-14).

Every column that a mapping speaks of: what is read of a table that hides something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import sqlalchemy as sa

from reconciler.database import TABLE, LiveTable, live_tables, speaking
from reconciler.model.errors import TargetError
from reconciler.model.target import Refusal
from reconciler.model.values import Value
from reconciler.targets.sql.codec import Codec
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.live_schema import flawed, view_in_place_of
from reconciler.targets.sql.mapping import (
    Account,
    Col,
    Column,
    Foreign,
    KindMap,
    Option,
    OptionReference,
    Options,
    Place,
    RowDefaults,
    SideTable,
    System,
    of_place,
)

_LARGEST: Final[Mapping[type[sa.types.TypeEngine[int]], int]] = {
    sa.BigInteger: 2**63 - 1,
    sa.SmallInteger: 2**15 - 1,
    sa.Integer: 2**31 - 1,
}
"""What a column of whole numbers ends at; the narrower types first where one is of another's kind."""


def refusals(system: System) -> Mapping[str, Mapping[str, Refusal]]:
    """kind → field → why it cannot hold a value. Only fields that may refuse one."""
    return {
        name: {
            field: partial(_refusal, kind, place)
            for field, place in kind.fields.items()
            if isinstance(place, (Column, Option, Options, SideTable))
        }
        for name, kind in system.kinds.items()
    }


def _refusal(kind: KindMap, place: Place, value: Value) -> str:
    match place:
        case Column(column=column, codec=codec):
            return _unheld(codec, value, column.type)
        case Option(codec=codec):
            return _unheld(codec, value, None)
        case Options(register=register) if isinstance(value, Mapping):
            known, secret = kind.codes(register) & value.keys(), sorted(code for code in value if register.hides(code))
            if known:
                return f"{', '.join(sorted(known))} has a field of its own here"
            return f"{', '.join(secret)} holds a secret, which is never written" if secret else ""
        case SideTable(columns=columns, own=own) if isinstance(value, Mapping):
            places = {**columns, **own}
            lacking = sorted(value.keys() - places.keys())
            if lacking:
                return f"there is no place for {', '.join(lacking)} of a single user"
            told = (
                (name, _unheld(places[name].codec, each, places[name].column.type, nothing="inherit"))
                for name, each in value.items()
            )
            return "; ".join(f"{name}: {why}" for name, why in sorted(told) if why)
        case _:
            return ""


def rivals(system: System) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """kind → pairs of fields of which it holds one at most."""
    return {name: kind.rivals for name, kind in system.kinds.items() if kind.rivals}


def _unheld(
    codec: Codec, value: Value, type_: sa.types.TypeEngine[object] | None, nothing: str = "the same as nothing"
) -> str:
    if not codec.holds(value):
        (back,) = codec.decode(codec.encode((value,)))
        means = nothing if back is None else str(back).lower()
        return f"{str(value).lower()} would mean {means} there"
    (stored,) = codec.encode((value,))
    if type_ is not None and isinstance(stored, int):
        largest = next((most for of, most in _LARGEST.items() if isinstance(type_, of)), None)
        if largest is not None and stored > largest:
            return f"the largest number there is {largest:,}"
    if isinstance(type_, sa.String) and type_.length and isinstance(stored, str) and len(stored) > type_.length:
        return f"there is room for {type_.length} characters"
    return ""


class Binder:
    """Looks at the live tables once a table."""

    def __init__(self, wire: Connection) -> None:
        self._wire = wire
        self._columns: dict[str, dict[str, Any]] = {}

    @cached_property
    def _live(self) -> Mapping[str, LiveTable]:
        with speaking(self._wire.place):
            return live_tables(self._wire.connection)

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        return frozenset(name for name, live in self._live.items() if live.sort == TABLE)

    def columns(self, table: str) -> Mapping[str, Any]:
        """name → what is known of each column; none where there is no such table. Raises TargetError where a view has
        its name."""
        if table not in self._columns:
            found: dict[str, Any] = {}
            other = view_in_place_of(table, self._live)
            if other is not None:
                raise flawed([other])
            if table in self.tables:
                with speaking(self._wire.place):
                    found = {c["name"]: c for c in sa.inspect(self._wire.connection).get_columns(table)}
            self._columns[table] = found
        return self._columns[table]

    def one(self, statement: sa.Select[tuple[Any]]) -> Any:
        """The single value of a query."""
        with speaking(self._wire.place):
            return self._wire.connection.execute(statement).scalar()

    def has(self, column: Col) -> bool:
        """Whether a column is there; those of a query are."""
        return not isinstance(column.table, sa.Table) or column.name in self.columns(column.table.name)

    def unfilled(self, table: str, given: Collection[str]) -> tuple[str, ...]:
        """Columns that want a value in every new row and are given none (docs/rules.md#rule-27), sorted."""
        return tuple(
            sorted(
                name
                for name, column in self.columns(table).items()
                if not column["nullable"]
                and column.get("default") is None
                and column.get("autoincrement") is not True
                and "computed" not in column
                and name not in given
            )
        )


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """`system`: the mapping without what the live schema lacks; `lacking`: kind → field → the column it would need;
    `barred`: kind → why no object of it can be created."""

    system: System
    lacking: Mapping[str, Mapping[str, str]]
    barred: Mapping[str, str]


def bind(system: System, live: Binder) -> BoundMapping:
    """What is there. Raises TargetError when a column is missing that nothing works without."""
    missing = sorted({f"{c.table.name}.{c.name}" for c in _needed(system) if not live.has(c)})
    if missing:
        raise TargetError(
            f"the database is not of the version that this target knows: {', '.join(missing)} missing",
            remedy="look whether the URL and the table prefix are right; else this version is not supported",
        )
    kinds = {name: _kind(kind, live) for name, kind in system.kinds.items()}
    return BoundMapping(
        system=replace(
            system,
            kinds=kinds,
            catalogues={n: c for n, c in system.catalogues.items() if live.has(c.id) and live.has(c.name)},
            pointers=tuple(p for p in system.pointers if live.has(p.number)),
            stamps={table: _stamps(stamps, live.columns(table)) for table, stamps in system.stamps.items()},
        ),
        lacking={name: dict(_lacking(kind, live)) for name, kind in system.kinds.items()},
        barred=dict(_barred(system, kinds, live)),
    )


def _needed(system: System) -> Iterator[Col]:
    """What nothing works without: ids, names, and who is on what."""
    for kind in system.kinds.values():
        yield from (kind.id, kind.key)
        for place in kind.fields.values():
            match place:
                case Foreign(column=column):
                    yield column
                case Option(register=register) | OptionReference(register=register) | Options(register=register):
                    yield from register.columns
                case _:
                    pass
        if kind.account is not None:
            yield from _columns(kind.fields[kind.account.state])


def _stamps(stamps: RowDefaults, there: Collection[str]) -> RowDefaults:
    return RowDefaults(
        fresh={name: value for name, value in stamps.fresh.items() if name in there},
        touched={name: value for name, value in stamps.touched.items() if name in there},
    )


def _kind(kind: KindMap, live: Binder) -> KindMap:
    fields = {name: _as_there(place, live) for name, place in kind.fields.items() if _is_there(place, live)}
    account = kind.account
    if account is not None:
        counters = {n: c for n, c in account.counters.items() if live.has(c.owner) and live.has(c.count)}
        account = Account(state=account.state, child=account.child, binned=account.binned, counters=counters)
    belongs = tuple(column for column in kind.belongs if live.has(column))
    created = kind.created if not isinstance(kind.created, sa.Column) or live.has(kind.created) else sa.literal("")
    return replace(kind, fields=fields, account=account, belongs=belongs, created=created)


def _is_there(place: Place, live: Binder) -> bool:
    return all(live.has(column) for column in _columns(place))


def _columns(place: Place) -> tuple[Col, ...]:
    """What there is no field without; of a row at the side each column counts by itself."""
    return (place.owner,) if isinstance(place, SideTable) else tuple(of_place(place))


def _as_there(place: Place, live: Binder) -> Place:
    if not isinstance(place, SideTable):
        return place
    return SideTable(
        place.owner,
        {name: each for name, each in place.columns.items() if live.has(each.column)},
        {name: each for name, each in place.own.items() if live.has(each.column)},
    )


def _lacking(kind: KindMap, live: Binder) -> Iterator[tuple[str, str]]:
    for name, place in kind.fields.items():
        gone = [column for column in _columns(place) if not live.has(column)]
        if gone:
            yield name, ", ".join(f"{column.table.name}.{column.name}" for column in gone)


def _barred(system: System, kinds: Mapping[str, KindMap], live: Binder) -> Iterator[tuple[str, str]]:
    for name, kind in kinds.items():
        if not isinstance(kind.table, sa.Table):
            continue
        filled: dict[str, set[str]] = {kind.table.name: {kind.key.name}}
        for column in _written(kind):
            filled.setdefault(column.table.name, set()).add(column.name)
        for table, given in sorted(filled.items()):
            stamps = system.stamps.get(table, RowDefaults())
            unfilled = live.unfilled(table, {*given, *stamps.fresh})
            if unfilled:
                yield name, f"{table} wants a value for {', '.join(unfilled)}, which nobody here knows"


def _written(kind: KindMap) -> Iterator[Col]:
    """The columns that a new object fills, in all tables that it may get rows in."""
    for place in kind.fields.values():
        match place:
            case SideTable(columns=columns):
                yield from (*_columns(place), *(each.column for each in columns.values()))
            case _:
                yield from of_place(place)
