"""Reads all live objects in one snapshot, and cannot write.

A live table as the admin panel shows it: `list KIND`. The only place where ids and dates are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from reconciler.model.change import Members
from reconciler.model.facts import Facts, NeededFacts, Snapshot
from reconciler.model.memory import Session
from reconciler.model.names import all_folded, lawless
from reconciler.model.record import Block, Record, Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Listing
from reconciler.model.values import Value
from reconciler.targets.sql.codec import raw, text
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.facts import FactReader, users_on
from reconciler.targets.sql.live_schema import refuse
from reconciler.targets.sql.mapping import Column, Foreign, KindMap, System
from reconciler.targets.sql.rows import LiveRows, RowReader


def listing(wire: Connection, system: System, vocabulary: Vocabulary, kind: str, search: str) -> Listing:
    """The rows of one kind by id; `search`: a part of the key, case ignored."""
    own = system.kinds[kind]
    resource = vocabulary[kind]
    titles = ["ID", "E-mail" if resource.personal else "Name"]
    columns: list[sa.ColumnElement[Any]] = [own.id, own.key]
    statement = sa.select().select_from(own.table).where(*own.shown).order_by(own.id)
    for field in vocabulary.held[kind]:
        place = own.fields.get(field.name)
        if isinstance(place, Foreign) and place.kind != kind:
            other = system.kinds[place.kind]
            titles.append(field.label or field.name.replace("_", " ").capitalize())
            columns.append(_name_of(other, place))
    if own.account:
        state = own.fields[own.account.state]
        assert isinstance(state, Column)
        titles.append(own.account.state.capitalize())
        columns.append(state.column)
    titles.append("Created on")
    # As text: a hand-edited date may be none.
    columns.append(sa.type_coerce(own.created, sa.String))
    users = dict(_users(wire, system, vocabulary, kind)) if vocabulary.memberships[kind] else None
    if users is not None:
        titles.append("Users")
    wanted = search.casefold()
    rows = []
    for number, key, *others, created in wire.counts(statement.add_columns(*columns)):
        if wanted in text(key).casefold():
            counted = [] if users is None else [users.get(number, 0)]
            rows.append((number, text(key), *map(text, others), text(created)[:10], *counted))
    return Listing(tuple(titles), tuple(rows))


def _name_of(other: KindMap, place: Foreign) -> sa.ColumnElement[Any]:
    return sa.select(other.key).where(other.id == place.column).scalar_subquery()


def _users(wire: Connection, system: System, vocabulary: Vocabulary, kind: str) -> Iterator[tuple[Any, int]]:
    for user, name in vocabulary.memberships[kind]:
        place = system.kinds[user].fields[name]
        assert isinstance(place, Foreign)
        for number, count in wire.counts(sa.select(place.column, sa.func.count()).group_by(place.column)):
            yield raw(number), count


class SqlReader:
    """model.target.Reader over a mapping."""

    def __init__(self, wire: Connection, system: System, vocabulary: Vocabulary) -> None:
        self._wire = wire
        self._system = system
        self._vocabulary = vocabulary
        self._witness = FactReader(wire, system, vocabulary)

    @property
    def session(self) -> Session:
        """The SQLAlchemy Connection."""
        return self._wire.connection

    def snapshot(self) -> Snapshot:
        """All live objects. Raises TargetError, also where tables are such that no plan could be trusted."""
        refuse(self._wire, self._system)
        sheets, twins, unnameable, taken = {}, {}, {}, {}
        rows = RowReader(self._wire, self._system)
        for kind in self._system.kinds.values():
            packed = rows.every(kind)
            found = dict(zip(packed.keys, packed.values, strict=True))
            twins[kind.kind] = clashes(packed.keys)
            for key in {key for group in twins[kind.kind] for key in group}:
                del found[key]
            unnameable[kind.kind] = {
                key: record(kind.kind, kind.table.name, packed, key, found.pop(key)) for key in sorted(lawless(found))
            }
            taken[kind.kind] = rows.hidden(kind)
            sheets[kind.kind] = Sheet(kind.kind, (Block(kind.table.name, packed.fields, found),))  # type: ignore[arg-type]
        return Snapshot(
            sheets=sheets,
            catalogues={name: frozenset(rows.catalogue(name).values()) for name in self._system.catalogues},
            twins={kind: groups for kind, groups in twins.items() if groups},
            unnameable={kind: records for kind, records in unnameable.items() if records},
            taken={kind: names for kind, names in taken.items() if names},
            unclear=rows.unclear(),
        )

    def facts(self, question: NeededFacts) -> Facts:
        """Counts and usage in this snapshot."""
        return self._witness.facts(question)

    def members(self, ref: Ref) -> Members:
        """Every user of it; sub-accounts and those in the bin too."""
        return users_on(self._wire, self._system, self._vocabulary, ref)

    def listing(self, kind: str, search: str = "") -> Listing:
        """The live table as the admin panel shows it."""
        return listing(self._wire, self._system, self._vocabulary, kind, search)


def record(kind: str, place: str, packed: LiveRows, key: str, values: tuple[Value | None, ...]) -> Record:
    """One live object unpacked; a field without a value is left out."""
    named: Iterable[tuple[str, Any]] = zip(packed.fields, values, strict=True)
    held = {name: value for name, value in named if value is not None} if None in values else dict(named)
    return Record(kind=kind, key=key, values=held, origin=Origin(place))


def twins_of(keys: Collection[str], live: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Those of `keys` that have twins among the live names, `keys` left out; the name itself where two have it."""
    forms = dict(zip(keys, all_folded(keys), strict=True))
    wanted, same = set(forms.values()), dict[str, list[str]]()
    for name, form in zip(live, all_folded(live), strict=True):
        if form in wanted:
            same.setdefault(form, []).append(name)
    for key, form in forms.items():
        names = same.get(form, [])
        others = {name for name in names if name not in forms} | ({key} if names.count(key) > 1 else set())
        if others:
            yield key, tuple(sorted(others))


def clashes(keys: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of keys that agree when folded (docs/rules.md#rule-2); two rows of one key are a group of it alone."""
    forms = all_folded(keys)
    if len(set(forms)) == len(keys):
        return ()
    seen: dict[str, str] = {}
    groups: dict[str, set[str]] = {}
    for key, form in zip(keys, forms, strict=True):
        if form in seen:
            groups.setdefault(form, {seen[form]}).add(key)
        seen[form] = key
    return tuple(sorted(tuple(sorted(group)) for group in groups.values()))
