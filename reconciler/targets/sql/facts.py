"""Who uses what, how much, and what points where: each by set-based queries, never one a user (docs/rules.md#rule-27,
#rule-31). Decides nothing.

Who is on an object: every user, sub-accounts and those in the bin too (docs/rules.md#rule-18).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from reconciler.model.change import Members
from reconciler.model.facts import SAMPLE, Facts, NeededFacts, Users, UserUsage
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Values
from reconciler.targets.sql.codec import raw, text
from reconciler.targets.sql.connection import Connection, Query, chunks
from reconciler.targets.sql.live_schema import LiveSchema
from reconciler.targets.sql.mapping import Account, Col, Column, Foreign, KindMap, SideTable, System
from reconciler.targets.sql.options import lines, plain_text
from reconciler.targets.sql.options import number as spelled
from reconciler.targets.sql.php import php_text
from reconciler.targets.sql.rows import NOTHING, RowReader


class FactReader:
    """Answers Questions on one connection."""

    def __init__(self, wire: Connection, system: System, vocabulary: Vocabulary) -> None:
        self._wire = wire
        self._system = system
        self._vocabulary = vocabulary

    def facts(self, question: NeededFacts) -> Facts:
        """The whole answer. Objects that are not live have no entry."""
        schema = LiveSchema(self._wire)
        going = by_kind(question.pointers)
        return Facts(
            holders=dict(self._holders(by_kind(question.holders))),
            pointers=dict(self._pointers(going)),
            meters=self._meters(by_kind(question.meters), question.counters),
            cascades={
                Ref(kind, key): words
                for kind, keys in going.items()
                for key, words in schema.cascades(self._system, self._system.kinds[kind], self._ids(kind, keys))
            },
            protection={kind: schema.protection(self._system, kind) for kind in going},
        )

    def _holders(self, wanted: Mapping[str, list[str]]) -> Iterator[tuple[Ref, Users]]:
        for kind, keys in wanted.items():
            ids = self._ids(kind, keys)
            tallies = {number: UserCount() for number in ids.values()}
            for user, place in self._users_of(kind):
                self._count(user, place, tallies)
                self._name(user, place, tallies)
            for key, number in ids.items():
                yield Ref(kind, key), tallies[number].holders()

    def _users_of(self, kind: str) -> Iterator[tuple[KindMap, Foreign]]:
        for user, name in self._vocabulary.memberships[kind]:
            if user in self._system.kinds:
                place = self._system.kinds[user].fields.get(name)
                if isinstance(place, Foreign):
                    yield self._system.kinds[user], place

    def _count(self, user: KindMap, place: Foreign, tallies: Mapping[int, UserCount]) -> None:
        groups = _groups(user)
        words = _words(user)
        for chunk in chunks(tallies):
            statement = sa.select(place.column, *groups, sa.func.count()).group_by(place.column, *groups)
            for number, state, is_binned, is_child, count in self._wire.counts(
                statement.where(place.column.in_(chunk))
            ):
                tallies[number].add(words(state), count, binned=bool(is_binned), unnamed=bool(is_child))

    def _name(self, user: KindMap, place: Foreign, tallies: Mapping[int, UserCount]) -> None:
        """The first few names, from one small query an object, for only few are asked for."""
        named = sa.select(user.key).order_by(user.key).limit(SAMPLE)
        if user.account:
            named = named.where(sa.not_(user.account.child))
        for number, tally in tallies.items():
            if tally.total:
                tally.names += [text(row[0]) for row in self._wire.counts(named.where(place.column == number))]

    def _pointers(self, wanted: Mapping[str, list[str]]) -> Iterator[tuple[Ref, tuple[tuple[Ref, str], ...]]]:
        for kind, keys in wanted.items():
            names = {number: key for key, number in self._ids(kind, keys).items()}
            found: dict[str, list[tuple[Ref, str]]] = {key: [] for key in names.values()}
            for number, ref, field_name in self._naming(kind, names):
                found[names[number]].append((ref, field_name))
            for key, pointing in found.items():
                yield Ref(kind, key), tuple(sorted(pointing))

    def _naming(self, kind: str, ids: Collection[int]) -> Iterator[tuple[int, Ref, str]]:
        """(id, who names it, by which field) for all that names one of these but its users."""
        members = set(self._vocabulary.memberships[kind])
        for other, field_name, place in self._system.referrers(kind):
            if (other.kind, field_name) not in members:
                statement = sa.select(place.column, other.key).where(*other.shown)
                for number, key in self._wire.among(statement, place.column, ids):
                    yield number, Ref(other.kind, text(key)), field_name
        for other, field_name, option in self._system.options_naming(kind):
            keys = {number: text(key) for number, key in self._wire.rows(sa.select(other.id, other.key))}
            for _, owner, code, said in lines(self._wire, option.register, None, option.code):
                if code == option.code and spelled(said) in ids and owner in keys:
                    yield spelled(said) or 0, Ref(other.kind, keys[owner]), field_name
        for pointer in self._system.pointers:
            if pointer.kind == kind:
                pointing: Query = sa.select(pointer.number, pointer.name).where(*pointer.where)
                is_text = not isinstance(pointer.number.type, sa.Integer)
                rows = self._wire.rows(pointing) if is_text else self._wire.among(pointing, pointer.number, ids)
                for said, name in rows:
                    number = spelled(php_text(plain_text(said) or ""))
                    if number is not None and number in ids:
                        yield number, Ref(pointer.by, text(name)), pointer.field

    def _meters(self, wanted: Mapping[str, list[str]], counters: Iterable[str]) -> dict[Ref, tuple[UserUsage, ...]]:
        meters: dict[Ref, tuple[UserUsage, ...]] = {}
        for kind, keys in wanted.items():
            ids = self._wire.ids(self._system.kinds[kind], keys, only_named=True)
            found: dict[int, list[UserUsage]] = {number: [] for number in ids.values()}
            own = self._system.kinds[kind]
            if own.account:
                self._measure(own, own.account, own.id, found, counters)
            for user, place in self._users_of(kind):
                if user.account:
                    self._measure(user, user.account, place.column, found, counters)
            meters |= {Ref(kind, key): tuple(found[number]) for key, number in ids.items()}
        return meters

    def _measure(
        self,
        user: KindMap,
        account: Account,
        group: Col,
        found: Mapping[int, list[UserUsage]],
        counters: Iterable[str],
    ) -> None:
        """File a Meter of each user under what `group` says."""
        names = sorted(set(counters) & set(account.counters))
        overrides = self._overrides(user)
        source: sa.FromClause = user.table
        for owner in dict.fromkeys(account.counted[name].owner for name in names):
            source = source.outerjoin(owner.table, owner == user.id)
        statement = (
            sa.select(group, user.id, user.key, *(account.counted[name].count for name in names))
            .select_from(source)
            .where(*user.shown)
        )
        for number, user_id, key, *counted in self._wire.counted(statement, group, found):
            found[number].append(
                UserUsage(
                    ref=Ref(user.kind, text(key)),
                    overrides=overrides.get(user_id, NOTHING),
                    counters={n: c if isinstance(c, int) else 0 for n, c in zip(names, counted, strict=True)},
                )
            )

    def _overrides(self, user: KindMap) -> Mapping[int, Values]:
        for place in user.fields.values():
            if isinstance(place, SideTable):
                return RowReader(self._wire, self._system).overrides(user, place)
        return {}

    def _ids(self, kind: str, keys: Iterable[str]) -> dict[str, int]:
        return self._wire.ids(self._system.kinds[kind], keys)


@dataclass(slots=True)
class UserCount:
    """Counting the users of one object."""

    by_status: Counter[str] = field(default_factory=Counter)
    binned: int = 0
    unnamed: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All of them, those in the bin too (docs/rules.md#rule-18)."""
        return self.by_status.total() + self.binned

    def add(self, state: object, count: int, *, binned: bool, unnamed: bool) -> None:
        """One group of users."""
        if binned:
            self.binned += count
        else:
            self.by_status[text(raw(state))] += count
        if unnamed:
            self.unnamed += count

    def holders(self) -> Users:
        """The finished count."""
        return Users(
            count=self.total,
            by_status=dict(sorted(self.by_status.items())),
            binned=self.binned,
            sample=tuple(sorted(self.names)[:SAMPLE]),
            unnamed=self.unnamed,
        )


def by_kind(refs: Iterable[Ref]) -> dict[str, list[str]]:
    """kind → keys, sorted."""
    found: dict[str, list[str]] = {}
    for ref in refs:
        found.setdefault(ref.kind, []).append(ref.key)
    # Text by text: to compare two Refs takes ten times as long.
    return {kind: sorted(found[kind]) for kind in sorted(found)}


def _words(user: KindMap) -> Callable[[Any], Any]:
    """The state of a user in the words that files use; what they do not know as it is."""
    state = user.fields[user.account.state] if user.account else None
    return (lambda stored: state.codec.decode([stored])[0]) if isinstance(state, Column) else (lambda stored: stored)


def _groups(user: KindMap) -> tuple[sa.ColumnElement[Any], ...]:
    """State, whether in the bin, whether a sub-account: what users are counted by."""
    if user.account is None:
        return (sa.literal(""), sa.literal(0), sa.literal(0))
    state = user.fields[user.account.state]
    assert isinstance(state, Column)
    set_ = (sa.case((condition, 1), else_=0) for condition in (user.account.binned, user.account.child))
    return (state.column, *set_)


def users_on(wire: Connection, system: System, vocabulary: Vocabulary, ref: Ref) -> Members:
    """kind → keys of its users, sorted; nobody where it is not live. Locked where the wire locks."""
    number = wire.ids(system.kinds[ref.kind], (ref.key,)).get(ref.key)
    found: dict[str, list[str]] = {}
    for user, column in memberships(system, vocabulary, ref.kind) if number is not None else ():
        there: Query = sa.select(user.key).where(column == number)
        found.setdefault(user.kind, []).extend(text(row[0]) for row in wire.rows(there))
    return {kind: tuple(sorted(keys)) for kind, keys in found.items() if keys}


def memberships(system: System, vocabulary: Vocabulary, kind: str) -> Iterator[tuple[KindMap, Col]]:
    """The kinds of users of a kind, and the column that names what they are on."""
    for user, name in vocabulary.memberships[kind]:
        place = system.kinds[user].fields[name]
        assert isinstance(place, Foreign)
        yield system.kinds[user], place.column
