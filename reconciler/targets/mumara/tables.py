"""The tables of Mumara Campaigns that we look at, and of each only the columns we use. What holds a password or a token
is not among them. Described for 6.2.7."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import TINYINT

from reconciler.targets.sql.mapping import Col, optional

SECTION_OF_NODES: Final = 2
"""Groups of sending nodes, among groups of lists, campaigns and templates."""

NUMBER, LARGE, FLAG = sa.Integer(), sa.BigInteger(), TINYINT()
WORDS, LINES, MOMENT = sa.String(255), sa.Text(), sa.DateTime()

METADATA: Final = sa.MetaData()


def _id() -> Col:
    return sa.Column("id", NUMBER, primary_key=True)


def _stamped() -> tuple[Col, Col]:
    return sa.Column("created_at", MOMENT), sa.Column("updated_at", MOMENT)


ROLES: Final = sa.Table(
    "roles",
    METADATA,
    _id(),
    sa.Column("name", WORDS),
    sa.Column("user_id", NUMBER),
    sa.Column("is_staff", FLAG),
    sa.Column("type", sa.String(8)),
    sa.Column("description", LINES),
    *_stamped(),
)
PERMISSIONS: Final = sa.Table(
    "permissions",
    METADATA,
    _id(),
    optional("parent_id", NUMBER),
    optional("default_title", WORDS),
    optional("title", WORDS),
    optional("route_type", sa.String(8)),
    optional("route", WORDS),
)
ROLE_PERMISSIONS: Final = sa.Table(
    "role_permissions",
    METADATA,
    _id(),
    sa.Column("role_id", NUMBER),
    sa.Column("permission_id", NUMBER),
    *_stamped(),
)
PACKAGES: Final = sa.Table(
    "packages",
    METADATA,
    _id(),
    sa.Column("package_name", WORDS),
    sa.Column("role_id", NUMBER),
    sa.Column("user_id", NUMBER),
    sa.Column("lists_limit", NUMBER),
    sa.Column("subscribers_limit", NUMBER),
    sa.Column("smtps_limit", NUMBER),
    sa.Column("monthly_email_limit", NUMBER),
    sa.Column("daily_email_limit", NUMBER),
    sa.Column("hourly_email_limit", NUMBER),
    sa.Column("sending_domain_limit", NUMBER),
    sa.Column("segments_limit", NUMBER),
    sa.Column("triggers_limit", NUMBER),
    sa.Column("evergreen_campaigns", NUMBER),
    sa.Column("trigger_actions", NUMBER),
    sa.Column("smtp_type", WORDS),
    sa.Column("smtp_ids", LINES),
    sa.Column("smtp_groups", LINES),
    sa.Column("sending_domains", LINES),
    sa.Column("bounce_emails", LINES),
    sa.Column("sending_options", WORDS),
    sa.Column("additional_headers", LINES),
    sa.Column("allow_overuse", FLAG),
    sa.Column("credits_enabled", FLAG),
    sa.Column("max_threads", NUMBER),
    sa.Column("suppress_domains_limit", NUMBER),
    sa.Column("bounce_rate_limit", NUMBER),
    sa.Column("tracking_restrictions", WORDS),
    sa.Column("allow_branding", NUMBER),
    *_stamped(),
)
USERS: Final = sa.Table(
    "users",
    METADATA,
    _id(),
    sa.Column("name", WORDS),
    sa.Column("email", sa.String(100)),
    optional("role", sa.String(16)),
    sa.Column("role_id", NUMBER),
    sa.Column("package_id", NUMBER),
    optional("is_admin", FLAG),
    sa.Column("is_client", FLAG),
    sa.Column("status", sa.String(16)),
    sa.Column("parent_id", NUMBER),
    sa.Column("max_threads", NUMBER),
    sa.Column("deleted_at", MOMENT),
    *_stamped(),
)
LIMITS: Final = sa.Table(
    "user_email_limits",
    METADATA,
    sa.Column("user_id", NUMBER),
    sa.Column("hourly_rate", NUMBER),
    sa.Column("daily_limit", NUMBER),
    sa.Column("monthly_limit", NUMBER),
    sa.Column("trigger_actions_limit", LARGE),
    sa.Column("contacts_limit", NUMBER),
    sa.Column("domain_suppression_limit", NUMBER),
    sa.Column("sent_today", NUMBER),
    sa.Column("sent_this_month", NUMBER),
    sa.Column("trigger_actions_this_month", NUMBER),
    sa.Column("contacts", NUMBER),
    sa.Column("total_bounced_hard", NUMBER),
    sa.Column("total_bounced_soft", NUMBER),
    sa.Column("bounced_hard_this_month", NUMBER),
    sa.Column("bounced_soft_this_month", NUMBER),
    *_stamped(),
)
API_TOKENS: Final = sa.Table(
    "api_tokens",
    METADATA,
    _id(),
    sa.Column("role_id", NUMBER),
    sa.Column("name", WORDS),
)
NODES: Final = sa.Table(
    "smtps",
    METADATA,
    _id(),
    sa.Column("name", WORDS),
    optional("user_id", NUMBER),
)
ASSET_GROUPS: Final = sa.Table(
    "groups",
    METADATA,
    _id(),
    sa.Column("name", WORDS),
    optional("section_id", NUMBER, absent=SECTION_OF_NODES),
    optional("user_id", NUMBER),
)
BOUNCES: Final = sa.Table(
    "bounces",
    METADATA,
    _id(),
    sa.Column("name", WORDS),
    optional("user_id", NUMBER),
)
DOMAINS: Final = sa.Table(
    "domain_maskings",
    METADATA,
    _id(),
    sa.Column("domain", WORDS),
    optional("user_id", NUMBER),
)
LISTS: Final = sa.Table("lists", METADATA, sa.Column("user_id", NUMBER), sa.Column("total_subscribers", NUMBER))
SUBSCRIBERS: Final = sa.Table("subscribers", METADATA, sa.Column("user_id", NUMBER))
SEGMENTS: Final = sa.Table("segmentations", METADATA, sa.Column("user_id", NUMBER))
TRIGGERS: Final = sa.Table("triggers", METADATA, sa.Column("user_id", NUMBER))
EVERGREEN_CAMPAIGNS: Final = sa.Table("evergreen_campaigns", METADATA, sa.Column("user_id", NUMBER))

HIDING: Final = frozenset({USERS, NODES, BOUNCES, DOMAINS, API_TOKENS, SUBSCRIBERS})
"""Tables with passwords, keys or tokens, or with people who are no clients, in other columns."""
