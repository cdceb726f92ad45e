"""A mapping as one live database has it. Systems of somebody else come in versions: a column that is missing takes its
field with it, a needed one stops us before anything is read (docs/rules.md#rule-27).

Which values a mapping cannot hold: those that would not come back as they were written (docs/rules.md#rule-14).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from reconciler.database import TABLE, LiveTable, held_by, live_tables, speaking
from reconciler.model.errors import TargetError
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Refusal
from reconciler.model.values import Value
from reconciler.targets.sql.codec import Codec
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.live_schema import flawed, view_in_place_of
from reconciler.targets.sql.mapping import (
    ABSENT,
    Catalogue,
    Col,
    Column,
    Counter,
    Foreign,
    KindMap,
    Largest,
    Links,
    Option,
    OptionReference,
    Options,
    Place,
    Pointer,
    RowDefaults,
    SharedColumn,
    SideTable,
    System,
    column_of,
    columns_in,
    of_place,
)

Bound = TypeVar("Bound")

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

    def sizes(self, table: str) -> Mapping[str, sa.types.TypeEngine[Any]]:
        """name → the type of each column whose type says what fits in."""
        held = {name: held_by(self._wire.connection, known["type"]) for name, known in self.columns(table).items()}
        return {name: type_ for name, type_ in held.items() if type_ is not None}

    def one(self, statement: sa.Select[tuple[Any]]) -> Any:
        """The single value of a query."""
        with speaking(self._wire.place):
            return self._wire.connection.execute(statement).scalar()

    def has(self, *expressions: sa.ClauseElement) -> bool:
        """Whether all columns that these speak of are there."""
        return all(column.name in self.columns(column.table.name) for column in columns_in(*expressions))

    def empty(self, column: Col) -> int | None:
        """What is written where there is nothing to write: 0 in a column that takes no NULL."""
        known = self.columns(column.table.name).get(column.name)
        return 0 if known is not None and not known["nullable"] else None

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


class LiveTables:
    """The tables of a mapping with the names and the sizes that they have here. `bound` rewrites whatever speaks of the
    ones so that it speaks of the others; aliases and queries are made anew once, so that their columns stay the same
    objects in all places."""

    def __init__(self, live: Binder, prefix: str) -> None:
        self._live = live
        self._prefix = prefix
        self._metadata = sa.MetaData()
        self._sources: dict[sa.FromClause, sa.FromClause] = {}
        self._parts: dict[int, Any] = {}

    def bound(self, part: Bound) -> Bound:
        """The same part of a mapping, about the live tables. In a condition, an optional column that is not there reads
        what its declaration says."""
        return self._bound(part)  # type: ignore[no-any-return]  # of the same type

    def _bound(self, part: Any) -> Any:
        """Each part once: many fields are in one table of options."""
        if isinstance(part, (str, int, type)) or part is None:
            return part
        if id(part) not in self._parts:
            self._parts[id(part)] = self._rewritten(part)
        return self._parts[id(part)]

    def _rewritten(self, part: Any) -> Any:
        if isinstance(part, sa.ClauseElement):
            return self._clause(part)
        if isinstance(part, Mapping):
            return {self._bound(key): self._bound(value) for key, value in part.items()}
        if isinstance(part, (tuple, frozenset)):
            return type(part)(map(self._bound, part))
        if is_dataclass(part) and not isinstance(part, type):
            old = {each.name: getattr(part, each.name) for each in fields(part)}
            new = {name: self._bound(value) for name, value in old.items()}
            return replace(part, **new) if any(new[name] is not old[name] for name in old) else part
        return part

    def _clause(self, part: sa.ClauseElement) -> Any:
        if isinstance(part, sa.ColumnClause) and part.table is not None:
            return self._source(part.table).c[part.key]
        return visitors.replacement_traverse(part, {}, self._replaced)

    def _replaced(self, element: Any, **_: Any) -> Any:
        if isinstance(element, (sa.Table, sa.Alias, sa.Subquery)):
            return self._source(element)
        if isinstance(element, sa.ColumnClause) and isinstance(element.table, (sa.Table, sa.Alias, sa.Subquery)):
            lacking = self._lacking(element.table, element.key)
            return self._source(element.table).c[element.key] if lacking is None else lacking
        return None

    def _lacking(self, table: sa.FromClause, name: str) -> sa.ColumnElement[Any] | None:
        """What conditions read in place of an optional column that is not there; None: it is."""
        while isinstance(table, sa.Alias):
            table = table.element
        declared = table.c[name]
        if not isinstance(declared, sa.Column) or ABSENT not in declared.info or self._live.has(self._clause(declared)):
            return None
        return sa.null() if declared.info[ABSENT] is None else sa.literal(declared.info[ABSENT])

    def _source(self, table: sa.FromClause) -> sa.FromClause:
        if table not in self._sources:
            match table:
                case sa.Table():
                    made: sa.FromClause = self._table(table)
                case sa.Subquery():
                    made = self._clause(table.element).subquery(table.name)
                case sa.Alias():
                    made = self._source(table.element).alias(table.name)
                case _:
                    raise TypeError(f"a column of {type(table).__name__} in a mapping")
            self._sources[table] = made
        return self._sources[table]

    def _table(self, table: sa.Table) -> sa.Table:
        live = self._live.sizes(self._prefix + table.name)
        columns = (sa.Column(c.name, live.get(c.name, c.type), primary_key=c.primary_key) for c in table.c)
        # Newer servers keep words for themselves that are names of tables.
        return sa.Table(self._prefix + table.name, self._metadata, *columns, quote=True)


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """A mapping bound to a live schema."""

    system: System
    """The mapping without what the live schema lacks."""
    lacking: Mapping[str, Mapping[str, str]]
    """kind → field → the column it would need."""
    barred: Mapping[str, str]
    """kind → why no object of it can be created."""
    besides: tuple[Col, ...]
    """Columns that are read though no kind and no catalogue speaks of them."""


def bind(system: System, live: Binder, vocabulary: Vocabulary, options: Mapping[str, Any]) -> BoundMapping:
    """What is there. `options`: what the settings say of the target, such as `table_prefix` and `columns`. Raises
    TargetError when this is another system, or a column is missing that nothing works without."""
    tables = LiveTables(live, prefix_of(system, live.tables, options.get("table_prefix")))
    whole = tables.bound(system)
    whole = replace(whole, kinds={name: _named(kind, live, vocabulary, options) for name, kind in whole.kinds.items()})
    missing = sorted({f"{c.table.name}.{c.name}" for c in _needed(whole, live) if not live.has(c)})
    if missing:
        raise TargetError(
            f"the database is not of the version that this target knows: {', '.join(missing)} missing",
            remedy="look whether the URL and the table prefix are right; else this version is not supported",
        )
    kinds = {name: _kind(kind, whole, live) for name, kind in whole.kinds.items()}
    reads = {name: query for name, query in whole.reads.items() if live.has(query)}
    asked = [
        value for stamps in whole.stamps.values() for value in stamps.fresh.values() if isinstance(value, sa.Select)
    ]
    bound = replace(
        whole,
        kinds=kinds,
        catalogues={n: c for n, c in whole.catalogues.items() if _is_listed(c, live)},
        pointers=tuple(_pointers(whole, live)),
        stamps={table: _stamps(stamps, live, live.columns(table.name)) for table, stamps in whole.stamps.items()},
        reads=reads,
    )
    return BoundMapping(
        system=bound,
        lacking={name: dict(_lacking(kind, whole, live)) for name, kind in whole.kinds.items()},
        barred=dict(_barred(bound, live)),
        besides=tuple(dict.fromkeys(columns_in(*reads.values(), *asked))),
    )


def prefix_of(system: System, live: Collection[str], stated: str | None) -> str:
    """What stands before every name: as the settings say, else as the live tables say. Raises TargetError where they
    are of another system, or of several."""
    if not system.told_by:
        return stated or ""
    first, *others = (table.name for table in system.told_by)
    if stated is not None:
        if stated + first not in live:
            raise TargetError(
                f"there is no table {stated + first}", remedy="look whether the URL and table_prefix are right"
            )
        return stated
    found = sorted(name.removesuffix(first) for name in live if name.endswith(first))
    # A copy of some table under another name makes no installation.
    found = [prefix for prefix in found if {prefix + other for other in others} <= set(live)]
    if not found:
        raise TargetError(
            f"there is no {system.name} in this database: no table is called {first}, with or without a prefix",
            remedy="look whether the URL is right",
        )
    if len(found) > 1:
        told = ", ".join(f'"{prefix}"' for prefix in found)
        raise TargetError(
            f"there are several {system.name} in this database, with the prefixes {told}",
            remedy="say which one by table_prefix in reconciler.yaml",
        )
    return found[0]


def _named(kind: KindMap, live: Binder, vocabulary: Vocabulary, options: Mapping[str, Any]) -> KindMap:
    """With the columns that the settings name. Such a name also wins over what the mapping knows."""
    places = dict(kind.fields)
    for name, column in (options.get("columns") or {}).items() if kind.nameable else ():
        codec = kind.nameable[type(vocabulary.fields[kind.kind][name].type)]
        own = kind.table
        assert isinstance(own, sa.Table)
        if column not in own.c:
            declared: sa.types.TypeEngine[Any] = sa.String() if codec.expects is str else sa.Integer()
            own.append_column(sa.Column(column, live.sizes(own.name).get(column, declared)))
        places[name] = Column(own.c[column], codec)
    return replace(kind, fields=places)


def _pointers(system: System, live: Binder) -> Iterator[Pointer]:
    """Those whose own column is there."""
    return (pointer for pointer in system.pointers if live.has(pointer.number))


def _needed(system: System, live: Binder) -> Iterator[Col]:
    """What nothing works without: ids, names, which rows are objects, and who is on what. Of what else names an object,
    all that tells it: without, nobody would know that the object is in use."""
    yield from system.needed
    for pointer in _pointers(system, live):
        yield from columns_in(pointer.name, *pointer.where)
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
        yield from columns_in(*kind.where)
        if kind.account is not None:
            yield from columns_in(kind.account.child, kind.account.binned)
            yield from of_place(kind.fields[kind.account.state])


def _stamps(stamps: RowDefaults, live: Binder, there: Collection[str]) -> RowDefaults:
    fresh = {
        name: _asked(value, live) if isinstance(value, sa.Select) else value
        for name, value in stamps.fresh.items()
        if name in there
    }
    return RowDefaults(
        fresh={name: value for name, value in fresh.items() if value is not None},
        touched={name: value for name, value in stamps.touched.items() if name in there},
    )


def _asked(query: sa.Select[Any], live: Binder) -> Any:
    return live.one(query) if live.has(query) else None


def _kind(kind: KindMap, system: System, live: Binder) -> KindMap:
    fields = {n: _as_there(place, live) for n, place in kind.fields.items() if live.has(*_columns(place, system))}
    account = kind.account
    if account is not None:
        found = {name: _counter(name, counter, live) for name, counter in account.counters.items()}
        account = replace(account, counters={name: counter for name, counter in found.items() if counter is not None})
    belongs = tuple(column for column in kind.belongs if live.has(column))
    created = kind.created if live.has(kind.created) else sa.literal("")
    return replace(kind, fields=fields, account=account, belongs=belongs, created=created)


def _counter(name: str, counter: Counter | Largest, live: Binder) -> Counter | None:
    if isinstance(counter, Counter):
        return counter if live.has(counter.owner, counter.count) else None
    counts = [
        sa.select(each.owner.label("owner"), sa.cast(sa.func.coalesce(each.count, 0), sa.BigInteger).label("count"))
        for each in counter.counters
        if live.has(each.owner, each.count)
    ]
    if not counts:
        return None
    every = sa.union_all(*counts).subquery()
    largest = sa.select(every.c.owner, sa.func.max(every.c.count).label("count")).group_by(every.c.owner)
    found = largest.subquery(f"of_{name}")
    return Counter(column_of(found, "owner"), column_of(found, "count"))


def _is_listed(catalogue: Catalogue, live: Binder) -> bool:
    return live.has(catalogue.id, catalogue.name, *catalogue.where)


def _columns(place: Place, system: System) -> tuple[sa.ClauseElement, ...]:
    """What there is no field without; of a row at the side each column counts by itself."""
    match place:
        case SideTable(owner=owner):
            return (owner,)
        case Links(catalogue=name, where=where):
            catalogue = system.catalogues[name]
            return (*of_place(place), *where, catalogue.id, catalogue.name, *catalogue.where)
        case SharedColumn(catalogue=name) if name:
            catalogue = system.catalogues[name]
            return (*of_place(place), catalogue.id, catalogue.name, *catalogue.where)
        case _:
            return tuple(of_place(place))


def _as_there(place: Place, live: Binder) -> Place:
    match place:
        case Foreign(column=column):
            return replace(place, nothing=live.empty(column))
        case SideTable(owner=owner, columns=columns, own=own):
            return SideTable(owner, _inheriting(columns, live), _inheriting(own, live))
        case _:
            return place


def _inheriting(columns: Mapping[str, Column], live: Binder) -> dict[str, Column]:
    return {
        name: Column(each.column, replace(each.codec, nothing=live.empty(each.column)))
        for name, each in columns.items()
        if live.has(each.column)
    }


def _lacking(kind: KindMap, system: System, live: Binder) -> Iterator[tuple[str, str]]:
    for name, place in kind.fields.items():
        needed = dict.fromkeys(columns_in(*_columns(place, system)))
        gone = [column for column in needed if not live.has(column)]
        if gone:
            yield name, ", ".join(f"{column.table.name}.{column.name}" for column in gone)


def _barred(system: System, live: Binder) -> Iterator[tuple[str, str]]:
    for name, kind in system.kinds.items():
        if not isinstance(kind.table, sa.Table):
            continue
        filled: dict[sa.Table, set[str]] = {kind.table: {kind.key.name}}
        for column in _written(kind):
            if isinstance(column.table, sa.Table):
                filled.setdefault(column.table, set()).add(column.name)
        for table, given in sorted(filled.items(), key=lambda item: item[0].name):
            stamps = system.stamps.get(table, RowDefaults())
            unfilled = live.unfilled(table.name, {*given, *stamps.fresh})
            if unfilled:
                yield name, f"{table.name} wants a value for {', '.join(unfilled)}, which nobody here knows"


def _written(kind: KindMap) -> Iterator[Col]:
    """The columns that a new object fills, in all tables that it may get rows in."""
    for place in kind.fields.values():
        match place:
            case SideTable(owner=owner, columns=columns):
                yield from (owner, *(each.column for each in columns.values()))
            case _:
                yield from of_place(place)
