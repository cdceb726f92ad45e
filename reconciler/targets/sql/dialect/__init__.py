"""All that differs from one database to the next: how it is opened for reading and for writing, its types, what its
errors mean. Knows no table of anybody's."""

from reconciler.targets.sql.dialect.address import database
from reconciler.targets.sql.dialect.columns import ID, LONG_TEXT, NAME, about_to_create
from reconciler.targets.sql.dialect.granting import granting
from reconciler.targets.sql.dialect.opening import (
    counts_can_lock,
    declared_links,
    enforces_references,
    engine_version,
    is_odd,
    live_tables,
    memory_owner,
    memory_schema,
    opened,
    restricting,
    roll_back,
    settings_of,
    sight_lacking,
    speaking,
    watches,
    with_transactions,
)
from reconciler.targets.sql.dialect.place import (
    CREATE_FIRST,
    TABLE,
    Database,
    Door,
    Granting,
    Link,
    LiveTable,
    Power,
    Watch,
)
from reconciler.targets.sql.dialect.triggers import triggers

__all__ = [
    "CREATE_FIRST",
    "ID",
    "LONG_TEXT",
    "NAME",
    "TABLE",
    "Database",
    "Door",
    "Granting",
    "Link",
    "LiveTable",
    "Power",
    "Watch",
    "about_to_create",
    "counts_can_lock",
    "database",
    "declared_links",
    "enforces_references",
    "engine_version",
    "granting",
    "is_odd",
    "live_tables",
    "memory_owner",
    "memory_schema",
    "opened",
    "restricting",
    "roll_back",
    "settings_of",
    "sight_lacking",
    "speaking",
    "triggers",
    "watches",
    "with_transactions",
]
