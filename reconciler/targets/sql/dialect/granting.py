"""Which engine knows accounts, and its way with them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.dialect import mariadb_grants, postgresql_grants
from reconciler.targets.sql.dialect.place import AccountsOf

GRANTING: Final[dict[str, AccountsOf]] = {
    "postgresql": postgresql_grants,
    "mariadb": mariadb_grants,
    "mysql": mariadb_grants,
}


def granting(connection: sa.Connection) -> AccountsOf | None:
    """The engine's words for grants; None where a file's mode says who may do what."""
    return GRANTING.get(connection.dialect.name)
