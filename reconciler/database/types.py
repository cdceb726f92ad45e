"""Types of columns that every engine understands in its own way."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

MARIADB: Final = ("mysql", "mariadb")
CODE_POINTS: Final = "utf8mb4_nopad_bin"
"""`utf8mb4_bin` would take `a` and `a ` for the same name."""

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite counts up only a column that is exactly INTEGER."""

NAME: Final = (
    sa.String(255)
    .with_variant(sa.String(255, collation=CODE_POINTS), *MARIADB)
    .with_variant(sa.String(255, collation="C"), "postgresql")
)
"""A name compared code point by code point (docs/rules.md#rule-2); SQLite does so by itself."""

LONG_TEXT: Final = sa.Text().with_variant(sa.Text(2**24, collation=CODE_POINTS), *MARIADB)
"""MariaDB's plain TEXT ends at 64 KiB; for so many characters it takes LONGTEXT."""

PLAIN_TEXT: Final = dict.fromkeys(MARIADB, 65_535)
"""What a column of type TEXT holds where that is little; it does not say so itself."""

INNODB: Final = "InnoDB"
KEEPS_TRANSACTIONS: Final[dict[str, dict[str, Any]]] = {name: {f"{name}_engine": INNODB} for name in MARIADB}
"""What a new table has to be told there; a server's administrator may prefer another kind."""

TABLE_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    name: {**KEEPS_TRANSACTIONS[name], f"{name}_charset": "utf8mb4", f"{name}_collate": CODE_POINTS} for name in MARIADB
}
NUMBERED_OPTIONS: Final[dict[str, dict[str, Any]]] = {"sqlite": {"sqlite_autoincrement": True}}
"""Where rows are counted up: an id is never given twice."""


def about_to_create(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    """Tell a table what its engine has to know. Not earlier, and of no other engine: SQLAlchemy imports the dialect
    of each option, which every command would wait for."""
    numbered = any(column.autoincrement is True for column in table.columns)
    for options in (TABLE_OPTIONS, NUMBERED_OPTIONS if numbered else {}):
        table.dialect_kwargs.update(options.get(connection.dialect.name, {}))


def held_by(connection: sa.Connection, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any] | None:
    """The type of a live column as far as it says what fits in: whole numbers and texts. None: it says nothing."""
    kind = type_.__visit_name__
    if isinstance(type_, sa.Enum) or kind == "SET" or not isinstance(type_, (sa.Integer, sa.String)):
        return None
    if kind == "TEXT" and isinstance(type_, sa.String) and not type_.length:
        return sa.String(PLAIN_TEXT.get(connection.dialect.name))
    return type_
