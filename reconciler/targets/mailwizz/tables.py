"""MailWizz's tables, as far as fields live in them. The installer puts a prefix before each name. Creates nothing.

Values of options are blobs that hold text, so they are taken for text here: the driver gives bytes and takes text.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.mapping import Col, optional


def _dates() -> tuple[Col, Col]:
    return sa.Column("date_added", sa.DateTime), sa.Column("last_updated", sa.DateTime)


METADATA: Final = sa.MetaData()

GROUPS: Final = sa.Table(
    "customer_group",
    METADATA,
    sa.Column("group_id", sa.Integer),
    sa.Column("name", sa.String),
    sa.Column("is_default", sa.String),
    *_dates(),
)
GROUP_OPTIONS: Final = sa.Table(
    "customer_group_option",
    METADATA,
    sa.Column("option_id", sa.Integer),
    sa.Column("group_id", sa.Integer),
    sa.Column("code", sa.String),
    sa.Column("value", sa.Text),
    sa.Column("is_serialized", sa.Integer),
    *_dates(),
)
OPTIONS: Final = sa.Table(
    "option",
    METADATA,
    sa.Column("category", sa.String),
    sa.Column("key", sa.String),
    sa.Column("value", sa.Text),
    sa.Column("is_serialized", sa.Integer),
    *_dates(),
)
CUSTOMERS: Final = sa.Table(
    "customer",
    METADATA,
    sa.Column("customer_id", sa.Integer),
    optional("parent_id", sa.Integer),  # versions without sub-accounts
    sa.Column("group_id", sa.Integer),
    sa.Column("email", sa.String),
    sa.Column("status", sa.String),
    *_dates(),
)
SERVERS: Final = sa.Table(
    "delivery_server",
    METADATA,
    sa.Column("server_id", sa.Integer),
    sa.Column("customer_id", sa.Integer),
    optional("name", sa.String),
    optional("hostname", sa.String),
)
SERVERS_OF_GROUPS: Final = sa.Table(
    "delivery_server_to_customer_group",
    METADATA,
    sa.Column("server_id", sa.Integer),
    sa.Column("group_id", sa.Integer),
)
USAGE_LOG: Final = sa.Table(
    "delivery_server_usage_log",
    METADATA,
    sa.Column("customer_id", sa.Integer),
    sa.Column("customer_countable", sa.String),
    sa.Column("date_added", sa.DateTime),
)
QUOTA_MARKS: Final = sa.Table(
    "customer_quota_mark",
    METADATA,
    sa.Column("mark_id", sa.Integer),
    sa.Column("customer_id", sa.Integer),
    sa.Column("date_added", sa.DateTime),
)
LISTS: Final = sa.Table("list", METADATA, sa.Column("list_id", sa.Integer), sa.Column("customer_id", sa.Integer))
SUBSCRIBERS: Final = sa.Table("list_subscriber", METADATA, sa.Column("list_id", sa.Integer))
SENDING_DOMAINS: Final = sa.Table("sending_domain", METADATA, sa.Column("customer_id", sa.Integer))
PRICE_PLANS: Final = sa.Table(
    "price_plan",
    METADATA,
    sa.Column("plan_id", sa.Integer),
    sa.Column("group_id", sa.Integer),
    sa.Column("name", sa.String),
)
PRICE_PLAN_ORDERS: Final = sa.Table(
    "price_plan_order",
    METADATA,
    sa.Column("order_id", sa.Integer),
    sa.Column("customer_id", sa.Integer),
    sa.Column("plan_id", sa.Integer),
    sa.Column("status", sa.String),
)
PRICE_PLANS_SHOWN: Final = sa.Table("price_plan_customer_group_display", METADATA, sa.Column("group_id", sa.Integer))

HIDING: Final = frozenset({CUSTOMERS, SERVERS, SENDING_DOMAINS, SUBSCRIBERS})
"""Tables with passwords or keys, or with people who are no customers, in other columns."""
