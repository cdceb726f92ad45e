"""The tables of Mumara Campaigns that we look at, and of each only the columns we use. What holds a password or a token
is not among them. Described for 6.2.7; what a version has not, discovery finds out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql import TINYINT

from reconciler.targets.sql.binding import Binder

Columns = dict[str, sa.types.TypeEngine[Any]]

NUMBER, LARGE, FLAG = sa.Integer(), sa.BigInteger(), TINYINT()
WORDS, LINES, MOMENT = sa.String(255), sa.Text(), sa.DateTime()
STAMPED: Columns = {"created_at": MOMENT, "updated_at": MOMENT}

LAYOUT: Final[dict[str, Columns]] = {
    "roles": {
        "id": NUMBER,
        "name": WORDS,
        "user_id": NUMBER,
        "is_staff": FLAG,
        "type": sa.String(8),
        "description": LINES,
        **STAMPED,
    },
    "permissions": {
        "id": NUMBER,
        "parent_id": NUMBER,
        "default_title": WORDS,
        "title": WORDS,
        "route_type": sa.String(8),
        "route": WORDS,
    },
    "role_permissions": {"id": NUMBER, "role_id": NUMBER, "permission_id": NUMBER, **STAMPED},
    "packages": {
        "id": NUMBER,
        "package_name": WORDS,
        "role_id": NUMBER,
        "user_id": NUMBER,
        "lists_limit": NUMBER,
        "subscribers_limit": NUMBER,
        "smtps_limit": NUMBER,
        "monthly_email_limit": NUMBER,
        "daily_email_limit": NUMBER,
        "hourly_email_limit": NUMBER,
        "sending_domain_limit": NUMBER,
        "segments_limit": NUMBER,
        "triggers_limit": NUMBER,
        "evergreen_campaigns": NUMBER,
        "trigger_actions": NUMBER,
        "smtp_type": WORDS,
        "smtp_ids": LINES,
        "smtp_groups": LINES,
        "sending_domains": LINES,
        "bounce_emails": LINES,
        "sending_options": WORDS,
        "additional_headers": LINES,
        "allow_overuse": FLAG,
        "credits_enabled": FLAG,
        "max_threads": NUMBER,
        "suppress_domains_limit": NUMBER,
        "bounce_rate_limit": NUMBER,
        "tracking_restrictions": WORDS,
        "allow_branding": NUMBER,
        **STAMPED,
    },
    "users": {
        "id": NUMBER,
        "name": WORDS,
        "email": sa.String(100),
        "role": sa.String(16),
        "role_id": NUMBER,
        "package_id": NUMBER,
        "is_admin": FLAG,
        "is_client": FLAG,
        "status": sa.String(16),
        "parent_id": NUMBER,
        "max_threads": NUMBER,
        "deleted_at": MOMENT,
        **STAMPED,
    },
    "user_email_limits": {
        "user_id": NUMBER,
        "hourly_rate": NUMBER,
        "daily_limit": NUMBER,
        "monthly_limit": NUMBER,
        "trigger_actions_limit": LARGE,
        "contacts_limit": NUMBER,
        "domain_suppression_limit": NUMBER,
        "sent_today": NUMBER,
        "sent_this_month": NUMBER,
        "trigger_actions_this_month": NUMBER,
        "contacts": NUMBER,
        "total_bounced_hard": NUMBER,
        "total_bounced_soft": NUMBER,
        "bounced_hard_this_month": NUMBER,
        "bounced_soft_this_month": NUMBER,
        **STAMPED,
    },
    "api_tokens": {"id": NUMBER, "role_id": NUMBER, "name": WORDS},
    "smtps": {"id": NUMBER, "name": WORDS, "user_id": NUMBER},
    "groups": {"id": NUMBER, "name": WORDS, "section_id": NUMBER, "user_id": NUMBER},
    "bounces": {"id": NUMBER, "name": WORDS, "user_id": NUMBER},
    "domain_maskings": {"id": NUMBER, "domain": WORDS, "user_id": NUMBER},
    "lists": {"user_id": NUMBER, "total_subscribers": NUMBER},
    "subscribers": {"user_id": NUMBER},
    "segmentations": {"user_id": NUMBER},
    "triggers": {"user_id": NUMBER},
    "evergreen_campaigns": {"user_id": NUMBER},
}

LONGEST_TEXT: Final = 65_535
"""What a column of type TEXT holds, which does not say so itself."""

HIDING: Final = ("users", "smtps", "bounces", "domain_maskings", "api_tokens", "subscribers")
"""Tables with passwords, keys or tokens, or with people who are no clients, in other columns."""


def tables(prefix: str = "") -> dict[str, sa.Table]:
    """Name without prefix → table."""
    metadata = sa.MetaData()
    return {
        name: sa.Table(
            prefix + name,
            metadata,
            *(sa.Column(column, type_, primary_key=column == "id") for column, type_ in columns.items()),
            quote=True,  # newer servers keep `groups` for themselves
        )
        for name, columns in LAYOUT.items()
    }


def measured(found: Mapping[str, sa.Table], live: Binder) -> None:
    """Give columns the size that they have in this version."""
    for table in found.values():
        for name, known in live.columns(table.name).items():
            is_sized = isinstance(known["type"], (sa.Integer, sa.String)) and not isinstance(known["type"], sa.Enum)
            if name in table.c and is_sized:
                is_text = type(known["type"]) is mysql.TEXT and not known["type"].length
                table.c[name].type = sa.String(LONGEST_TEXT) if is_text else known["type"]
