"""Where a kind's fields live in somebody's tables, as data. A difference between systems is a row of it, not an `if`.
Knows no value and runs no query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa

from reconciler.model.values import Value
from reconciler.targets.sql.codec import Codec

Col: TypeAlias = "sa.Column[Any]"


@dataclass(frozen=True, slots=True)
class Column:
    """One value in one column of the kind's own table (or, in a Side, of that table)."""

    column: Col
    codec: Codec


@dataclass(frozen=True, slots=True)
class Foreign:
    """The id of another object. `empty`: what NULL means."""

    column: Col
    kind: str
    empty: Value | None


@dataclass(frozen=True, slots=True)
class Links:
    """Names out of a catalogue, one row each in a table of pairs of ids. `empty`: the value without any row."""

    owner: Col
    item: Col
    catalogue: str
    empty: Value


@dataclass(frozen=True, slots=True)
class Pairs:
    """Name and text, one row each. `whole`: names that a new value does not list are removed."""

    owner: Col
    name: Col
    value: Col
    whole: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A row at the side of the object's own, with a nullable column for each field of a map; NULL: not in the map."""

    owner: Col
    columns: Mapping[str, Column]


Place: TypeAlias = Column | Foreign | Links | Pairs | Side


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names that are assigned but never created by us."""

    id: Col
    name: Col


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an object that is a user of others has besides its fields: `state`, the field that tells whether it is in
    use; `parent`, set for sub-accounts; `binned`, set for what lies in the bin; `owner` and `counters` of its usage."""

    state: str
    parent: Col
    binned: Col
    owner: Col
    counters: Mapping[str, Col]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMap:
    """One kind in one table."""

    kind: str
    table: sa.Table
    id: Col
    key: Col
    created: Col
    fields: Mapping[str, Place]
    account: Account | None = None

    @property
    def shown(self) -> tuple[sa.ColumnElement[bool], ...]:
        """What makes a row an object: sub-accounts and what lies in the bin are none."""
        return (self.account.parent.is_(None), self.account.binned.is_(None)) if self.account else ()

    def belongings(self) -> Iterator[Col]:
        """The owner columns of all rows that belong to the object alone and go with it."""
        for place in self.fields.values():
            if isinstance(place, (Links, Pairs, Side)):
                yield place.owner
        if self.account:
            yield self.account.owner


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A whole system: its kinds and catalogues. `hiding`: names of tables that hold more than we may see, such as the
    hash of a password; of them only the mapped columns are asked for."""

    kinds: Mapping[str, KindMap]
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    hiding: frozenset[str] = frozenset()

    def referrers(self, kind: str) -> Iterator[tuple[KindMap, str, Foreign]]:
        """Every field of any kind that names an object of this kind."""
        for other in self.kinds.values():
            for name, place in other.fields.items():
                if isinstance(place, Foreign) and place.kind == kind:
                    yield other, name, place
