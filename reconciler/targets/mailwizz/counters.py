"""What MailWizz counts of a customer: what it has, and what it has sent in this hour and in this quota period. One
query each for all customers together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from reconciler.targets.mailwizz.tables import LISTS, QUOTA_MARKS, SENDING_DOMAINS, SERVERS, SUBSCRIBERS, USAGE_LOG
from reconciler.targets.sql.mapping import Col, Counter, column_of


def _rows(source: sa.FromClause, customer: Col, *conditions: sa.ColumnElement[bool]) -> Counter:
    """The rows of a customer."""
    query = (
        sa.select(customer.label("customer_id"), sa.func.count().label("amount"))
        .select_from(source)
        .where(customer.is_not(None), *conditions)
        .group_by(customer)
        .subquery()
    )
    return Counter(column_of(query, "customer_id"), column_of(query, "amount"))


_COUNTABLE: Final = USAGE_LOG.c.customer_countable == "yes"
_THIS_HOUR: Final = sa.func.date_format(sa.func.utc_timestamp(), "%Y-%m-%d %H:00:00")
_NEWEST_MARKS: Final = (
    sa.select(QUOTA_MARKS.c.customer_id, sa.func.max(QUOTA_MARKS.c.mark_id).label("mark_id"))
    .group_by(QUOTA_MARKS.c.customer_id)
    .subquery()
)
"""The newest mark of a customer is the beginning of its period."""
_PERIODS: Final = QUOTA_MARKS.join(_NEWEST_MARKS, QUOTA_MARKS.c.mark_id == _NEWEST_MARKS.c.mark_id).join(
    USAGE_LOG, USAGE_LOG.c.customer_id == QUOTA_MARKS.c.customer_id
)

COUNTERS: Final[Mapping[str, Counter]] = {
    "contacts": _rows(SUBSCRIBERS.join(LISTS, LISTS.c.list_id == SUBSCRIBERS.c.list_id), LISTS.c.customer_id),
    "lists": _rows(LISTS, LISTS.c.customer_id),
    "sending_domains": _rows(SENDING_DOMAINS, SENDING_DOMAINS.c.customer_id),
    "sending_nodes": _rows(SERVERS, SERVERS.c.customer_id),
    "sent_this_hour": _rows(USAGE_LOG, USAGE_LOG.c.customer_id, _COUNTABLE, USAGE_LOG.c.date_added >= _THIS_HOUR),
    "sent_this_period": _rows(
        _PERIODS, USAGE_LOG.c.customer_id, _COUNTABLE, USAGE_LOG.c.date_added >= QUOTA_MARKS.c.date_added
    ),
}
