"""Where our fields live in the tables of Mumara Campaigns, as data. Sources: the forms and tables of 6.2.7; the columns
of newer versions are named in the settings."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from reconciler.model.values import NONE
from reconciler.targets.mumara import encodings as as_
from reconciler.targets.mumara.catalogues import CATALOGUES
from reconciler.targets.mumara.counters import COUNTERS
from reconciler.targets.mumara.tables import (
    API_TOKENS,
    HIDING,
    LIMITS,
    PACKAGES,
    PERMISSIONS,
    ROLE_PERMISSIONS,
    ROLES,
    USERS,
)
from reconciler.targets.sql.codec import NO_LIMIT, TEXT
from reconciler.targets.sql.json_columns import ChosenIdList, Entries, IdList, Ticked
from reconciler.targets.sql.mapping import (
    NOW,
    Account,
    Column,
    Foreign,
    KindMap,
    Links,
    Mirror,
    Pointer,
    RowDefaults,
    SharedColumn,
    SideTable,
    System,
    VersionByColumns,
)

SUPER_ADMINISTRATOR: Final = 1
"""The id of a role that the application itself speaks of."""

_SENDER: Final = {"from_sending_nodes": "sending_node", "from_contact_lists": "form_list", "custom": "custom"}
_REQUIRE: Final = {
    "dkim": "dkim_restriction",
    "tracking_domain": "tracking_restriction",
    "bounce_domain": "bounce_restriction",
}
_LIMIT_COLUMNS: Final = {
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
_MARKED: Final = {"created_at": NOW, "updated_at": NOW}
_TOUCHED: Final = {"updated_at": NOW}
_BOUNCED: Final = ("total_bounced_hard", "total_bounced_soft", "bounced_hard_this_month", "bounced_soft_this_month")

UNUSED: Final = frozenset(
    {
        "modules",
        "list_ids",
        "segment_ids",
        "email_template_ids",
        "allow_smtp",
        "allow_tracking",
        "oversending",
        "oversending_price",
        "oversending_limit",
        "update_existing_users_setting",
    }
)
"""Columns of 6.2.7 that its forms do not show."""

ROLE: Final = KindMap(
    kind="role",
    table=ROLES,
    id=ROLES.c.id,
    key=ROLES.c.name,
    created=ROLES.c.created_at,
    # Client roles: those of staff and of the API are not ours, and the first is special.
    where=(
        sa.func.coalesce(ROLES.c.is_staff, 0) == 0,
        sa.func.coalesce(ROLES.c.type, "web") == "web",
        ROLES.c.id != SUPER_ADMINISTRATOR,
    ),
    fields={
        "description": Column(ROLES.c.description, as_.WORDS),
        "permissions": Links(ROLE_PERMISSIONS.c.role_id, ROLE_PERMISSIONS.c.permission_id, "permission", ()),
    },
)

_P: Final = PACKAGES.c
_BOXES: Final = tuple(_SENDER.values())

PACKAGE: Final = KindMap(
    kind="package",
    table=PACKAGES,
    id=_P.id,
    key=_P.package_name,
    created=_P.created_at,
    fields={
        "role": Foreign(_P.role_id, "role", None),
        **{name: Column(_P[column], as_.LIMIT) for name, column in _LIMIT_COLUMNS.items()},
        "sending.max_threads": Column(_P.max_threads, as_.THREADS),
        "commercial.suppressed_domains": Column(_P.suppress_domains_limit, as_.SUPPRESSED_DOMAINS),
        "commercial.bounce_rate_stop": Column(_P.bounce_rate_limit, as_.BOUNCE_RATE),
        "commercial.credits": Column(_P.credits_enabled, as_.SWITCHED),
        "commercial.allow_overuse": Column(_P.allow_overuse, as_.SWITCHED),
        "commercial.branding": Column(_P.allow_branding, as_.SWITCHED),
        "headers": SharedColumn((_P.additional_headers,), Entries("header", "value")),
        "assets.sending_nodes": SharedColumn(
            (_P.smtp_type, _P.smtp_ids), ChosenIdList("smtp", "sending node"), "sending_node"
        ),
        "assets.sending_node_groups": SharedColumn(
            (_P.smtp_type, _P.smtp_groups), ChosenIdList("group", "sending node group"), "sending_node_group"
        ),
        "assets.bounce_addresses": SharedColumn((_P.bounce_emails,), IdList("bounce address"), "bounce_address"),
        "assets.sending_domains": SharedColumn((_P.sending_domains,), IdList("sending domain"), "sending_domain"),
        # Nothing said allows all three; once one is said, the others are forbidden unless they are said too.
        **{f"sender.{n}": SharedColumn((_P.sending_options,), Ticked(key, True, _BOXES)) for n, key in _SENDER.items()},
        **{f"require.{n}": SharedColumn((_P.tracking_restrictions,), Ticked(key)) for n, key in _REQUIRE.items()},
    },
    rivals=(("assets.sending_nodes", "assets.sending_node_groups"),),
    nameable=as_.ADDED,
)

TENANT: Final = KindMap(
    kind="tenant",
    table=USERS,
    id=USERS.c.id,
    key=USERS.c.email,
    created=USERS.c.created_at,
    where=(USERS.c.is_client == 1,),  # administrators and staff are in the same table
    fields={
        "name": Column(USERS.c.name, as_.WORDS),
        "package": Foreign(USERS.c.package_id, "package", NONE),
        "status": Column(USERS.c.status, TEXT),
        "overrides": SideTable(
            LIMITS.c.user_id,
            {
                "sending.hourly_speed": Column(LIMITS.c.hourly_rate, as_.OWN_RATE),
                "sending.daily_limit": Column(LIMITS.c.daily_limit, as_.OWN_RATE),
                "sending.monthly_quota": Column(LIMITS.c.monthly_limit, as_.OWN_RATE),
                "limits.trigger_actions_monthly": Column(LIMITS.c.trigger_actions_limit, as_.OWN_RATE),
                "limits.contacts": Column(LIMITS.c.contacts_limit, as_.OWN_CONTACTS),
                "commercial.suppressed_domains": Column(LIMITS.c.domain_suppression_limit, as_.OWN_DOMAINS),
            },
            own={"sending.max_threads": Column(USERS.c.max_threads, as_.OWN_THREADS)},
        ),
    },
    account=Account(
        state="status",
        child=sa.func.coalesce(USERS.c.parent_id, 0) != 0,
        binned=USERS.c.deleted_at.is_not(None),
        counters=COUNTERS,
    ),
)

ROLE_OF_USERS: Final = Mirror(
    copy=USERS.c.role_id,
    of=PACKAGES.c.role_id,
    through=USERS.c.package_id,
    number=USERS.c.id,
    on=PACKAGES.c.id,
    where=(USERS.c.is_client == 1,),
    proof=(USERS.c.deleted_at.is_(None),),
)
"""The application attaches roles to packages, and users have a copy of their package's."""

_ADMINISTRATOR: Final = sa.select(sa.func.min(USERS.c.id)).where(
    sa.or_(USERS.c.is_admin == 1, USERS.c.role == "super_admin"), USERS.c.deleted_at.is_(None)
)
"""The first administrator owns what is made."""

SYSTEM: Final = System(
    name="Mumara Campaigns",
    known="6.2.7",
    # The application notes its version only in a table that also holds secrets.
    version=VersionByColumns(PACKAGES, UNUSED),
    kinds={"role": ROLE, "package": PACKAGE, "tenant": TENANT},
    catalogues=CATALOGUES,
    pointers=(
        # A user whose role is only the package's copy does not hold it: the package does.
        Pointer(
            kind="role",
            by="tenant",
            name=USERS.c.email,
            field="role_id",
            number=USERS.c.role_id,
            where=(sa.not_(ROLE_OF_USERS.mirrored()),),
        ),
        Pointer(kind="role", by="api_token", name=API_TOKENS.c.name, field="role_id", number=API_TOKENS.c.role_id),
    ),
    stamps={
        PACKAGES: RowDefaults(
            fresh={
                "user_id": _ADMINISTRATOR,
                "sending_domain_limit": NO_LIMIT,
                "evergreen_campaigns": NO_LIMIT,
                "trigger_actions": NO_LIMIT,
                "tracking_restrictions": "{}",
                **_MARKED,
            },
            touched=_TOUCHED,
        ),
        ROLES: RowDefaults(
            fresh={"user_id": _ADMINISTRATOR, "is_staff": 0, "type": "web", **_MARKED}, touched=_TOUCHED
        ),
        ROLE_PERMISSIONS: RowDefaults(fresh=_MARKED, touched=_TOUCHED),
        USERS: RowDefaults(touched=_TOUCHED),
        LIMITS: RowDefaults(fresh={**dict.fromkeys(_BOUNCED, 0), **_MARKED}, touched=_TOUCHED),
    },
    hiding=HIDING,
    mirrors=(ROLE_OF_USERS,),
    by_triggers=True,
    needed=(PERMISSIONS.c.id, LIMITS.c.user_id),
)
