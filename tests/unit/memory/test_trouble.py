"""The codes by which engines that are not here say that a row is held."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from reconciler.memory.tables import MemoryTables
from reconciler.memory.trouble import explained, is_held
from reconciler.model.errors import Locked, Lost, Retry, TargetError


class DriverError(Exception):
    """As PEP 249 drivers raise: the number first, as PyMySQL does, or `sqlstate`, as psycopg does."""

    sqlstate: str | None = None


def refused(*arguments: object, sqlstate: str | None = None) -> OperationalError:
    error = DriverError(*arguments)
    error.sqlstate = sqlstate
    return OperationalError("UPDATE reconciler_lock", {"run": "secret"}, error)


@pytest.mark.parametrize(
    ("error", "held"),
    [
        (refused("canceling statement due to lock timeout", sqlstate="55P03"), True),
        (refused(1205, "Lock wait timeout exceeded; try restarting transaction"), True),
        (refused("relation does not exist", sqlstate="42P01"), False),
        (refused(1146, "Table 'x.reconciler_lock' doesn't exist"), False),
        (refused(), False),
    ],
)
def test_who_is_held_and_who_is_broken(error: OperationalError, held: bool) -> None:
    assert is_held(error) is held
    with pytest.raises(Locked if held else TargetError) as raised, explained("take the lock"):
        raise error
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("error", "becomes", "remedy"),
    [
        (refused(1213, "Deadlock found"), Retry, "run again"),
        (refused(1020, "Record has changed"), Retry, "run again"),
        (refused("could not serialize access", sqlstate="40001"), Retry, "run again"),
        (refused(2013, "Lost connection"), Lost, "run again"),
        (refused(1047, "WSREP has not yet prepared node"), Lost, "run again"),
        (refused("terminating connection", sqlstate="57P01"), Lost, "run again"),
        (refused("connection failure", sqlstate="08006"), Lost, "run again"),
        (refused(1114, "The table is full"), TargetError, "make room for the database, then run this again"),
        (
            refused("could not extend file", sqlstate="53100"),
            TargetError,
            "make room for the database, then run this again",
        ),
        (refused(1290, "running with --read-only"), TargetError, "make the database writable for this user"),
        (refused("read-only transaction", sqlstate="25006"), TargetError, "make the database writable for this user"),
    ],
)
def test_what_an_error_is_about(error: OperationalError, becomes: type[TargetError], remedy: str) -> None:
    with pytest.raises(becomes) as raised, explained("take the lock"):
        raise error
    assert type(raised.value) is becomes and raised.value.remedy == remedy


def test_the_keys_fit_the_indexes_of_mariadb() -> None:
    """InnoDB takes 3072 bytes an index, four a character."""
    for table in MemoryTables("reconciler").metadata.sorted_tables:
        assert sum(getattr(column.type, "length", None) or 2 for column in table.primary_key) * 4 <= 3072


def test_names_are_compared_by_code_point_on_mariadb() -> None:
    written = str(CreateTable(MemoryTables("reconciler").managed).compile(dialect=mysql.dialect()))
    assert "`key` VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL" in written
    assert "stated TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL" in written
    assert "ROWID" not in written


def test_postgresql_takes_the_tables_as_they_are() -> None:
    written = str(CreateTable(MemoryTables("reconciler").change).compile(dialect=postgresql.dialect()))
    assert "CREATE TABLE reconciler.reconciler_change" in written
    assert "REFERENCES reconciler.reconciler_run (id) ON DELETE RESTRICT" in written
