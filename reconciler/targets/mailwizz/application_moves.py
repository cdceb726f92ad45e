"""Where MailWizz itself moves customers: by the quota action "move", and by completed orders of price plans. Neither is
drift. Reads what is live; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from reconciler.model.facts import ApplicationMoves, Snapshot
from reconciler.model.values import NONE
from reconciler.targets.mailwizz.tables import TELLING, prefix_of, tables
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.connection import Connection, Query
from reconciler.targets.sql.mapping import Col, System

_REVERT = "revert"
"""The value of `app_moves` that makes such moves drift again."""

COMPLETE = "complete"
"""The state of an order that was paid for."""


def application_moves(
    wire: Connection, system: System, live: Snapshot, options: Mapping[str, Any]
) -> Mapping[str, ApplicationMoves]:
    """See Snapshot. Nothing where the settings want moves to be taken back."""
    if options.get("app_moves") == _REVERT:
        return {}
    return {"tenant": ApplicationMoves(through="package", leads=leads(live), given=dict(_given(wire, system)))}


def besides(live: Binder, options: Mapping[str, Any]) -> Iterator[Col]:
    """What is read to find out who gave a package, whatever `app_moves` says today."""
    found = tables(prefix_of(live.tables, options.get("table_prefix")))
    yield from found["price_plan_order"].c
    yield from found["price_plan"].c


def leads(live: Snapshot) -> dict[str, frozenset[str]]:
    """Package → all that its customers may come to, step by step; `none`: by the platform's rule."""
    steps: dict[str, str] = {}
    for kind, source in (("package", ""), ("platform", NONE)):
        for key, record in live.sheets[kind].items():
            to = record.values.get("quota.move_to")
            if record.values.get("quota.action") == "move" and isinstance(to, str):
                steps[source or key] = to
    return {start: frozenset(_path(start, steps)) for start in steps}


def _path(start: str, steps: Mapping[str, str]) -> Iterator[str]:
    seen = set()
    at = steps.get(start)
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = steps.get(at)


def _given(wire: Connection, system: System) -> Iterator[tuple[str, str]]:
    """Customer, and the package of the newest order that is complete."""
    (register,) = system.kinds["package"].registers()
    found, live = tables(register.table.name.removesuffix(TELLING)), Binder(wire)
    orders, plans, customers, groups = (
        found[name] for name in ("price_plan_order", "price_plan", "customer", "customer_group")
    )
    if not all(live.has(column) for column in (*orders.c, *plans.c)):
        return
    newest = (
        sa.select(sa.func.max(orders.c.order_id).label("order_id"))
        .where(orders.c.status == COMPLETE)
        .group_by(orders.c.customer_id)
        .subquery()
    )
    statement: Query = (
        sa.select(customers.c.email, groups.c.name)
        .select_from(newest)
        .join(orders, orders.c.order_id == newest.c.order_id)
        .join(plans, plans.c.plan_id == orders.c.plan_id)
        .join(customers, customers.c.customer_id == orders.c.customer_id)
        .join(groups, groups.c.group_id == plans.c.group_id)
    )
    for email, group in wire.counts(statement):
        yield text(email), text(group)
