"""One SQLite file where the built-in ESP lives, or may live, and what hands do to it."""

from __future__ import annotations

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

    def snapshot(self) -> Snapshot:
        with self.target.reader() as reader:
            return reader.snapshot()


def created(folder: Path, lock_timeout: float = 5.0) -> Place:
    place = Place(folder / "esp.db", lock_timeout)
    place.target.create()
    return place
