"""MariaDB by PyMySQL, alone or as a Galera cluster. A reader sees one snapshot; a writer sees what is committed, and
locks all that it reads.

Accounts and grants of MariaDB.

The triggers that do for a reference what a foreign key would, on MariaDB, where a foreign key would refuse what an
application itself leaves behind.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from math import ceil
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
from reconciler.database.types import INNODB
from reconciler.model.errors import Lost, Refused, Retry, TargetError
from reconciler.model.privileges import Privilege

COUNTS_LOCK: Final = True
CONSTRAINTS_INLINE: Final = False
COLUMN_CASE_COUNTS: Final = False
MEMORY_SCHEMA: Final = "reconciler"
SCHEMAS_ARE_SHARED: Final = True  # a schema is a database

PATIENCE: Final = 10
"""Seconds for the server to let us in."""

SORTS: Final = {"BASE TABLE": TABLE, "SYSTEM VERSIONED": TABLE}
LIVE: Final = (
    "SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = coalesce(%s, DATABASE())"
)
COLUMNS: Final = "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"

NOT_SHOWN: Final = 1142
NOT_THERE: Final = 1146

STRICT: Final = frozenset({"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"})
"""Without one of them the server cuts off what does not fit. Whoever runs an old application has often turned them off
for the whole server; our own sessions have them all the same."""

CUT_OFF: Final = 1047
NOT_COMMITTED: Final = 1180
FAILURES: Final[Mapping[Failure, frozenset[int]]] = {
    Failure.HELD: frozenset({1205}),
    Failure.GIVEN_UP: frozenset({1213, 1020}),
    Failure.LOST: frozenset({2006, 2013, 1053, 1927, 4031, CUT_OFF, NOT_COMMITTED}),
    Failure.FULL: frozenset({1021, 1114, 1041, 3, 28}),
    Failure.READ_ONLY: frozenset({1290}),
}
UNREACHABLE: Final = {
    1045: ("does not accept the account or its password", "check the database URL"),
    1698: ("does not accept the account or its password", "check the database URL"),
    1044: ("does not let this account use the database", "ask for the grant"),
    1049: ("has no such database", "check the database URL, or create the database"),
    1040: ("has no connection left", "run again later"),
    1129: ("has blocked this host after too many failures", "ask its administrator"),
    1130: ("does not let this host connect", "ask its administrator"),
}
REFERRED: Final = frozenset({1451, 1452, 1216, 1217})
NOT_ALLOWED: Final = frozenset({1142, 1143, 1227, 1370, 1410})
BAD_VALUES: Final = frozenset({1048, 1264, 1265, 1292, 1364, 1366, 1406, 3819, 4025})
FOREIGN_LETTERS: Final = frozenset({1267, 1270, 1271})

WATCHES: Final = """
SELECT EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_STATEMENT FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION IN ('INSERT', 'UPDATE')
ORDER BY 1, 2, 3
"""


def open_engine(place: Database, door: Mode) -> sa.Engine:
    """Sessions in UTC, in strict mode. A reader cannot write; a writer's waiting and standing still is bounded."""
    wait = place.longest_wait(door)
    given: dict[str, Any] = {"connect_timeout": min(PATIENCE, place.timeout), "charset": "utf8mb4"}
    given |= {"read_timeout": wait, "write_timeout": wait}
    if "unix_socket" in place.url.query:
        given["ssl_disabled"] = True  # nobody listens there, and to make ready for TLS takes longer than to connect
    # Nothing is put back into a pool, so nothing is reset: a node that is cut off refuses even a ROLLBACK.
    engine = sa.create_engine(
        place.url, poolclass=sa.NullPool, pool_reset_on_return=None, hide_parameters=True, connect_args=given
    )

    def connect(dialect: sa.Dialect, record: object, arguments: list[Any], named: dict[str, Any]) -> Any:
        import pymysql  # an extra; SQLAlchemy has loaded it by now

        # As text the driver would send it as latin-1, while an account's password was made of UTF-8.
        secret = named.get("password")
        own = {**named, "password": secret.encode()} if isinstance(secret, str) else named
        connection: Any = dialect.connect(*arguments, **own)
        try:
            with connection.cursor() as cursor:
                _prepare(cursor, place, door)
            connection.commit()
        except BaseException as error:
            connection.close()
            if isinstance(error, pymysql.MySQLError):
                raise explain_error(error, place) from error
            raise
        return connection

    # Before SQLAlchemy asks the server what it is, which a node that is cut off refuses to say.
    event.listen(engine, "do_connect", connect)
    if door is Mode.READ:
        snapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(snapshot))
    return engine


def _prepare(cursor: Any, place: Database, door: Mode) -> None:
    """Set the session up. Raises TargetError on a server of another family."""
    cluster = _of_cluster(cursor, place)
    cursor.execute("SELECT VERSION(), @@SESSION.sql_mode")
    version, mode = cursor.fetchone()
    if "mariadb" not in version.lower():
        raise TargetError(
            f"the server of {place.shown} is no MariaDB", remedy="other systems of the family are untested"
        )
    if STRICT.isdisjoint(mode.split(",")):
        cursor.execute("SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''), 'STRICT_TRANS_TABLES')")
    wanted = {**_settings(place, door), **cluster}
    cursor.execute(f"SHOW SESSION VARIABLES WHERE Variable_name IN ({', '.join(['%s'] * len(wanted))})", tuple(wanted))
    for name in sorted({row[0] for row in cursor.fetchall()} & wanted.keys()):
        cursor.execute(f"SET SESSION {name} = %s", (wanted[name],))
    level = "REPEATABLE READ" if door is Mode.READ else "READ COMMITTED"
    cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")


def _settings(place: Database, door: Mode) -> dict[str, Any]:
    """What to set where the server knows it."""
    wait = max(1, ceil(place.lock_timeout))
    found: dict[str, Any] = {
        "time_zone": "+00:00",
        "innodb_snapshot_isolation": "ON",
        "innodb_lock_wait_timeout": wait,
        "lock_wait_timeout": wait,
    }
    if door is Mode.WRITE:
        # A process that is frozen loses its transaction, and with it the lock.
        found["idle_transaction_timeout"] = max(1, ceil(place.held))
        # To wait for another apply is part of the statement that waits.
        found["max_statement_time"] = place.held + place.lock_timeout
    return found


def _of_cluster(cursor: Any, place: Database) -> dict[str, Any]:
    """What a node of a Galera cluster needs. Raises TargetError on one that is not part of the majority: it still
    answers, with what it knew."""
    cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
    if dict(cursor.fetchall()).get("wsrep_on") != "ON":
        return {}
    cursor.execute("SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')")
    state = dict(cursor.fetchall())
    if (state.get("wsrep_ready"), state.get("wsrep_cluster_status")) != ("ON", "Primary"):
        raise _cut_off(place)
    return {"wsrep_sync_wait": 15}


def failure_of(error: BaseException | None) -> Failure | None:
    """By the number that the driver puts first."""
    return next((failure for failure, codes in FAILURES.items() if _code(error) in codes), None)


def _code(error: BaseException | None) -> int:
    first = next(iter(getattr(error, "args", ())), 0)
    return first if isinstance(first, int) else 0


def explain_error(error: BaseException | None, place: Database, waited: float = 0.0) -> Exception:
    """What an error of the driver means to a person. `waited`: seconds that the statement took."""
    shown = place.shown
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    code, failure = _code(error), failure_of(error)
    said = str(arguments[1]) if len(arguments) > 1 else type(error).__name__
    if failure is Failure.GIVEN_UP:
        return Retry(f"{shown} gave the transaction up for another one's sake ({code})", remedy="run again")
    if failure is Failure.HELD:
        return Retry(
            f"{shown}: another writer holds rows that are needed (waited {waited:.1f} s)",
            remedy="run again when it has finished, or give --lock-timeout",
        )
    if code == CUT_OFF:
        return _cut_off(place)
    if code == NOT_COMMITTED:
        return Lost(
            f"{shown} could not end the COMMIT: it is cut off from its cluster, or its disk fails ({said})",
            remedy="run again when it answers",
        )
    if SILENT in said:
        return Lost(f"{shown} does not answer", remedy="run again when it does, or give --timeout")
    if failure is Failure.LOST:
        return Lost(f"the connection to {shown} was lost ({code})", remedy="run again")
    if code in UNREACHABLE:
        words, remedy = UNREACHABLE[code]
        return TargetError(f"the server of {shown} {words}", remedy=remedy)
    if code == 1969:
        return TargetError(f"{shown}: one statement took longer than {place.held:g} s", remedy="make it in parts")
    if code in REFERRED:
        return Refused(f"{shown} refuses: something still refers to the row, or what it refers to is not there")
    if code == 1644:
        return Refused(f"{shown} refuses: {said}")
    if code == 1062:
        return TargetError(
            f"{shown} refuses: the name is taken ({said})", remedy="an account in the bin or a sub-account may hold it"
        )
    if code in NOT_ALLOWED:
        return TargetError(f"{shown}: the account may not do this", remedy="ask for the grant")
    if code in BAD_VALUES:
        return TargetError(f"{shown} refuses the value: {said}")
    if code in FOREIGN_LETTERS:
        return TargetError(
            f"{shown}: a name has a character that the table's character set cannot hold",
            remedy="write the name without it",
        )
    if failure is Failure.FULL:
        return TargetError(f"{shown} has no room left: {said}", remedy="make room and run again")
    if 2000 <= code < 3000 or not code:
        return _no_answer(said, place)
    return TargetError(f"{shown}: {said} ({code})", remedy=DOCTOR)


def _cut_off(place: Database) -> Lost:
    return Lost(
        f"the node of {place.shown} is cut off from its cluster",
        remedy="use another node, or bring the cluster back together",
    )


def _no_answer(said: str, place: Database) -> TargetError:
    if "certificate" in said or "SSL" in said:
        return TargetError(
            f"the server of {place.shown} shows no certificate that can be verified",
            remedy="check ssl_ca in the database URL, or ask its administrator",
        )
    return TargetError(f"the server of {place.shown} cannot be reached", remedy="check that it runs, and the URL")


def server_settings(connection: sa.Connection) -> tuple[tuple[str, str], ...]:
    """The switches of this connection that matter, for `doctor`."""
    names = (
        *("sql_mode", "time_zone", "tx_isolation", "foreign_key_checks", "innodb_snapshot_isolation"),
        # A cluster whose nodes crash together loses what is not flushed at the COMMIT (1).
        *("innodb_flush_log_at_trx_commit", "wsrep_on"),
    )
    found: dict[str, str] = dict(
        connection.execute(
            sa.text("SHOW SESSION VARIABLES WHERE Variable_name IN :names").bindparams(
                sa.bindparam("names", names, expanding=True)
            )
        ).all()
    )
    return tuple((name, str(found[name])) for name in names if name in found)


def live_tables(connection: sa.Connection, schema: str | None = None) -> Mapping[str, LiveTable]:
    """Every name that the account has a privilege on. Other engines that have transactions have no foreign keys, or
    lock otherwise."""
    return {
        name: LiveTable(SORTS.get(sort, sort.lower()), "" if engine == INNODB else engine or "no engine that works")
        for name, sort, engine in connection.exec_driver_sql(LIVE, (schema,))
    }


def live_columns(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """Those that the account has a privilege on."""
    yield from ((table, column) for table, column in connection.exec_driver_sql(COLUMNS))


def sight_lacking(connection: sa.Connection) -> str:
    """The GRANT without which tables are hidden from this account. Asked of a table that nobody has: it is not there
    for who sees all, and not allowed to who does not. SHOW GRANTS would not tell which of several patterns counts."""
    quote = connection.dialect.identifier_preparer.quote
    database, account = connection.exec_driver_sql("SELECT DATABASE(), CURRENT_USER()").one()
    try:
        connection.exec_driver_sql(f"SHOW CREATE TABLE {quote(f'reconciler_{secrets.token_hex(8)}')}")
    except sa.exc.DBAPIError as error:
        code = error.orig.args[0] if error.orig is not None else None
        if code == NOT_THERE:
            return ""
        if code != NOT_SHOWN:
            raise
    name, _, host = account.rpartition("@")
    return f"GRANT SHOW VIEW ON {quote(database)}.* TO '{name}'@'{host}';"


def with_transactions(connection: sa.Connection, table: str, schema: str | None = None) -> str:
    """The SQL that gives a table transactions."""
    named = ".".join(map(connection.dialect.identifier_preparer.quote, filter(None, (schema, table))))
    return f"ALTER TABLE {named} ENGINE={INNODB};"


def is_odd(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a text holds anything but printable ASCII. Byte by byte: a collation would take the sign of Kelvin for a
    k."""
    other = sa.literal("[^ -~]", sa.String())
    found: sa.ColumnElement[bool] = sa.cast(text, sa.LargeBinary).op("REGEXP", is_comparison=True)(other)
    return found


def foreign_keys(connection: sa.Connection) -> tuple[ForeignKey, ...]:
    """Every foreign key of one column, sorted. Read from SHOW CREATE TABLE: an account that may only SELECT sees no
    rule in information_schema."""
    found = (
        ForeignKey(
            table,
            key["constrained_columns"][0],
            key["referred_table"],
            _rule(key),
            str(key["name"]),
            key["referred_columns"][0],
        )
        for (_, table), keys in sa.inspect(connection).get_multi_foreign_keys().items()
        for key in keys
        if len(key["constrained_columns"]) == 1 and key["referred_schema"] is None
    )
    return tuple(sorted(found))


def _rule(key: Any) -> str:
    return str(key["options"].get("ondelete", "RESTRICT"))


def triggers_of(connection: sa.Connection) -> tuple[Trigger, ...]:
    """What runs before rows are inserted or updated, as far as the account may see it."""
    return tuple(Trigger(*row) for row in connection.exec_driver_sql(WATCHES))


def enforces_references(connection: sa.Connection) -> bool:
    """Whether declared foreign keys are in force here."""
    return bool(connection.exec_driver_sql("SELECT @@SESSION.foreign_key_checks").scalar())


def foreign_key_sql(missing: ForeignKey, present: ForeignKey | None) -> str:
    """The SQL that makes a reference refuse deletes. `present`: the foreign key that is there now."""
    gone = f"DROP FOREIGN KEY {present.name}, " if present else ""
    # One statement, so that there is no moment without a key; it may not use the old name again.
    name = f"{missing.name}_restrict" if present and present.name == missing.name else missing.name
    return (
        f"ALTER TABLE {missing.table} {gone}ADD CONSTRAINT {name} FOREIGN KEY ({missing.column}) "
        f"REFERENCES {missing.refers_to} ({missing.key}) ON DELETE RESTRICT;"
    )


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


ARRIVING: Final = (
    "CREATE TRIGGER {table}_{column}_{event} BEFORE {event} ON {table} FOR EACH ROW BEGIN DECLARE there INT; "
    "IF {when} THEN "
    "SELECT count(*) INTO there FROM {other} WHERE id = NEW.{column} LOCK IN SHARE MODE; "
    "IF there = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table}.{column} names nothing in {other}'; END IF; "
    "END IF; END"
)
LEAVING: Final = (
    "CREATE TRIGGER {other}_of_{table}_{column} BEFORE DELETE ON {other} FOR EACH ROW BEGIN DECLARE used INT; "
    "SELECT count(*) INTO used FROM {table} WHERE {column} = OLD.id LOCK IN SHARE MODE; "
    "IF used > 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table}.{column} still names it'; END IF; END"
)
EVENTS: Final = {
    "INSERT": "NEW.{column} > 0",
    "UPDATE": "NEW.{column} > 0 AND NOT (NEW.{column} <=> OLD.{column})",
}
"""When there is something to look at: 0 names nothing, and what was wrong before may stay as it is."""


def trigger_sql(wanted: ForeignKey) -> Iterator[str]:
    """One for rows that come, one for rows that change, one for what they name when it goes. The first two lock the row
    that is named, so that nobody deletes it meanwhile."""
    names = {"table": wanted.table, "column": wanted.column, "other": wanted.refers_to}
    for what, when in EVENTS.items():
        yield ARRIVING.format(event=what, when=when.format(**names), **names)
    yield LEAVING.format(**names)
