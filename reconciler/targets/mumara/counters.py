"""What each account of Mumara has used: columns of `user_email_limits`, and counts of its rows in other tables, all by
one set-based query each. There is no counter of the hour: hourly speed is a throttle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from reconciler.targets.mumara.tables import (
    DOMAINS,
    EVERGREEN_CAMPAIGNS,
    LIMITS,
    LISTS,
    NODES,
    SEGMENTS,
    SUBSCRIBERS,
    TRIGGERS,
)
from reconciler.targets.sql.mapping import Col, Counter, Largest, column_of


def _by_owner(owner: Col, amount: sa.ColumnElement[Any], name: str) -> Counter:
    query = sa.select(owner.label("owner"), amount.label("count")).group_by(owner).subquery(f"of_{name}")
    return Counter(column_of(query, "owner"), column_of(query, "count"))


_KEPT: Final = ("sent_today", "sent_this_month", "trigger_actions_this_month")
_OWNED: Final = {
    "lists": LISTS,
    "sending_domains": DOMAINS,
    "sending_nodes": NODES,
    "segments": SEGMENTS,
    "triggers": TRIGGERS,
    "evergreen_campaigns": EVERGREEN_CAMPAIGNS,
}
"""Counter → the table whose rows are counted."""

COUNTERS: Final[Mapping[str, Counter | Largest]] = {
    **{name: Counter(LIMITS.c.user_id, LIMITS.c[name]) for name in _KEPT},
    **{name: _by_owner(table.c.user_id, sa.func.count(), name) for name, table in _OWNED.items()},
    # The application counts contacts in three places that need not agree; the largest counts, so that nobody over a
    # limit is overlooked.
    "contacts": Largest(
        (
            _by_owner(SUBSCRIBERS.c.user_id, sa.func.count(), "people"),
            _by_owner(LISTS.c.user_id, sa.func.sum(LISTS.c.total_subscribers), "people_on_lists"),
            Counter(LIMITS.c.user_id, LIMITS.c.contacts),
        )
    ),
}
