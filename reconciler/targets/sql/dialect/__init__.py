"""All that differs from one database to the next: how it is opened for reading and for writing, its types, what its
errors mean. Knows no table of anybody's."""

from reconciler.targets.sql.dialect.address import database
from reconciler.targets.sql.dialect.columns import ID, LONG_TEXT, NAME, about_to_create
from reconciler.targets.sql.dialect.granting import granting
from reconciler.targets.sql.dialect.opening import (
    connect,
    counts_can_lock,
    enforces_references,
    engine_version,
    foreign_key_sql,
    foreign_keys,
    is_odd,
    live_tables,
    memory_owner,
    memory_schema,
    roll_back,
    server_settings,
    sight_lacking,
    speaking,
    triggers_of,
    with_transactions,
)
from reconciler.targets.sql.dialect.place import (
    CREATE_FIRST,
    TABLE,
    AccountsOf,
    Database,
    ForeignKey,
    Grant,
    LiveTable,
    Mode,
    Trigger,
)
from reconciler.targets.sql.dialect.triggers import trigger_sql

__all__ = [
    "CREATE_FIRST",
    "ID",
    "LONG_TEXT",
    "NAME",
    "TABLE",
    "AccountsOf",
    "Database",
    "ForeignKey",
    "Grant",
    "LiveTable",
    "Mode",
    "Trigger",
    "about_to_create",
    "connect",
    "counts_can_lock",
    "database",
    "enforces_references",
    "engine_version",
    "foreign_key_sql",
    "foreign_keys",
    "granting",
    "is_odd",
    "live_tables",
    "memory_owner",
    "memory_schema",
    "roll_back",
    "server_settings",
    "sight_lacking",
    "speaking",
    "trigger_sql",
    "triggers_of",
    "with_transactions",
]
