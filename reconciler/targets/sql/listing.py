"""A live table as the admin panel shows it: `list KIND`. The only place where ids and dates are shown. Knows no kind
by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from reconciler.model.resource import Vocabulary
from reconciler.model.target import Listing
from reconciler.targets.sql.codec import raw, text
from reconciler.targets.sql.mapping import Column, Foreign, KindMap, System
from reconciler.targets.sql.wire import Connection


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
