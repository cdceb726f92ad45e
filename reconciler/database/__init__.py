"""All that differs from one database to the next: how it is opened for reading and for writing, its types, what its
errors mean."""

from __future__ import annotations

from reconciler.database.connection import (
    add_column_sql,
    connect,
    counts_can_lock,
    enforces_references,
    engine_version,
    foreign_key_sql,
    foreign_keys,
    granting,
    is_odd,
    live_columns,
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
from reconciler.database.engine import (
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
from reconciler.database.mariadb import trigger_sql
from reconciler.database.types import ID, LONG_TEXT, NAME, about_to_create, held_by
from reconciler.database.url import database

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
    "add_column_sql",
    "connect",
    "counts_can_lock",
    "database",
    "enforces_references",
    "engine_version",
    "foreign_key_sql",
    "foreign_keys",
    "granting",
    "held_by",
    "is_odd",
    "live_columns",
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
