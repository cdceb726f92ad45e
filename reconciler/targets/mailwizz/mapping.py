"""Where our fields live in MailWizz: a package is a customer group and its options, a tenant a customer, the platform
the settings of customers without a group. Described from version 2.1.13."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from reconciler.model.values import NONE, OFF, UNLIMITED
from reconciler.targets.mailwizz.counters import COUNTERS
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.targets.mailwizz.tables import (
    CUSTOMERS,
    GROUP_OPTIONS,
    GROUPS,
    HIDING,
    OPTIONS,
    PRICE_PLAN_ORDERS,
    PRICE_PLANS,
    PRICE_PLANS_SHOWN,
    SERVERS,
    SERVERS_OF_GROUPS,
)
from reconciler.targets.sql.codec import TEXT, Codec
from reconciler.targets.sql.mapping import (
    NOW,
    Account,
    Catalogue,
    Column,
    Foreign,
    KindMap,
    Links,
    NotedVersion,
    Option,
    OptionReference,
    Options,
    OptionTable,
    Pointer,
    RowDefaults,
    System,
    column_of,
)

_LIMIT: Final = Codec(int, {-1: UNLIMITED}, spelled=True)
THROTTLE: Final = Codec(int, {0: UNLIMITED}, spelled=True)
_NUMBER: Final = Codec(int, spelled=True)
_SWITCH: Final = Codec(str, {"no": False, "yes": True})
ACTION: Final = Codec(str, {"": "none", "move-in-group": "move"})
STATUS: Final = Codec(str, {"inactive": "suspended", "disabled": "closed"})
"""Every other word of a customer's state stands for itself and is a state that files do not know
(docs/rules.md#rule-14)."""

SENDING: Final = "system.customer_sending"
REGISTRATION: Final = "system.customer_registration"

QUOTA: Final[Mapping[str, tuple[str, Codec, Any]]] = {
    "quota.emails": ("quota", _LIMIT, UNLIMITED),
    "quota.time_value": ("quota_time_value", _LIMIT, UNLIMITED),
    "quota.time_unit": ("quota_time_unit", TEXT, "month"),
    "quota.wait_for_expiry": ("quota_wait_expire", _SWITCH, True),
    "quota.action": ("action_quota_reached", ACTION, "none"),
    "quota.notify": ("quota_notify_enabled", _SWITCH, False),
    "quota.notify_percent": ("quota_notify_percent", _NUMBER, 95),
    "quota.notify_message": ("quota_notify_email_content", TEXT, ""),
    "sending.hourly_speed": ("hourly_quota", THROTTLE, UNLIMITED),
}
"""Field → key, codec, what a missing row means. The keys are the same for a group and for the platform."""

MOVE_TO: Final = "move_to_group_id"

LIMITS: Final[Mapping[str, tuple[str, Any]]] = {
    "limits.contacts": ("system.customer_lists.max_subscribers", UNLIMITED),
    "limits.lists": ("system.customer_lists.max_lists", UNLIMITED),
    "limits.sending_domains": ("system.customer_sending_domains.max_sending_domains", UNLIMITED),
    "limits.sending_nodes": ("system.customer_servers.max_delivery_servers", 0),
}
"""Field → code, what a missing row means."""

NODES: Final = "sending_node"


_OF_GROUPS: Final = OptionTable(
    code=GROUP_OPTIONS.c.code,
    value=GROUP_OPTIONS.c.value,
    id=GROUP_OPTIONS.c.option_id,
    owner=GROUP_OPTIONS.c.group_id,
    serialized=GROUP_OPTIONS.c.is_serialized,
    template=NEW_GROUP,
)
_OF_PLATFORM: Final = OptionTable(
    code=OPTIONS.c.key,
    value=OPTIONS.c.value,
    within={OPTIONS.c.category: SENDING},
    serialized=OPTIONS.c.is_serialized,
)

_SYSTEM_SERVERS: Final = SERVERS.c.customer_id.is_(None)
"""Servers of customers may be linked to a group too, which has no effect: those links are left alone."""
_SHOWN_SERVERS: Final = (
    sa.select(
        SERVERS.c.server_id,
        sa.func.coalesce(
            sa.func.nullif(SERVERS.c.name, ""),
            sa.func.nullif(SERVERS.c.hostname, ""),
            sa.func.concat("server ", SERVERS.c.server_id),
        ).label("name"),
    )
    .where(_SYSTEM_SERVERS)
    .subquery()
)
"""A server without a name is called by its host, as in the panel."""

_ONLY: Final = sa.select(sa.literal(0).label("id"), sa.literal("default").label("name")).subquery()
"""The one object without a row of its own: it is its options."""

PACKAGE: Final = KindMap(
    kind="package",
    table=GROUPS,
    id=GROUPS.c.group_id,
    key=GROUPS.c.name,
    created=GROUPS.c.date_added,
    fields={
        **{n: Option(_OF_GROUPS, f"{SENDING}.{key}", codec, missing) for n, (key, codec, missing) in QUOTA.items()},
        "quota.move_to": OptionReference(_OF_GROUPS, f"{SENDING}.{MOVE_TO}", "package", None),
        **{name: Option(_OF_GROUPS, code, _LIMIT, missing) for name, (code, missing) in LIMITS.items()},
        "options": Options(_OF_GROUPS),
        "assets.sending_nodes": Links(
            SERVERS_OF_GROUPS.c.group_id,
            SERVERS_OF_GROUPS.c.server_id,
            NODES,
            OFF,
            where=(SERVERS_OF_GROUPS.c.server_id.in_(sa.select(SERVERS.c.server_id).where(_SYSTEM_SERVERS)),),
        ),
    },
    belongs=(PRICE_PLANS_SHOWN.c.group_id,),
)

TENANT: Final = KindMap(
    kind="tenant",
    table=CUSTOMERS,
    id=CUSTOMERS.c.customer_id,
    key=CUSTOMERS.c.email,
    created=CUSTOMERS.c.date_added,
    fields={
        "package": Foreign(CUSTOMERS.c.group_id, "package", NONE),
        "status": Column(CUSTOMERS.c.status, STATUS),
    },
    account=Account(
        state="status",
        child=CUSTOMERS.c.parent_id.is_not(None),
        binned=sa.false(),
        counters=COUNTERS,
    ),
)

PLATFORM: Final = KindMap(
    kind="platform",
    table=_ONLY,
    id=column_of(_ONLY, "id"),
    key=column_of(_ONLY, "name"),
    fields={
        **{n: Option(_OF_PLATFORM, key, codec, missing) for n, (key, codec, missing) in QUOTA.items()},
        "quota.move_to": OptionReference(_OF_PLATFORM, MOVE_TO, "package", None),
    },
)

_TOUCHED: Final = {"last_updated": NOW}
_FRESH: Final = {"date_added": NOW, **_TOUCHED}

_NEWEST_ORDERS: Final = (
    sa.select(sa.func.max(PRICE_PLAN_ORDERS.c.order_id).label("order_id"))
    .where(PRICE_PLAN_ORDERS.c.status == "complete")
    .group_by(PRICE_PLAN_ORDERS.c.customer_id)
    .subquery()
)
"""Of each customer the newest that was paid for."""

BOUGHT: Final = "bought"
"""The query of who was given which package by a completed order: a customer's name, the package's."""

SYSTEM: Final = System(
    name="MailWizz",
    known="2.1.13",
    version=NotedVersion(
        sa.select(OPTIONS.c.value).where(OPTIONS.c.category == "system.common", OPTIONS.c.key == "version")
    ),
    told_by=(GROUP_OPTIONS, CUSTOMERS, GROUPS),
    kinds={"package": PACKAGE, "tenant": TENANT, "platform": PLATFORM},
    catalogues={
        NODES: Catalogue(column_of(_SHOWN_SERVERS, "server_id"), column_of(_SHOWN_SERVERS, "name"), single=True)
    },
    pointers=(
        Pointer(
            kind="package",
            by="price plan",
            name=PRICE_PLANS.c.name,
            field="group_id",
            number=PRICE_PLANS.c.group_id,
        ),
        Pointer(
            kind="package",
            by="setting",
            name=OPTIONS.c.category,
            field="default_group",
            number=OPTIONS.c.value,
            where=(OPTIONS.c.category == REGISTRATION, OPTIONS.c.key == "default_group"),
        ),
    ),
    stamps={
        GROUPS: RowDefaults(fresh={**_FRESH, "is_default": "no"}, touched=_TOUCHED),
        GROUP_OPTIONS: RowDefaults(fresh=_FRESH, touched=_TOUCHED),
        OPTIONS: RowDefaults(fresh=_FRESH, touched=_TOUCHED),
        CUSTOMERS: RowDefaults(touched=_TOUCHED),
    },
    hiding=HIDING,
    reads={
        BOUGHT: sa.select(CUSTOMERS.c.email, GROUPS.c.name)
        .select_from(_NEWEST_ORDERS)
        .join(PRICE_PLAN_ORDERS, PRICE_PLAN_ORDERS.c.order_id == _NEWEST_ORDERS.c.order_id)
        .join(PRICE_PLANS, PRICE_PLANS.c.plan_id == PRICE_PLAN_ORDERS.c.plan_id)
        .join(CUSTOMERS, CUSTOMERS.c.customer_id == PRICE_PLAN_ORDERS.c.customer_id)
        .join(GROUPS, GROUPS.c.group_id == PRICE_PLANS.c.group_id)
    },
)
