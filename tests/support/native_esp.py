"""One SQLite file where the built-in ESP lives, or may live, and what hands do to it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model.facts import Snapshot
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget


@dataclass(frozen=True, slots=True)
class Place:
    path: Path
    lock_timeout: float = 5.0

    @property
    def target(self) -> NativeTarget:
        url = f"sqlite:///{self.path}"
        return NATIVE.open(TargetSettings(name="esp", type="native", url=url, lock_timeout=self.lock_timeout), KINDS)

    def sql(self, statement: str, *values: Any) -> Sequence[Any]:
        """An edit by hand: no check, no foreign key."""
        connection = sqlite3.connect(self.path)
        try:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
        finally:
            connection.close()
        return rows

    def redeclare(self, table: str, old: str, new: str) -> None:
        """Change what a table's foreign keys say, as a careless migration would have."""
        connection = sqlite3.connect(self.path)
        try:
            connection.execute("PRAGMA writable_schema = ON")
            changed = connection.execute(
                "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?)",
                (old, new, table, old),
            ).rowcount
            connection.commit()
        finally:
            connection.close()
        assert changed == 1, old

    def without(self, table: str, column: str) -> None:
        """Take a column away with all that was in it, as a hand that made the table anew would have."""
        connection = sqlite3.connect(self.path)
        try:
            ((sql,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchall()
            names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})") if name != column]
            lines = [line.strip(", ") for line in map(str.strip, sql.split("\n")[1:-1])]
            kept = [line for line in lines if not re.search(rf"(?<![a-z_]){column}(?![a-z_])", line)]
            connection.execute(f"CREATE TABLE made_anew ({', '.join(kept)})")
            columns = ", ".join(names)
            connection.execute(f"INSERT INTO made_anew ({columns}) SELECT {columns} FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute("PRAGMA legacy_alter_table = ON")
            connection.execute(f"ALTER TABLE made_anew RENAME TO {table}")
            connection.commit()
        finally:
            connection.close()

    def snapshot(self) -> Snapshot:
        with self.target.reader() as reader:
            return reader.snapshot()


def created(folder: Path, lock_timeout: float = 5.0) -> Place:
    place = Place(folder / "esp.db", lock_timeout)
    place.target.create()
    return place
