"""What each account of Mumara has used: columns of `user_email_limits`, and counts of its rows in other tables, all by
one set-based query each. There is no counter of the hour: hourly speed is a throttle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.mapping import Counter

OWNED: Final = {
    "lists": "lists",
    "sending_domains": "domain_maskings",
    "sending_nodes": "smtps",
    "segments": "segmentations",
    "triggers": "triggers",
    "evergreen_campaigns": "evergreen_campaigns",
}
"""Counter → the table whose rows are counted."""

_KEPT: Final = ("sent_today", "sent_this_month", "trigger_actions_this_month")


def counters(found: Mapping[str, sa.Table], live: Binder) -> Iterator[tuple[str, Counter]]:
    """Name → counter, of what this version has."""
    limits = found["user_email_limits"].c
    for name in _KEPT:
        yield name, Counter(limits.user_id, limits[name])
    for name, table in OWNED.items():
        owner = found[table].c.user_id
        if live.has(owner):
            yield name, _counter(sa.select(owner.label("owner"), sa.func.count().label("count")).group_by(owner), name)
    contacts = list(_contacts(found, live))
    if contacts:
        every = sa.union_all(*contacts).subquery()
        most = sa.func.max(every.c.count).label("count")
        yield "contacts", _counter(sa.select(every.c.owner, most).group_by(every.c.owner), "contacts")


def _contacts(found: Mapping[str, sa.Table], live: Binder) -> Iterator[sa.Select[tuple[int, int]]]:
    """The application counts contacts in three places that need not agree; the largest counts, so that nobody over a
    limit is overlooked."""
    people, lists, limits = found["subscribers"].c, found["lists"].c, found["user_email_limits"].c
    if live.has(people.user_id):
        yield sa.select(people.user_id.label("owner"), sa.func.count().label("count")).group_by(people.user_id)
    if live.has(lists.total_subscribers) and live.has(lists.user_id):
        total = sa.cast(sa.func.coalesce(sa.func.sum(lists.total_subscribers), 0), sa.BigInteger)
        yield sa.select(lists.user_id.label("owner"), total.label("count")).group_by(lists.user_id)
    if live.has(limits.contacts):
        kept = sa.cast(sa.func.coalesce(limits.contacts, 0), sa.BigInteger)
        yield sa.select(limits.user_id.label("owner"), kept.label("count"))


def _counter(counted: sa.Select[tuple[int, int]], name: str) -> Counter:
    by_owner = counted.subquery(f"of_{name}")
    return Counter(by_owner.c["owner"], by_owner.c["count"])  # type: ignore[arg-type]  # columns of a query
