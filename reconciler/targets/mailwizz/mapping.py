"""Where our fields live in MailWizz: a package is a customer group and its options, a tenant a customer, the platform
the settings of customers without a group. Data; of the live schema it asks only which tables and columns there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from reconciler.model.values import NONE, OFF, UNLIMITED
from reconciler.targets.mailwizz.counters import counters
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.targets.mailwizz.tables import HIDING, Tables, prefix_of, tables
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.codec import TEXT, Codec
from reconciler.targets.sql.mapping import (
    NOW,
    Account,
    Catalogue,
    Column,
    Foreign,
    KindMap,
    Links,
    Option,
    OptionReference,
    Options,
    OptionTable,
    Place,
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


def mapping(live: Binder, options: Mapping[str, Any]) -> System:
    """The whole system. Raises TargetError where this is no MailWizz."""
    found = tables(prefix_of(live.tables, options.get("table_prefix")))
    groups, display = found["customer_group"], found["price_plan_customer_group_display"]
    package = KindMap(
        kind="package",
        table=groups,
        id=groups.c.group_id,
        key=groups.c.name,
        created=groups.c.date_added,
        fields={**_options(_of_groups(found), f"{SENDING}."), **_limits(found), **_assets(found, live)},
        belongs=(display.c.group_id,),
    )
    return System(
        kinds={"package": package, "tenant": _tenant(found, live), "platform": _platform(found)},
        catalogues={NODES: _system_servers(found, live)},
        pointers=_pointers(found),
        stamps=_stamps(found),
        hiding=frozenset(found[name].name for name in HIDING),
    )


def _of_groups(found: Tables) -> OptionTable:
    own = found["customer_group_option"].c
    return OptionTable(
        code=own.code,
        value=own.value,
        id=own.option_id,
        owner=own.group_id,
        serialized=own.is_serialized,
        template=NEW_GROUP,
    )


def _options(register: OptionTable, prefix: str) -> dict[str, Place]:
    places: dict[str, Place] = {
        name: Option(register, prefix + key, codec, missing) for name, (key, codec, missing) in QUOTA.items()
    }
    return {**places, "quota.move_to": OptionReference(register, prefix + MOVE_TO, "package", None)}


def _limits(found: Tables) -> dict[str, Place]:
    register = _of_groups(found)
    places: dict[str, Place] = {
        name: Option(register, code, _LIMIT, missing) for name, (code, missing) in LIMITS.items()
    }
    return {**places, "options": Options(register)}


def _assets(found: Tables, live: Binder) -> dict[str, Place]:
    """Servers of customers may be linked to a group too, which has no effect: those links are left alone."""
    links, servers = found["delivery_server_to_customer_group"].c, found["delivery_server"].c
    if not live.has(servers.server_id):
        return {}
    system_s: sa.Select[tuple[int]] = sa.select(servers.server_id).where(servers.customer_id.is_(None))
    ours = (links.server_id.in_(system_s),)
    return {"assets.sending_nodes": Links(links.group_id, links.server_id, NODES, OFF, ours)}


def _system_servers(found: Tables, live: Binder) -> Catalogue:
    """A server without a name is called by its host, as in the panel."""
    own = found["delivery_server"].c
    names = [sa.func.nullif(column, "") for column in (own.name, own.hostname) if live.has(column)]
    shown = sa.func.coalesce(*names, sa.func.concat("server ", own.server_id)).label("name")
    servers = sa.select(own.server_id, shown).where(own.customer_id.is_(None)).subquery()
    if not live.has(own.server_id):
        return Catalogue(own.server_id, own.name)
    return Catalogue(column_of(servers, "server_id"), column_of(servers, "name"), single=True)


def _tenant(found: Tables, live: Binder) -> KindMap:
    """A customer with a parent is a sub-account; versions without sub-accounts have no such column."""
    own = found["customer"].c
    return KindMap(
        kind="tenant",
        table=found["customer"],
        id=own.customer_id,
        key=own.email,
        created=own.date_added,
        fields={"package": Foreign(own.group_id, "package", NONE), "status": Column(own.status, STATUS)},
        account=Account(
            state="status",
            child=own.parent_id.is_not(None) if live.has(own.parent_id) else sa.false(),
            binned=sa.false(),
            counters=counters(found, live),
        ),
    )


def _platform(found: Tables) -> KindMap:
    """The one object without a row of its own: it is its options."""
    own = found["option"].c
    register = OptionTable(code=own.key, value=own.value, within={own.category: SENDING}, serialized=own.is_serialized)
    only = sa.select(sa.literal(0).label("id"), sa.literal("default").label("name")).subquery()
    return KindMap(
        kind="platform",
        table=only,
        id=column_of(only, "id"),
        key=column_of(only, "name"),
        created=sa.literal(""),
        fields=_options(register, ""),
    )


def _pointers(found: Tables) -> tuple[Pointer, ...]:
    plans, settings = found["price_plan"].c, found["option"].c
    return (
        Pointer(kind="package", by="price plan", name=plans.name, field="group_id", number=plans.group_id),
        Pointer(
            kind="package",
            by="setting",
            name=settings.category,
            field="default_group",
            number=settings.value,
            where=(settings.category == REGISTRATION, settings.key == "default_group"),
        ),
    )


def _stamps(found: Tables) -> dict[str, RowDefaults]:
    dates = RowDefaults(fresh={"date_added": NOW, "last_updated": NOW}, touched={"last_updated": NOW})
    group = RowDefaults(fresh={**dates.fresh, "is_default": "no"}, touched=dates.touched)
    return {
        found["customer_group"].name: group,
        found["customer_group_option"].name: dates,
        found["option"].name: dates,
        found["customer"].name: RowDefaults(touched=dates.touched),
    }
