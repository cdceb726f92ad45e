"""Where our fields live in the tables of Mumara Campaigns, as data. Sources: the forms and tables of 6.2.7; the columns
of newer versions are named in the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.model.values import NONE
from reconciler.targets.mumara import encodings as as_
from reconciler.targets.mumara.catalogues import catalogues
from reconciler.targets.mumara.counters import counters
from reconciler.targets.mumara.tables import HIDING, measured, tables
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.codec import NO_LIMIT, TEXT
from reconciler.targets.sql.json_columns import ChosenIdList, Entries, IdList, Ticked
from reconciler.targets.sql.mapping import (
    NOW,
    Account,
    Col,
    Column,
    Foreign,
    KindMap,
    Links,
    Mirror,
    Place,
    Pointer,
    RowDefaults,
    SharedColumn,
    SideTable,
    System,
)

_Tables = Mapping[str, sa.Table]

SUPER_ADMINISTRATOR: Final = 1
"""The id of a role that the application itself speaks of."""

_SENDER: Final = {"from_sending_nodes": "sending_node", "from_contact_lists": "form_list", "custom": "custom"}
_REQUIRE: Final = {
    "dkim": "dkim_restriction",
    "tracking_domain": "tracking_restriction",
    "bounce_domain": "bounce_restriction",
}
_LIMITS: Final = {
    "sending.hourly_speed": "hourly_email_limit",
    "sending.daily_limit": "daily_email_limit",
    "sending.monthly_quota": "monthly_email_limit",
    "limits.contacts": "subscribers_limit",
    "limits.lists": "lists_limit",
    "limits.sending_domains": "sending_domain_limit",
    "limits.sending_nodes": "smtps_limit",
    "limits.segments": "segments_limit",
    "limits.triggers": "triggers_limit",
    "limits.trigger_actions_monthly": "trigger_actions",
    "limits.evergreen_campaigns": "evergreen_campaigns",
}
MARKED: Final[Mapping[str, Any]] = {"created_at": NOW, "updated_at": NOW}
TOUCHED: Final[Mapping[str, Any]] = {"updated_at": NOW}
BOUNCES: Final = ("total_bounced_hard", "total_bounced_soft", "bounced_hard_this_month", "bounced_soft_this_month")


def system(live: Binder, prefix: str, named: Mapping[str, str]) -> System:
    """The mapping. `named`: field of a package → its column, where this version has one that is not known here."""
    found = tables(prefix)
    measured(found, live)
    mirror = _role_of_users(found)
    return System(
        kinds={
            "role": _role(found),
            "package": _package(found, live, named),
            "tenant": _tenant(found, live),
        },
        catalogues=dict(catalogues(found, live)),
        pointers=tuple(_pointers(found, mirror)),
        stamps={prefix + table: stamps for table, stamps in _stamps(live, found["users"]).items()},
        hiding=frozenset(prefix + name for name in HIDING),
        mirrors=(mirror,),
        by_triggers=True,
    )


def _role(found: _Tables) -> KindMap:
    """Client roles: those of staff and of the API are not ours, and the first is special."""
    own, links = found["roles"], found["role_permissions"].c
    return KindMap(
        kind="role",
        table=own,
        id=own.c.id,
        key=own.c.name,
        created=own.c.created_at,
        where=(
            sa.func.coalesce(own.c.is_staff, 0) == 0,
            sa.func.coalesce(own.c.type, "web") == "web",
            own.c.id != SUPER_ADMINISTRATOR,
        ),
        fields={
            "description": Column(own.c.description, as_.WORDS),
            "permissions": Links(links.role_id, links.permission_id, "permission", ()),
        },
    )


def _package(found: _Tables, live: Binder, named: Mapping[str, str]) -> KindMap:
    own = found["packages"]
    return KindMap(
        kind="package",
        table=own,
        id=own.c.id,
        key=own.c.package_name,
        created=own.c.created_at,
        fields={**_package_fields(own, live), **dict(_named(own, named))},
        rivals=(("assets.sending_nodes", "assets.sending_node_groups"),),
    )


def _package_fields(own: sa.Table, live: Binder) -> dict[str, Place]:
    c = own.c
    boxes = tuple(_SENDER.values())
    return {
        "role": Foreign(c.role_id, "role", None, _nothing(live, c.role_id)),
        **{name: Column(c[column], as_.LIMIT) for name, column in _LIMITS.items()},
        "sending.max_threads": Column(c.max_threads, as_.THREADS),
        "commercial.suppressed_domains": Column(c.suppress_domains_limit, as_.SUPPRESSED_DOMAINS),
        "commercial.bounce_rate_stop": Column(c.bounce_rate_limit, as_.BOUNCE_RATE),
        "commercial.credits": Column(c.credits_enabled, as_.SWITCHED),
        "commercial.allow_overuse": Column(c.allow_overuse, as_.SWITCHED),
        "commercial.branding": Column(c.allow_branding, as_.SWITCHED),
        "headers": SharedColumn((c.additional_headers,), Entries("header", "value")),
        "assets.sending_nodes": SharedColumn(
            (c.smtp_type, c.smtp_ids), ChosenIdList("smtp", "sending node"), "sending_node"
        ),
        "assets.sending_node_groups": SharedColumn(
            (c.smtp_type, c.smtp_groups), ChosenIdList("group", "sending node group"), "sending_node_group"
        ),
        "assets.bounce_addresses": SharedColumn((c.bounce_emails,), IdList("bounce address"), "bounce_address"),
        "assets.sending_domains": SharedColumn((c.sending_domains,), IdList("sending domain"), "sending_domain"),
        # Nothing said allows all three; once one is said, the others are forbidden unless they are said too.
        **{f"sender.{n}": SharedColumn((c.sending_options,), Ticked(key, True, boxes)) for n, key in _SENDER.items()},
        **{f"require.{n}": SharedColumn((c.tracking_restrictions,), Ticked(key)) for n, key in _REQUIRE.items()},
    }


def _named(own: sa.Table, named: Mapping[str, str]) -> Iterator[tuple[str, Place]]:
    """Columns that the settings name. Such a name also wins over what is known here."""
    for name, column in named.items():
        codec = as_.ADDED[type(KINDS.fields["package"][name].type).__name__.lower()]
        if column not in own.c:
            own.append_column(sa.Column(column, sa.String() if codec.expects is str else sa.Integer()))
        yield name, Column(own.c[column], codec)


def _tenant(found: _Tables, live: Binder) -> KindMap:
    """Client accounts; administrators and staff are in the same table."""
    c, limits = found["users"].c, found["user_email_limits"].c
    own_limits = {
        "sending.hourly_speed": Column(limits.hourly_rate, as_.OWN_RATE),
        "sending.daily_limit": Column(limits.daily_limit, as_.OWN_RATE),
        "sending.monthly_quota": Column(limits.monthly_limit, as_.OWN_RATE),
        "limits.trigger_actions_monthly": Column(limits.trigger_actions_limit, as_.OWN_RATE),
        "limits.contacts": Column(limits.contacts_limit, as_.OWN_CONTACTS),
        "commercial.suppressed_domains": Column(limits.domain_suppression_limit, as_.OWN_DOMAINS),
    }
    return KindMap(
        kind="tenant",
        table=found["users"],
        id=c.id,
        key=c.email,
        created=c.created_at,
        where=(c.is_client == 1,),
        fields={
            "name": Column(c.name, as_.WORDS),
            "package": Foreign(c.package_id, "package", NONE, _nothing(live, c.package_id)),
            "status": Column(c.status, TEXT),
            "overrides": SideTable(
                limits.user_id,
                {name: _inheriting(place, live) for name, place in own_limits.items()},
                {"sending.max_threads": _inheriting(Column(c.max_threads, as_.OWN_THREADS), live)},
            ),
        },
        account=Account(
            state="status",
            child=sa.func.coalesce(c.parent_id, 0) != 0,
            binned=c.deleted_at.is_not(None),
            counters=dict(counters(found, live)),
        ),
    )


def _inheriting(place: Column, live: Binder) -> Column:
    """What inherits is NULL, or 0 in a column that takes no NULL."""
    return replace(place, codec=replace(place.codec, nothing=_nothing(live, place.column)))


def _nothing(live: Binder, column: sa.Column[Any]) -> int | None:
    known = live.columns(column.table.name).get(column.name)
    return 0 if known is not None and not known["nullable"] else None


def _role_of_users(found: _Tables) -> Mirror:
    """The application attaches roles to packages, and users have a copy of their package's."""
    users, packages = found["users"].c, found["packages"].c
    return Mirror(
        copy=users.role_id,
        of=packages.role_id,
        through=users.package_id,
        number=users.id,
        on=packages.id,
        where=(users.is_client == 1,),
        proof=(users.deleted_at.is_(None),),
    )


def _pointers(found: _Tables, mirror: Mirror) -> Iterator[Pointer]:
    """Who else has a role. A user whose role is only the package's copy is none: the package has it."""
    users, tokens = found["users"].c, found["api_tokens"].c
    yield Pointer(
        kind="role",
        by="tenant",
        name=users.email,
        field="role_id",
        number=users.role_id,
        where=(sa.not_(mirror.mirrored()),),
    )
    yield Pointer(kind="role", by="api_token", name=tokens.name, field="role_id", number=tokens.role_id)


def _stamps(live: Binder, users: sa.Table) -> dict[str, RowDefaults]:
    owner = _administrator(live, users)
    owned: dict[str, Any] = {} if owner is None else {"user_id": owner}
    package = {
        **owned,
        "sending_domain_limit": NO_LIMIT,
        "evergreen_campaigns": NO_LIMIT,
        "trigger_actions": NO_LIMIT,
        "tracking_restrictions": "{}",
    }
    return {
        "packages": RowDefaults(fresh={**package, **MARKED}, touched=TOUCHED),
        "roles": RowDefaults(fresh={**owned, "is_staff": 0, "type": "web", **MARKED}, touched=TOUCHED),
        "role_permissions": RowDefaults(fresh=MARKED, touched=TOUCHED),
        "users": RowDefaults(touched=TOUCHED),
        "user_email_limits": RowDefaults(fresh={**dict.fromkeys(BOUNCES, 0), **MARKED}, touched=TOUCHED),
    }


def besides(prefix: str) -> Iterator[Col]:
    """What tells who is an administrator."""
    users = tables(prefix)["users"].c
    yield from (users.id, users.is_admin, users.role, users.deleted_at)


def _administrator(live: Binder, users: sa.Table) -> int | None:
    """The id of the first administrator, who owns what is made; None where there is nobody."""
    signs = [users.c.is_admin == 1] if live.has(users.c.is_admin) else []
    signs += [users.c.role == "super_admin"] if live.has(users.c.role) else []
    if not signs:
        return None
    alive = users.c.deleted_at.is_(None) if live.has(users.c.deleted_at) else sa.true()
    found: int | None = live.one(sa.select(sa.func.min(users.c.id)).where(sa.or_(*signs), alive))
    return found
