"""What the live schema says about references: which are guarded, where a delete would spread. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.dialect import (
    Link,
    Watch,
    declared_links,
    enforces_references,
    restricting,
    speaking,
    watches,
)
from reconciler.targets.sql.mapping import Col, Foreign, KindMap, System
from reconciler.targets.sql.wire import Wire, chunks

REFUSING: Final = frozenset({"", "RESTRICT", "NO ACTION"})
LOCKING: Final = ("for update", "for share", "for key share", "for no key update", "lock in share mode")
RAISING: Final = ("raise exception", "signal ")

SPREADING: Final = {"CASCADE": "delete", "SET NULL": "empty", "SET DEFAULT": "reset"}
"""What a foreign key does to the rows that hold it when the row it names is deleted."""


class LiveSchema:
    """Looks once, when first asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        with speaking(self._wire.place):
            return frozenset(sa.inspect(self._wire.connection).get_table_names())

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every foreign key of one column; none where the engine does not enforce them."""
        with speaking(self._wire.place):
            return declared_links(self._wire.connection) if enforces_references(self._wire.connection) else ()

    @cached_property
    def watches(self) -> tuple[Watch, ...]:
        """Every trigger that runs before rows come or change."""
        with speaking(self._wire.place):
            return watches(self._wire.connection)

    def protection(self, system: System, kind: str) -> str:
        """The class of a kind: A, every reference to it refuses a delete, by a foreign key or by triggers on the side
        of the users; B, one would be emptied or spread; C, one has neither (RELIABILITY 2.2)."""
        return max((self._class(place, system.kinds[kind]) for _, _, place in system.referrers(kind)), default="A")

    def raising(self, system: System, kind: str) -> Iterator[str]:
        """The SQL that gives the kind class A, a statement a reference."""
        for _, _, place in system.referrers(kind):
            if self._class(place, system.kinds[kind]) != "A":
                table, column = place.column.table.name, place.column.name
                wanted = Link(table, column, system.kinds[kind].table.name, "RESTRICT", f"fk_{table}_{column}")
                yield restricting(self._wire.connection, wanted, next(iter(self._links_of(place)), None))

    def _links_of(self, place: Foreign) -> list[Link]:
        named = (place.column.table.name, place.column.name)
        return [link for link in self.links if (link.table, link.column) == named]

    def _class(self, place: Foreign, target: KindMap) -> str:
        actions = {link.on_delete for link in self._links_of(place) if link.refers_to == target.table.name}
        if actions & REFUSING or self._is_watched(place, target):
            return "A"
        return "B" if actions else "C"

    def _is_watched(self, place: Foreign, target: KindMap) -> bool:
        """Whether triggers refuse to refer to what is gone. One that locks nothing refuses too late, so it has to say
        all three: what it looks at, that it locks it, and that it refuses."""
        told = [(watch.event, watch.body.lower()) for watch in self.watches if watch.table == place.column.table.name]
        words = (target.table.name, place.column.name)
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
        own = {(column.table.name, column.name) for column in kind.belongings()}
        named = {(p.column.table.name, p.column.name) for _, _, p in system.referrers(kind.kind)}
        spreading = [
            link
            for link in self.links
            if link.refers_to == kind.table.name
            and link.on_delete in SPREADING
            and (link.table, link.column) not in own
            and (link.on_delete == "CASCADE" or (link.table, link.column) not in named)
        ]
        keys = {number: key for key, number in ids.items()}
        hit: dict[str, list[str]] = {}
        for link in spreading:
            column: Col = sa.column(link.column)  # type: ignore[assignment]
            for number, count in self._counted(link.table, column, keys):
                hit.setdefault(keys[number], []).append(f"{SPREADING[link.on_delete]} {count} of {link.table}")
        for key, words in sorted(hit.items()):
            yield key, f"would {', '.join(words)}"

    def _counted(self, table: str, column: Col, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        for chunk in chunks(ids):
            statement = sa.select(column, sa.func.count()).select_from(sa.table(table)).group_by(column)
            yield from ((number, count) for number, count in self._wire.counts(statement.where(column.in_(chunk))))
