"""URLs, and what errors of servers mean, without a server."""

from __future__ import annotations

from collections.abc import Sequence

import pymysql
import pytest
import sqlalchemy as sa

from reconciler.database import Database, Mode, database, mariadb, memory_schema, speaking
from reconciler.model.errors import Lost, ReconcilerError, Refused, Retry, TargetError

SECRET = "hunter2secret"  # a canary, looked for in every message


class PostgresError(Exception):
    """As psycopg raises: a code, or none where there was no connection."""

    def __init__(self, sqlstate: str | None, said: str) -> None:
        super().__init__(f"{said}\nLINE 1: SELECT '{SECRET}'")
        self.sqlstate = sqlstate
        self.diag = type("Diag", (), {"message_primary": said if sqlstate else None})


POSTGRES: list[tuple[str | None, str, type[ReconcilerError], str]] = [
    ("40001", "could not serialize", Retry, "gave the transaction up"),
    ("40P01", "deadlock detected", Retry, "gave the transaction up"),
    ("55P03", "lock timeout", Retry, "waited 0.0 s"),
    ("57014", "statement timeout", TargetError, "took longer than 30 s"),
    ("23503", "violates foreign key", Refused, "still refers"),
    ("23505", "duplicate key", TargetError, "the name is taken"),
    ("23514", "violates check", TargetError, "refuses the value: violates check"),
    ("22001", "too long", TargetError, "refuses the value: too long"),
    ("42501", "permission denied", TargetError, "may not do this"),
    ("42P01", "no such relation", TargetError, "db.example/esp: no such relation"),
    ("08006", "connection failure", Lost, "was lost"),
    ("57P01", "terminating connection", Lost, "was lost"),
    ("25P03", "idle in transaction", Lost, "was lost"),
    ("53100", "disk full", TargetError, "has no room left"),
    ("3D000", 'database "esp" does not exist', TargetError, "no such account or database"),
    (None, "connection failed: password authentication failed for user", TargetError, "does not accept the account"),
    (None, "connection to server failed: Connection refused", TargetError, "cannot be reached"),
    (None, "connection failed: certificate verify failed", TargetError, "cannot be verified"),
    (None, "odd", TargetError, "db.example/esp: odd"),
]

MARIADB: list[tuple[int, type[ReconcilerError], str]] = [
    (1213, Retry, "gave the transaction up"),
    (1020, Retry, "gave the transaction up"),
    (1205, Retry, "waited 0.0 s"),
    (1969, TargetError, "took longer than 30 s"),
    (2006, Lost, "was lost"),
    (2013, Lost, "was lost"),
    (1047, Lost, "is cut off from its cluster"),
    (1180, Lost, "cut off from its cluster"),
    (1451, Refused, "still refers"),
    (1062, TargetError, "the name is taken"),
    (1045, TargetError, "does not accept the account"),
    (1049, TargetError, "no such database"),
    (1142, TargetError, "may not do this"),
    (1264, TargetError, "refuses the value"),
    (4025, TargetError, "refuses the value"),
    (1114, TargetError, "has no room left"),
    (2003, TargetError, "cannot be reached"),
    (1146, TargetError, "db.example/esp: said (1146)"),
]


def place(backend: str) -> Database:
    return Database(sa.make_url(f"{backend}://scott:{SECRET}@db.example/esp"), 5)


def told(backend: str, error: Exception) -> ReconcilerError:
    with pytest.raises(ReconcilerError) as caught, speaking(place(backend)):
        raise sa.exc.OperationalError(f"SELECT {SECRET}", {"x": SECRET}, error)
    assert SECRET not in caught.value.message + caught.value.remedy
    return caught.value


@pytest.mark.parametrize(("state", "said", "sort", "words"), POSTGRES)
def test_what_postgresql_means(state: str | None, said: str, sort: type[ReconcilerError], words: str) -> None:
    error = told("postgresql+psycopg", PostgresError(state, said))
    if state is not None:
        assert type(error) is sort
    assert words in error.message


@pytest.mark.parametrize(("code", "sort", "words"), MARIADB)
def test_what_mariadb_means(code: int, sort: type[ReconcilerError], words: str) -> None:
    error = told("mariadb+pymysql", pymysql.err.OperationalError(code, "said"))
    assert type(error) is sort
    assert words in error.message


def test_a_certificate_that_is_not_verified_is_said() -> None:
    error = told("mariadb+pymysql", pymysql.err.OperationalError(2003, "SSL: CERTIFICATE_VERIFY_FAILED"))
    assert "no certificate that can be verified" in error.message
    assert "cannot be reached" in told("mariadb+pymysql", pymysql.err.InterfaceError()).message


HERE = [
    "postgresql+psycopg://u@localhost/esp",
    "postgresql+psycopg://u@/esp?host=/run/postgresql",
    "postgresql+psycopg:///esp",
    "mariadb+pymysql://u@127.0.0.1:3307/esp",
    "mysql+pymysql://u@/esp?unix_socket=/run/mysqld.sock",
]


@pytest.mark.parametrize("url", HERE)
def test_what_stays_on_this_host_needs_no_tls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    assert database(url, 5).url == sa.make_url(url)


def test_postgresql_elsewhere_is_verified_unasked() -> None:
    assert database("postgresql+psycopg://u@db.example/esp", 5).url.query["sslmode"] == "verify-full"


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_a_host_of_the_environment_is_elsewhere_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "db.example")
    assert database("postgresql+psycopg:///esp", 5).url.query["sslmode"] == "verify-full"


OPEN = [
    "postgresql+psycopg://u:hunter2secret@db.example/esp?sslmode=require",
    "postgresql+psycopg://u@/esp?host=db.example&sslmode=disable",
    "postgresql+psycopg://u@localhost/esp?hostaddr=192.0.2.7&sslmode=prefer",
    "postgresql+psycopg://u@/esp?service=live&sslmode=prefer",
    "mariadb+pymysql://u:hunter2secret@db.example/esp",
    "mariadb+pymysql://u@db.example/esp?ssl_check_hostname=false&ssl_ca=/ca.pem",
    "mariadb+pymysql://u@db.example/esp?ssl_ca=/ca.pem&ssl_disabled=true",
    "mariadb+pymysql://u@db.example/esp?ssl_ca=/ca.pem&ssl_verify_cert=false",
    "mariadb+pymysql://u@localhost/esp?read_default_file=/etc/my.cnf",
]


@pytest.mark.parametrize("url", OPEN)
def test_another_host_without_a_checked_certificate_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match="its certificate is not checked") as caught:
        database(url, 5)
    assert "insecure: true" in caught.value.remedy
    assert SECRET not in caught.value.message + caught.value.remedy
    assert database(url, 5, insecure=True).url == sa.make_url(url)


@pytest.mark.parametrize("word", ["local_infile=1", "sslkeylogfile=/x", "plugin=x"])
@pytest.mark.parametrize("url", ["mariadb://u@db.example/d?ssl_ca=/ca.pem&", "postgresql://u@localhost/d?"])
@pytest.mark.parametrize("insecure", [True, False])
def test_words_of_drivers_that_read_write_or_run_something_are_refused(url: str, word: str, insecure: bool) -> None:
    """A server may then ask for any file of the client, also where its certificate is right."""
    with pytest.raises(TargetError, match=f"{word.partition('=')[0]} in the database URL is refused"):
        database(f"{url}{word}", 1.0, insecure=insecure)


def test_mariadb_elsewhere_with_its_authority_is_fine() -> None:
    url = "mariadb+pymysql://u@db.example/esp?ssl_ca=/ca.pem"
    assert database(url, 5).url == sa.make_url(url)


def test_memory_has_a_schema_of_its_own_on_servers() -> None:
    assert memory_schema(place("postgresql"), "") == "reconciler"
    assert memory_schema(place("mysql+pymysql"), "ours") == "ours"
    assert memory_schema(database("sqlite:////srv/esp.db", 5), "ours") is None


class Node:
    """A server's answers, by the beginning of the question."""

    def __init__(self, answers: dict[str, list[tuple[str, ...]]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Sequence[object]]] = []

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        self.asked.append((statement, values))

    def fetchall(self) -> list[tuple[str, ...]]:
        asked = self.asked[-1][0]
        return next((rows for begins, rows in self.answers.items() if asked.startswith(begins)), [])

    def fetchone(self) -> tuple[str, ...]:
        return self.fetchall()[0]


STRICT = [("10.11.19-MariaDB", "STRICT_TRANS_TABLES,NO_ZERO_DATE")]
IN_CLUSTER = {"SELECT VERSION": STRICT, "SHOW VARIABLES LIKE 'wsrep_on'": [("wsrep_on", "ON")]}
READY = [("wsrep_ready", "ON"), ("wsrep_cluster_status", "Primary")]


def prepared(answers: dict[str, list[tuple[str, ...]]]) -> Node:
    node = Node(answers)
    mariadb._prepare(node, place("mariadb+pymysql"), Mode.WRITE)
    return node


def test_a_node_of_a_cluster_waits_until_it_knows_all() -> None:
    known = [("wsrep_sync_wait", "0"), ("time_zone", "SYSTEM")]
    node = prepared({**IN_CLUSTER, "SHOW STATUS": READY, "SHOW SESSION VARIABLES": known})
    assert ("SET SESSION wsrep_sync_wait = %s", (15,)) in node.asked
    assert ("SET SESSION time_zone = %s", ("+00:00",)) in node.asked
    assert not any("innodb_snapshot_isolation = " in asked for asked, _ in node.asked), (
        "this server knows no such thing"
    )


@pytest.mark.parametrize(
    "state", [READY[:1], READY[1:], [("wsrep_ready", "ON"), ("wsrep_cluster_status", "non-Primary")]]
)
def test_a_node_that_is_cut_off_is_refused(state: list[tuple[str, ...]]) -> None:
    """It answers SELECT 1 as ever."""
    with pytest.raises(TargetError, match=r"node of db\.example/esp is cut off from its cluster"):
        prepared({**IN_CLUSTER, "SHOW STATUS": state})


def test_another_system_of_the_family_is_refused() -> None:
    with pytest.raises(TargetError, match=r"db\.example/esp is no MariaDB"):
        prepared({"SELECT VERSION": [("8.4.3", "STRICT_TRANS_TABLES")]})
