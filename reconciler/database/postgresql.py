"""PostgreSQL by psycopg 3. A reader sees one snapshot; a writer sees what is committed, and locks what it reads.

Accounts and grants of PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from math import ceil
from time import monotonic
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from reconciler.database.engine import (
    DOCTOR,
    SILENT,
    TABLE,
    Database,
    Failure,
    ForeignKey,
    Grant,
    LiveTable,
    Mode,
    Trigger,
)
from reconciler.model.errors import Lost, Refused, Retry, TargetError
from reconciler.model.privileges import Privilege

COUNTS_LOCK: Final = False
CONSTRAINTS_INLINE: Final = False
COLUMN_CASE_COUNTS: Final = True
"""What is counted is safe: the row that it refers to is locked, and a foreign key makes whoever wants to refer to it
wait for that row."""

MEMORY_SCHEMA: Final = "reconciler"
SCHEMAS_ARE_SHARED: Final = False

ALIVE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Seconds, the last one milliseconds, after which a server that cannot be heard is taken for lost."""

PATIENCE: Final = 10
"""Seconds for the server to let us in."""

BATCH: Final = 1_000
"""Rows up to which each is a message of its own. For more, waiting for each answer over a network takes too long."""

ACTIONS: Final = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

LINKS: Final = """
SELECT child.relname, field.attname, parent.relname, key.confdeltype, key.conname, referred.attname,
    coalesce(nullif(schema.nspname, current_schema()), ''), coalesce(nullif(other.nspname, current_schema()), '')
FROM pg_catalog.pg_constraint AS key
JOIN pg_catalog.pg_class AS child ON child.oid = key.conrelid
JOIN pg_catalog.pg_class AS parent ON parent.oid = key.confrelid
JOIN pg_catalog.pg_attribute AS field ON field.attrelid = key.conrelid AND field.attnum = key.conkey[1]
JOIN pg_catalog.pg_attribute AS referred ON referred.attrelid = key.confrelid AND referred.attnum = key.confkey[1]
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = child.relnamespace
JOIN pg_catalog.pg_namespace AS other ON other.oid = parent.relnamespace
WHERE key.contype = 'f' AND array_length(key.conkey, 1) = 1
ORDER BY 7, 1, 2, 5
"""
"""Of all schemas: a delete spreads to them all."""

SORTS: Final = {"r": TABLE, "p": TABLE, "v": "view", "m": "materialized view", "f": "foreign table"}

LIVE: Final = """
SELECT held.relname, held.relkind, row_security_active(held.oid)
FROM pg_catalog.pg_class AS held JOIN pg_catalog.pg_namespace AS schema ON schema.oid = held.relnamespace
WHERE schema.nspname = coalesce(%s::name, current_schema()) AND held.relkind IN ('r', 'p', 'v', 'm', 'f')
"""

LIVE_COLUMNS: Final = """
SELECT held.relname, part.attname
FROM pg_catalog.pg_attribute AS part JOIN pg_catalog.pg_class AS held ON held.oid = part.attrelid
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = held.relnamespace
WHERE schema.nspname = current_schema() AND held.relkind IN ('r', 'p') AND part.attnum > 0 AND NOT part.attisdropped
"""

UNREACHABLE: Final = (
    ("password authentication failed", "does not accept the account or its password", "check the database URL"),
    ("no pg_hba.conf entry", "has no entry for this account in pg_hba.conf", "ask its administrator"),
    # Before the next: libpq says of the file too that it does not exist.
    ("root certificate file", "cannot be verified: no authority is known", "set sslrootcert in the database URL"),
    ("does not exist", "has no such account or database", "check the database URL, or create the database"),
    ("failed to resolve host", "has a name that nobody knows", "check the host in the database URL"),
    ("could not translate host name", "has a name that nobody knows", "check the host in the database URL"),
    ("certificate", "shows a certificate that cannot be verified", "set sslrootcert, or ask its administrator"),
    ("SSL", "does not speak TLS as it is asked to", "ask its administrator, or set `insecure: true`"),
    ("too many clients", "has no connection left", "run again later"),
    ("starting up", "is still starting", "run again later"),
)
"""What libpq says when there is no connection; it gives no code."""


WATCHES: Final = """
SELECT watched.relname, event.name, body.prosrc
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS watched ON watched.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = watched.relnamespace
JOIN pg_catalog.pg_proc AS body ON body.oid = trigger.tgfoid
JOIN (VALUES ('INSERT', 4), ('UPDATE', 16)) AS event (name, bit) ON trigger.tgtype::int & event.bit <> 0
WHERE NOT trigger.tgisinternal AND trigger.tgenabled IN ('O', 'A') AND trigger.tgtype::int & 3 = 3
  AND schema.nspname = current_schema()
ORDER BY 1, 2, 3
"""
"""Bit 1: for each row; bit 2: before."""


def open_engine(place: Database, door: Mode) -> sa.Engine:
    """Sessions in UTC. A reader cannot write; a writer's waiting and standing still is bounded by the server."""
    # Connections to a server are kept alive by nobody here: each command opens one.
    limit = min(PATIENCE, ceil(place.timeout))
    given: dict[str, Any] = {**ALIVE, "connect_timeout": limit, "application_name": "reconciler"}
    given["client_encoding"] = "utf8"
    if door is Mode.WRITE:
        given["cursor_factory"] = _one_by_one()
    engine = sa.create_engine(place.url, poolclass=sa.NullPool, hide_parameters=True, connect_args=given)

    def connect(dialect: sa.Dialect, record: object, arguments: list[Any], named: dict[str, Any]) -> Any:
        return _impatient(place.longest_wait(door)).connect(*arguments, **named)

    def prepare(connection: Any, record: object) -> None:
        import psycopg  # an extra; SQLAlchemy has loaded it by now

        connection.read_only = door is Mode.READ
        level = psycopg.IsolationLevel
        connection.isolation_level = level.REPEATABLE_READ if door is Mode.READ else level.READ_COMMITTED
        try:
            for name, value in _settings(place, door).items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.commit()
        except psycopg.Error as error:
            raise explain_error(error, place) from error

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", prepare)
    return engine


def _impatient(seconds: float) -> Any:
    """A connection that is closed when the server keeps silent for so long. The driver would wait for ever: a server
    that stands still keeps its connections up."""
    import psycopg  # an extra; start-up

    def bounded(answer: Generator[Any, Any, Any], close: Any) -> Generator[Any, Any, Any]:
        try:
            wanted = next(answer)
            heard = monotonic()
            while True:
                ready = yield wanted
                if ready:
                    heard = monotonic()
                elif monotonic() - heard > seconds:
                    close()
                    raise psycopg.OperationalError(f"the connection {SILENT}: no answer for {seconds:g} s")
                wanted = answer.send(ready)
        except StopIteration as ended:
            return ended.value

    class Impatient(psycopg.Connection[Any]):
        def wait(self, gen: Any, *limits: Any, **more: Any) -> Any:
            return super().wait(bounded(gen, self.pgconn.finish), *limits, **more)

    return Impatient


def _one_by_one() -> Any:
    """A cursor that waits for the answer to each statement. Many sent at once would be one unfinished message to the
    server, and no time limit of PostgreSQL 15 ends a transaction that is frozen within one: its lock would stay."""
    from psycopg import Cursor  # an extra; start-up

    class Waiting(Cursor[Any]):
        def executemany(self, query: Any, params_seq: Any, *, returning: bool = False) -> None:
            rows = list(params_seq)
            if len(rows) > BATCH or returning:
                super().executemany(query, rows, returning=returning)
                return
            for row in rows:
                self.execute(query, row)

    return Waiting


def _settings(place: Database, door: Mode) -> dict[str, str]:
    found = {"TimeZone": "UTC", "lock_timeout": _milliseconds(place.lock_timeout)}
    # A policy that keeps rows from us is an error then: what is hidden would count as absent.
    found["row_security"] = "off"
    if door is Mode.WRITE:
        # A process that is frozen loses its transaction, and with it the lock.
        found["idle_in_transaction_session_timeout"] = _milliseconds(place.held)
        # To wait for another apply is part of the statement that waits.
        found["statement_timeout"] = _milliseconds(place.held + place.lock_timeout)
    return found


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))  # 0 would be for ever


def failure_of(error: BaseException | None) -> Failure | None:
    """By the SQLSTATE."""
    match getattr(error, "sqlstate", None) or "":
        case "55P03":
            return Failure.HELD
        case "40001" | "40P01":
            return Failure.GIVEN_UP
        case lost if lost[:2] == "08" or lost in ("57P01", "57P02", "57P03", "25P03"):
            return Failure.LOST
        case full if full[:2] == "53":
            return Failure.FULL
        case "25006":
            return Failure.READ_ONLY
        case _:
            return None


def explain_error(error: BaseException | None, place: Database, waited: float = 0.0) -> Exception:
    """What an error of the driver means to a person. `waited`: seconds that the statement took."""
    shown, state = place.shown, getattr(error, "sqlstate", None)
    # The first line: the driver repeats the statement below it.
    said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error).partition("\n")[0]
    match failure_of(error):
        case Failure.GIVEN_UP:
            return Retry(f"{shown} gave the transaction up for another one's sake ({said})", remedy="run again")
        case Failure.HELD:
            return Retry(
                f"{shown}: another writer holds rows that are needed (waited {waited:.1f} s)",
                remedy="run again when it has finished, or give --lock-timeout",
            )
        case Failure.LOST:
            return Lost(f"the connection to {shown} was lost ({said})", remedy="run again")
        case Failure.FULL:
            return TargetError(f"{shown} has no room left: {said}", remedy="make room and run again")
        case _:
            pass
    match state or "":
        case "" if "connection" in said or any(sign in said for sign, _, _ in UNREACHABLE):
            return _no_answer(str(error), place)
        case "57014":
            return TargetError(f"{shown}: one statement took longer than {place.held:g} s", remedy="make it in parts")
        case "23503" | "23001":
            return Refused(f"{shown} refuses: something still refers to the row, or what it refers to is not there")
        case "23505":
            return TargetError(
                f"{shown} refuses: the name is taken ({said})",
                remedy="an account in the bin or a sub-account may hold it",
            )
        case "42501":
            return TargetError(f"{shown}: the account may not do this ({said})", remedy="ask for the grant")
        case "3D000" | "28000" | "28P01":
            return _no_answer(said, place)
        case _ if state and state[:2] in ("22", "23"):
            return TargetError(f"{shown} refuses the value: {said}")
        case _:
            return TargetError(f"{shown}: {said}", remedy=DOCTOR)


def _no_answer(said: str, place: Database) -> TargetError:
    for sign, words, remedy in UNREACHABLE:
        if sign in said:
            return TargetError(f"the server of {place.shown} {words}", remedy=remedy)
    return TargetError(f"the server of {place.shown} cannot be reached", remedy="check that it runs, and the URL")


def server_settings(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The switches of this connection that matter, for `doctor`."""
    names = ("TimeZone", "server_encoding", "transaction_isolation", "transaction_read_only", "lock_timeout")
    ask = sa.text("SELECT current_setting(:name)")
    return tuple((name, str(connection.execute(ask, {"name": name}).scalar())) for name in names)


def live_tables(connection: sa.Connection, schema: str | None = None) -> Mapping[str, LiveTable]:
    """Every name; the catalogue shows them to everybody. Unlogged tables have transactions as others have."""
    found = connection.exec_driver_sql(LIVE, (schema,))
    return {name: LiveTable(SORTS[sort], conceals=conceals) for name, sort, conceals in found}


def live_columns(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """All of them; the catalogue shows them to everybody."""
    yield from ((table, column) for table, column in connection.exec_driver_sql(LIVE_COLUMNS))


def sight_lacking(connection: sa.Connection) -> str:
    """Everybody sees every table."""
    return ""


def with_transactions(connection: sa.Connection, table: str, schema: str | None = None) -> str:
    """Every table has them."""
    return ""


def is_odd(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a text holds anything but printable ASCII."""
    found: sa.ColumnElement[bool] = sa.collate(text, "C").op("~", is_comparison=True)("[^ -~]")
    return found


def foreign_keys(connection: sa.Connection) -> tuple[ForeignKey, ...]:
    """Every foreign key of one column, sorted."""
    return tuple(
        ForeignKey(table, column, target, ACTIONS[kind], name, key, schema, other)
        for table, column, target, kind, name, key, schema, other in connection.exec_driver_sql(LINKS)
    )


def triggers_of(connection: sa.Connection) -> tuple[Trigger, ...]:
    """What runs before rows are inserted or updated."""
    return tuple(Trigger(*row) for row in connection.exec_driver_sql(WATCHES))


def enforces_references(connection: sa.Connection) -> bool:
    """Whether declared foreign keys are in force here."""
    return connection.exec_driver_sql("SELECT current_setting('session_replication_role')").scalar() != "replica"


def foreign_key_sql(missing: ForeignKey, present: ForeignKey | None) -> str:
    """The SQL that makes a reference refuse deletes. `present`: the foreign key that is there now."""
    gone = f"DROP CONSTRAINT {present.name}, " if present else ""
    return (
        f"ALTER TABLE {missing.table} {gone}ADD CONSTRAINT {missing.name} FOREIGN KEY ({missing.column}) "
        f"REFERENCES {missing.refers_to} (id) ON DELETE RESTRICT;"
    )


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
