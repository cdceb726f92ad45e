"""What the live schema says about references: which are guarded, where a delete would spread.

Whether live tables can be planned on at all: an account that does not see everything would take what is hidden for
absent, and a table without transactions would keep what is rolled back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from reconciler.database import (
    TABLE,
    ForeignKey,
    LiveTable,
    Trigger,
    enforces_references,
    foreign_key_sql,
    foreign_keys,
    live_tables,
    sight_lacking,
    speaking,
    trigger_sql,
    triggers_of,
    with_transactions,
)
from reconciler.model.errors import TargetError
from reconciler.targets.sql.connection import Connection, chunks
from reconciler.targets.sql.least_privilege import spoken_of
from reconciler.targets.sql.mapping import Col, KindMap, System

REFUSING: Final = frozenset({"", "RESTRICT", "NO ACTION"})
LOCKING: Final = ("for update", "for share", "for key share", "for no key update", "lock in share mode")
RAISING: Final = ("raise exception", "signal ")

SPREADING: Final = {"CASCADE": "delete", "SET NULL": "empty", "SET DEFAULT": "reset"}
"""What a foreign key does to the rows that hold it when the row it names is deleted."""


class LiveSchema:
    """Looks once, when first asked."""

    def __init__(self, wire: Connection) -> None:
        self._wire = wire

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        with speaking(self._wire.place):
            return frozenset(live_tables(self._wire.connection))

    @cached_property
    def links(self) -> tuple[ForeignKey, ...]:
        """Every foreign key of one column; none where the engine does not enforce them."""
        with speaking(self._wire.place):
            return foreign_keys(self._wire.connection) if enforces_references(self._wire.connection) else ()

    @cached_property
    def watches(self) -> tuple[Trigger, ...]:
        """Every trigger that runs before rows come or change."""
        with speaking(self._wire.place):
            return triggers_of(self._wire.connection)

    def protection(self, system: System, kind: str) -> str:
        """The class of a kind: A, every reference to it refuses a delete, by a foreign key or by triggers on the side
        of the users; B, one would be emptied or spread; C, one has neither (docs/rules.md#rule-26)."""
        return max((self._class(column, system.kinds[kind]) for column in _naming(system, kind)), default="A")

    def raising(self, system: System, kind: str) -> Iterator[str]:
        """The SQL that gives the kind class A, a statement a reference."""
        for naming in _naming(system, kind):
            if self._class(naming, system.kinds[kind]) != "A":
                table, column = naming.table.name, naming.name
                of, key = system.kinds[kind].table.name, system.kinds[kind].id.name
                wanted = ForeignKey(table, column, of, "RESTRICT", f"fk_{table}_{column}", key)
                if system.by_triggers:
                    yield from trigger_sql(wanted)
                else:
                    yield foreign_key_sql(self._wire.connection, wanted, next(iter(self._links_of(naming)), None))

    def _links_of(self, column: Col) -> list[ForeignKey]:
        named = (column.table.name, column.name)
        return [link for link in self.links if (link.table, link.column) == named and not link.schema]

    def _class(self, column: Col, target: KindMap) -> str:
        actions = {link.on_delete for link in self._links_of(column) if _refers_to(link, target.table.name)}
        if actions & REFUSING or self._is_watched(column, target):
            return "A"
        return "B" if actions else "C"

    def _is_watched(self, column: Col, target: KindMap) -> bool:
        """Whether triggers refuse to refer to what is gone. One that locks nothing refuses too late, so it has to say
        all three: what it looks at, that it locks it, and that it refuses."""
        told = [(watch.event, watch.body.lower()) for watch in self.watches if watch.table == column.table.name]
        words = (target.table.name, column.name)
        events = {
            event
            for event, body in told
            if all(word in body for word in words)
            and any(word in body for word in LOCKING)
            and any(word in body for word in RAISING)
        }
        return events >= {"INSERT", "UPDATE"}

    def cascades(self, system: System, kind: KindMap, ids: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """key → in words, what a delete would take along, or empty, that does not belong to the object alone. Fields
        that name the object are not asked here: who uses it is counted by itself."""
        keys = {number: key for key, number in ids.items()}
        hit: dict[str, list[str]] = {}
        for link in self._spreading(system, kind):
            for last, number, count in self._hit(kind, (link,), keys):
                hit.setdefault(keys[number], []).append(f"{SPREADING[last.on_delete]} {count} of {last.shown}")
        for key, words in sorted(hit.items()):
            yield key, f"would {', '.join(words)}"

    def reached(self, system: System, kind: KindMap) -> Iterator[tuple[str, str, str]]:
        """(schema, table, column) of all that `cascades` looks at, whatever is in the tables by then."""
        for link in self._spreading(system, kind):
            yield from self._beyond((link,))

    def _spreading(self, system: System, kind: KindMap) -> list[ForeignKey]:
        """The foreign keys by which a delete would hit what does not belong to the object alone."""
        own = {(column.table.name, column.name) for column in kind.belongings()}
        named = {(p.column.table.name, p.column.name) for _, _, p in system.referrers(kind.kind)}
        return [
            link
            for link in self.links
            if _refers_to(link, kind.table.name)
            and link.on_delete in SPREADING
            and (link.schema or (link.table, link.column) not in own)
            and (link.schema or link.on_delete == "CASCADE" or (link.table, link.column) not in named)
        ]

    def _beyond(self, path: tuple[ForeignKey, ...]) -> Iterator[tuple[str, str, str]]:
        last = path[-1]
        yield last.schema, last.table, last.column
        for link in self._next(path):
            yield last.schema, last.table, link.key
            yield from self._beyond((*path, link))

    def _next(self, path: tuple[ForeignKey, ...]) -> list[ForeignKey]:
        """The foreign keys by which it would spread from the end of a path: what goes takes along what refers to it."""
        last, passed = path[-1], {(link.schema, link.table) for link in path}
        goes_on = last.on_delete == "CASCADE"
        return [
            link
            for link in self.links
            if goes_on
            and (link.refers_schema, link.refers_to) == (last.schema, last.table)
            and link.on_delete in SPREADING
            and (link.schema, link.table) not in passed
        ]

    def _hit(
        self, kind: KindMap, path: tuple[ForeignKey, ...], ids: Iterable[int]
    ) -> Iterator[tuple[ForeignKey, int, int]]:
        """(foreign key, id, how many rows it would hit) at the end of a path of foreign keys, and beyond."""
        last = path[-1]
        counts = dict(self._counted(kind, path, ids))
        yield from ((last, number, count) for number, count in counts.items())
        for link in self._next(path) if counts else ():
            yield from self._hit(kind, (*path, link), counts)

    def _counted(self, kind: KindMap, path: tuple[ForeignKey, ...], ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        tables = [
            sa.table(
                link.table,
                *(sa.column(name) for name in sorted({link.column, *(after.key for after in beyond)})),
                schema=link.schema or None,
            ).alias(f"step_{number}")
            for number, link in enumerate(path)
            for beyond in [path[number + 1 : number + 2]]
        ]
        first: sa.ColumnElement[Any] = tables[0].c[path[0].column]
        source: sa.FromClause = tables[0]
        if path[0].key != kind.id.name:  # another unique column than the id
            own = sa.table(kind.table.name, sa.column(kind.id.name), sa.column(path[0].key)).alias("own")
            source = source.join(own, own.c[path[0].key] == first)
            first = own.c[kind.id.name]
        for before, table, link in zip(tables, tables[1:], path[1:], strict=False):
            source = source.join(table, table.c[link.column] == before.c[link.key])
        statement = sa.select(first, sa.func.count()).select_from(source).group_by(first)
        for chunk in chunks(ids):
            yield from ((number, count) for number, count in self._wire.counts(statement.where(first.in_(chunk))))


def _refers_to(link: ForeignKey, table: str) -> bool:
    """Whether it names rows of a table of the connection's own schema."""
    return link.refers_to == table and not link.refers_schema


def _naming(system: System, kind: str) -> tuple[Col, ...]:
    """Every column that names objects of a kind, whether a field speaks of it or not."""
    fields = [place.column for _, _, place in system.referrers(kind)]
    others = [p.number for p in system.pointers if p.kind == kind and isinstance(p.number.type, sa.Integer)]
    return tuple(dict.fromkeys(column for column in (*fields, *others) if isinstance(column.table, sa.Table)))


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a table cannot be planned on, as what follows its name, and what to run or do."""

    table: str
    why: str
    remedy: str


def half_sight(wire: Connection) -> str:
    """The GRANT without which the account does not see all tables of its schema; empty: it sees them."""
    with speaking(wire.place):
        return sight_lacking(wire.connection)


def refuse_half_sight(wire: Connection) -> None:
    """Raise TargetError when the account may not see all tables of its schema."""
    grant = half_sight(wire)
    if grant:
        raise TargetError(
            f"the account may not see all tables of {wire.place.shown}: what it does not see would count as absent",
            remedy=f"let its owner run {grant}",
        )


def refuse(wire: Connection, system: System) -> None:
    """Raise TargetError unless every table of the mapping can be planned on and rolled back, naming all that cannot."""
    refuse_half_sight(wire)
    found = list(flaws(wire, _tables(system)))
    if found:
        raise flawed(found)


def flaws_told(wire: Connection, system: System) -> list[tuple[str, str]]:
    """What `doctor` says of the tables that `refuse` would name."""
    return [(f"table {flaw.table}", f"{flaw.why}: {flaw.remedy}") for flaw in flaws(wire, _tables(system))]


def _tables(system: System) -> set[str]:
    return {column.table.name for column in spoken_of(system)}


def flawed(found: Collection[Flaw]) -> TargetError:
    """The error that names them all."""
    reasons: dict[str, list[str]] = {}
    for flaw in found:
        reasons.setdefault(flaw.why, []).append(flaw.table)
    remedies = list(dict.fromkeys(flaw.remedy for flaw in found))
    return TargetError(
        "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items()) + "; nothing was changed",
        remedy=" ".join(remedies),
    )


def flaws(wire: Connection, names: Collection[str]) -> Iterator[Flaw]:
    """Of these tables, as far as they are there, sorted."""
    with speaking(wire.place):
        live = live_tables(wire.connection)
    for name in sorted(names):
        if name in live:
            yield from _flaws_of(wire, name, live[name])


def view_in_place_of(name: str, live: Mapping[str, LiveTable]) -> Flaw | None:
    """Set where something else than a table has the name."""
    sort = live[name].sort if name in live else TABLE
    if sort == TABLE:
        return None
    return Flaw(name, f"a {sort}, of which nobody knows what it hides", "use a database that has the table itself")


def _flaws_of(wire: Connection, name: str, live: LiveTable) -> Iterator[Flaw]:
    other = view_in_place_of(name, {name: live})
    if other is not None:
        yield other
        return
    if live.engine:
        why = f"{live.engine} has no transactions, so nothing could be rolled back"
        yield Flaw(name, why, with_transactions(wire.connection, name))
    if live.conceals:
        why = "row-level security hides rows from this account, which would count as absent"
        yield Flaw(name, why, "use an account that no policy binds (BYPASSRLS)")
