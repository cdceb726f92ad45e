"""What MailWizz counts of a customer: what it has, and what it has sent in this hour and in this quota period. One
query each for all customers together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from reconciler.targets.mailwizz.tables import Tables
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.mapping import Counter, column_of


def counters(found: Tables, live: Binder) -> Mapping[str, Counter]:
    """Name → where it is counted, as far as this version has the tables."""
    own = {name: found[name].c for name in found}
    log, marks, lists = own["delivery_server_usage_log"], own["customer_quota_mark"], own["list"]
    newest = (
        sa.select(marks.customer_id, sa.func.max(marks.mark_id).label("mark_id")).group_by(marks.customer_id).subquery()
    )
    began = marks.mark_id == newest.c.mark_id
    countable = log.customer_countable == "yes"
    in_period = log.date_added >= marks.date_added
    this_hour = sa.func.date_format(sa.func.utc_timestamp(), "%Y-%m-%d %H:00:00")
    asked: dict[str, tuple[sa.FromClause, Any, tuple[sa.ColumnElement[bool], ...]]] = {
        "contacts": (
            found["list_subscriber"].join(found["list"], lists.list_id == own["list_subscriber"].list_id),
            lists.customer_id,
            (),
        ),
        "lists": (found["list"], lists.customer_id, ()),
        "sending_domains": (found["sending_domain"], own["sending_domain"].customer_id, ()),
        "sending_nodes": (found["delivery_server"], own["delivery_server"].customer_id, ()),
        "sent_this_hour": (
            found["delivery_server_usage_log"],
            log.customer_id,
            (countable, log.date_added >= this_hour),
        ),
        "sent_this_period": (
            # The newest mark is the beginning of the period.
            found["customer_quota_mark"]
            .join(newest, began)
            .join(found["delivery_server_usage_log"], log.customer_id == marks.customer_id),
            log.customer_id,
            (countable, in_period),
        ),
    }
    return {
        name: _counted(source, customer, conditions)
        for name, (source, customer, conditions) in asked.items()
        if all(live.has(column) for column in _columns(source))
    }


def _counted(source: sa.FromClause, customer: Any, conditions: tuple[sa.ColumnElement[bool], ...]) -> Counter:
    counted = (
        sa.select(customer.label("customer_id"), sa.func.count().label("amount"))
        .select_from(source)
        .where(customer.is_not(None), *conditions)
        .group_by(customer)
        .subquery()
    )
    return Counter(column_of(counted, "customer_id"), column_of(counted, "amount"))


def _columns(source: sa.FromClause) -> list[Any]:
    """The columns of tables that a source draws on; those inside a query of it belong to the same tables."""
    return [column for column in source.c if isinstance(column.table, sa.Table)]
