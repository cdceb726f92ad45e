"""Who is on an object: every user, sub-accounts and those in the bin too (RULES 11). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from reconciler.model.change import Members
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.mapping import Col, Foreign, KindMap, System
from reconciler.targets.sql.wire import Connection, Query


def members(wire: Connection, system: System, vocabulary: Vocabulary, ref: Ref) -> Members:
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
