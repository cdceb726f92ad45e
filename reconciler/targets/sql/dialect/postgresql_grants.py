"""Accounts and grants of PostgreSQL. Knows no table of anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from reconciler.model.privileges import Privilege
from reconciler.targets.sql.dialect.place import Grant

ACCOUNT: Final = "{}"

PRIVILEGES: Final[Mapping[Privilege, str]] = {
    Privilege.SELECT: "SELECT",
    Privilege.INSERT: "INSERT",
    Privilege.UPDATE: "UPDATE",
    Privilege.DELETE: "DELETE",
    Privilege.LOCK: "UPDATE",  # of one column is enough for FOR UPDATE and FOR KEY SHARE
}
"""How a table is declared may be seen by everybody."""

INCLUDED: Final[Mapping[str, frozenset[str]]] = {}

NUMBERED: Final = """
SELECT number.relname FROM pg_catalog.pg_depend AS tie
JOIN pg_catalog.pg_class AS number ON number.oid = tie.objid AND number.relkind = 'S'
JOIN pg_catalog.pg_class AS filled ON filled.oid = tie.refobjid
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = filled.relnamespace
WHERE tie.classid = 'pg_class'::regclass AND tie.deptype = 'a' AND schema.nspname = :schema AND filled.relname = :table
ORDER BY 1
"""
"""The sequences behind a table's columns; those of identity columns (deptype i) need no grant."""

ROLE: Final = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
    pg_has_role(datdba, 'USAGE'), has_database_privilege(current_database(), 'CREATE')
FROM pg_catalog.pg_roles, pg_catalog.pg_database WHERE rolname = current_user AND datname = current_database()
"""
POWERS: Final = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS", "OWNER of the database")

SCHEMAS: Final = """
SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY(:schemas) AND has_schema_privilege(oid, 'CREATE')
ORDER BY 1
"""

TABLES: Final = """
SELECT schema.nspname, held.relname, pg_has_role(held.relowner, 'USAGE'), deed,
    has_table_privilege(held.oid, deed), has_table_privilege(held.oid, deed || ' WITH GRANT OPTION')
FROM pg_catalog.pg_class AS held JOIN pg_catalog.pg_namespace AS schema ON schema.oid = held.relnamespace,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS deed
WHERE schema.nspname = ANY(:schemas) AND held.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1, 2, 4
"""

COLUMNS: Final = """
SELECT schema.nspname, held.relname, deed, field.attname,
    has_column_privilege(held.oid, field.attnum, deed || ' WITH GRANT OPTION')
FROM pg_catalog.pg_class AS held JOIN pg_catalog.pg_namespace AS schema ON schema.oid = held.relnamespace
JOIN pg_catalog.pg_attribute AS field ON field.attrelid = held.oid AND field.attnum > 0 AND NOT field.attisdropped,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS deed
WHERE schema.nspname = ANY(:schemas) AND held.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT has_table_privilege(held.oid, deed) AND has_column_privilege(held.oid, field.attnum, deed)
ORDER BY 1, 2, 3, 4
"""


def connect_rights(
    connection: sa.Connection, schemas: Sequence[str], filled: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """What lets an account in at all, and lets it count up the ids of the tables that it fills."""
    quote = connection.dialect.identifier_preparer.quote
    database = str(connection.exec_driver_sql("SELECT current_database()").scalar())
    yield f"database {database}", f"CONNECT ON DATABASE {quote(database)}"
    for schema in schemas:
        yield f"schema {schema}", f"USAGE ON SCHEMA {quote(schema)}"
    for schema, table in filled:
        for (name,) in connection.execute(sa.text(NUMBERED), {"schema": schema, "table": table}):
            yield f"sequence {name}", f"USAGE ON SEQUENCE {quote(schema)}.{quote(name)}"


def grants_of(connection: sa.Connection, schemas: Sequence[str]) -> Iterator[Grant]:
    """What the account may do; of a table that it owns, only that it does."""
    *attributes, creates = connection.exec_driver_sql(ROLE).one()
    yield from (Grant(name) for name, has in zip(POWERS, attributes, strict=True) if has)
    if creates and not any(attributes):
        yield Grant("CREATE on the database")
    asked = {"schemas": list(schemas)}
    yield from (Grant("CREATE", schema) for (schema,) in connection.execute(sa.text(SCHEMAS), asked))
    for schema, table, owns, deed, may, grants in connection.execute(sa.text(TABLES), asked):
        if owns:
            yield Grant("OWNER", schema, table)
        if may:
            yield Grant(deed, schema, table)
        if grants and not owns:
            yield Grant("GRANT OPTION", schema, table)
    for schema, table, deed, column, grants in connection.execute(sa.text(COLUMNS), asked):
        yield Grant(deed, schema, table, column)
        if grants:
            yield Grant("GRANT OPTION", schema, table, column)
