"""MailWizz's tables, as far as fields live in them. The installer puts a prefix before each name. Creates nothing.

Values of options are blobs that hold text, so they are taken for text here: the driver gives bytes and takes text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa

from reconciler.model.errors import TargetError

TELLING: Final = "customer_group_option"
"""The table by whose name the prefix is found."""

DATES: Final[Mapping[str, type[sa.types.TypeEngine[Any]]]] = {"date_added": sa.DateTime, "last_updated": sa.DateTime}

COLUMNS: Final[Mapping[str, Mapping[str, type[sa.types.TypeEngine[Any]]]]] = {
    "customer_group": {"group_id": sa.Integer, "name": sa.String, "is_default": sa.String, **DATES},
    TELLING: {
        "option_id": sa.Integer,
        "group_id": sa.Integer,
        "code": sa.String,
        "value": sa.Text,
        "is_serialized": sa.Integer,
        **DATES,
    },
    "option": {"category": sa.String, "key": sa.String, "value": sa.Text, "is_serialized": sa.Integer, **DATES},
    "customer": {
        "customer_id": sa.Integer,
        "parent_id": sa.Integer,
        "group_id": sa.Integer,
        "email": sa.String,
        "status": sa.String,
        **DATES,
    },
    "delivery_server": {
        "server_id": sa.Integer,
        "customer_id": sa.Integer,
        "name": sa.String,
        "hostname": sa.String,
    },
    "delivery_server_to_customer_group": {"server_id": sa.Integer, "group_id": sa.Integer},
    "delivery_server_usage_log": {
        "log_id": sa.Integer,
        "customer_id": sa.Integer,
        "customer_countable": sa.String,
        "date_added": sa.DateTime,
    },
    "customer_quota_mark": {"mark_id": sa.Integer, "customer_id": sa.Integer, "date_added": sa.DateTime},
    "list": {"list_id": sa.Integer, "customer_id": sa.Integer},
    "list_subscriber": {"subscriber_id": sa.Integer, "list_id": sa.Integer},
    "sending_domain": {"domain_id": sa.Integer, "customer_id": sa.Integer},
    "price_plan": {"plan_id": sa.Integer, "group_id": sa.Integer, "name": sa.String},
    "price_plan_order": {
        "order_id": sa.Integer,
        "customer_id": sa.Integer,
        "plan_id": sa.Integer,
        "status": sa.String,
    },
    "price_plan_customer_group_display": {"plan_id": sa.Integer, "group_id": sa.Integer},
}

HIDING: Final = ("customer", "delivery_server", "sending_domain", "list_subscriber")
"""Tables with passwords or keys, or with people who are no customers, in other columns."""

Tables = Mapping[str, sa.Table]
"""Name without the prefix → the table."""


def tables(prefix: str) -> Tables:
    """All of them under one prefix."""
    metadata = sa.MetaData()
    return {
        name: sa.Table(prefix + name, metadata, *(sa.Column(column, of) for column, of in columns.items()))
        for name, columns in COLUMNS.items()
    }


def prefix_of(live: Collection[str], stated: str | None) -> str:
    """What stands before every name: as the settings say, else as the live tables say. Raises TargetError where they
    are of no MailWizz, or of several."""
    if stated is not None:
        if stated + TELLING not in live:
            raise TargetError(
                f"there is no table {stated + TELLING}", remedy="look whether the URL and table_prefix are right"
            )
        return stated
    found = sorted(name.removesuffix(TELLING) for name in live if name.endswith(TELLING))
    # A copy of some table under another name makes no installation.
    found = [prefix for prefix in found if {prefix + "customer", prefix + "customer_group"} <= set(live)]
    if not found:
        raise TargetError(
            f"there is no MailWizz in this database: no table is called {TELLING}, with or without a prefix",
            remedy="look whether the URL is right",
        )
    if len(found) > 1:
        told = ", ".join(f'"{prefix}"' for prefix in found)
        raise TargetError(
            f"there are several MailWizz in this database, with the prefixes {told}",
            remedy="say which one by table_prefix in reconciler.yaml",
        )
    return found[0]
