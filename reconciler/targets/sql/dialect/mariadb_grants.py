"""Accounts and grants of MariaDB. Knows no table of anybody's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from typing import Final

import sqlalchemy as sa

from reconciler.model.privileges import Privilege
from reconciler.targets.sql.dialect.place import Grant

ACCOUNT: Final = "'{}'@'%'"

PRIVILEGES: Final[Mapping[Privilege, str]] = {
    Privilege.SELECT: "SELECT",
    Privilege.INSERT: "INSERT",
    Privilege.UPDATE: "UPDATE",
    Privilege.DELETE: "DELETE",
    # What an account has no privilege on is not even listed for it. This one lists it, and allows nothing else but to
    # see how tables and views are declared.
    Privilege.DESCRIBE: "SHOW VIEW",
}
"""Locking reads need no more than SELECT."""

TABLE_PRIVILEGES: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER")
INCLUDED: Final[Mapping[str, frozenset[str]]] = {
    "SHOW VIEW": frozenset({*TABLE_PRIVILEGES, "CREATE VIEW", "TRIGGER", "DELETE HISTORY"})
}
"""Any of them on a whole schema lists all its tables."""

NAME: Final = r"`((?:[^`]|``)*)`"
GRANT: Final = re.compile(rf"GRANT (?P<what>.+?) ON (?P<where>\*\.\*|{NAME}\.(?:\*|{NAME})) TO (?P<rest>.*)", re.S)
PRIVILEGE: Final = re.compile(r"([A-Z][A-Z ]*[A-Z])(?: \(((?:`(?:[^`]|``)*`(?:, )?)+)\))?")
NOTHING: Final = "USAGE"


def connect_rights(
    connection: sa.Connection, schemas: Sequence[str], filled: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """A grant on a table lets the account into its database."""
    return iter(())


def grants_of(connection: sa.Connection, schemas: Sequence[str]) -> Iterator[Grant]:
    """What the account may do, roles in force included. Read from SHOW GRANTS: information_schema keeps quiet about
    roles."""
    for (line,) in connection.exec_driver_sql("SHOW GRANTS").all():
        match = GRANT.match(line)
        if match is None:
            continue  # a role, whose grants have lines of their own
        schema, table = (_named(match[number]) for number in (3, 4))
        for own in _meant(schema, schemas) if not table else (schema,):
            yield from _powers(match["what"], own, table)
            if match["rest"].endswith("WITH GRANT OPTION"):
                yield Grant("GRANT OPTION", own, table)


def _powers(what: str, schema: str, table: str) -> Iterator[Grant]:
    for privilege, columns in PRIVILEGE.findall(what):
        if privilege != NOTHING:
            for column in re.findall(NAME, columns) or ("",):
                yield Grant(privilege, schema, table, _named(column))


def _named(written: str | None) -> str:
    return (written or "").replace("``", "`")


def _meant(pattern: str, schemas: Sequence[str]) -> Sequence[str]:
    """Those of our databases that a grant on `pattern` is for; the pattern itself when it is for none."""
    parts = re.split(r"(\\.|%|_)", pattern)
    signs = {"%": "*", "_": "?"}
    written = "".join(signs.get(part) or re.sub(r"([*?[])", r"[\1]", part.removeprefix("\\")) for part in parts)
    matching = re.compile(translate(written))
    return [schema for schema in schemas if matching.match(schema)] or [pattern]
