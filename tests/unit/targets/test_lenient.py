"""Text that is no UTF-8, read by every way there is to read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reconciler.database import Mode, connect, database

ROWS = [(1, "one"), (2, "\\xff"), (3, "three")]


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER, name TEXT)")
        connection.execute("INSERT INTO t VALUES (1, 'one'), (2, CAST(x'ff' AS TEXT)), (3, 'three')")
    return tmp_path / "x.db"


def test_all_at_once(spoiled: Path) -> None:
    with connect(database(f"sqlite:///{spoiled}", 1), Mode.READ) as connection:
        assert [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM t ORDER BY id")] == ROWS


def test_in_handfuls_and_one_by_one(spoiled: Path) -> None:
    with connect(database(f"sqlite:///{spoiled}", 1), Mode.READ) as connection:
        cursor = connection.connection.cursor()
        cursor.execute("SELECT * FROM t ORDER BY id")
        assert [cursor.fetchone(), *cursor.fetchmany(5)] == ROWS
        assert cursor.fetchone() is None


def test_what_fails_for_another_reason_still_fails(spoiled: Path) -> None:
    with connect(database(f"sqlite:///{spoiled}", 1), Mode.READ) as connection:
        cursor = connection.connection.cursor()
        cursor.execute("SELECT abs(-9223372036854775807 - (id > 1)) FROM t")
        with pytest.raises(sqlite3.OperationalError, match="overflow"):
            cursor.fetchall()
