"""A Postal to test on: in a file of SQLite, or in the database that POSTAL_URL names, whose tables are made anew."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from reconciler_postal.target import POSTAL

from reconciler.kinds import KINDS
from reconciler.model.target import TargetSettings
from reconciler.testing.stand import Stand

SQL = Path(__file__).with_name("postal.sql")
TABLES = ("organizations", "ip_pools", "ip_addresses", "organization_ip_pools", "servers", "schema_migrations")


@dataclass(frozen=True)
class PostalStand(Stand):
    """Mail servers are made by hand, as nobody but Postal may make them. There are no catalogues."""

    engine: sa.Engine
    handmade = frozenset({"tenant"})

    def stock(self, names: Collection[str]) -> None:
        """Nothing is assigned by name."""

    def image(self) -> Mapping[str, list[tuple[object, ...]]]:
        """Every row of every table."""
        with self.engine.connect() as connection:
            return {
                name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
                for name in TABLES
            }

    def writing_sql(self) -> str:
        """Every pool under one name."""
        return "UPDATE ip_pools SET name = 'x'"

    def make(self, kind: str, keys: Collection[str]) -> None:
        """Mail servers of one organization."""
        self.run("INSERT INTO servers (organization_id, permalink) VALUES (1, :key)", *({"key": key} for key in keys))

    def to_bin(self, key: str) -> bool:
        """Postal marks what is deleted, and a job removes it."""
        self.run("UPDATE servers SET deleted_at = '2025-01-01 00:00:00' WHERE permalink = :key", {"key": key})
        return True

    def mark(self, kind: str, key: str) -> bool:
        """Of a pool."""
        self.run(
            "UPDATE ip_pools SET uuid = 'kept', created_at = '2019-05-04 03:02:01' WHERE name = :key", {"key": key}
        )
        return True

    def run(self, statement: str, *rows: Mapping[str, object]) -> None:
        """Once for each row, and commit."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), rows)


def postal(folder: Path) -> PostalStand:
    """A Postal without any object."""
    url = os.environ.get("POSTAL_URL") or f"sqlite:///{folder / 'postal.db'}"
    engine = sa.create_engine(url)
    text = "\n".join(line for line in SQL.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    if engine.dialect.name != "sqlite":
        text = text.replace("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTO_INCREMENT")
    with engine.begin() as connection:
        for name in TABLES:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        for statement in filter(str.strip, text.split(";\n")):
            connection.exec_driver_sql(statement)
    settings = TargetSettings(name="mail", type="postal", url=url, lock_timeout=5.0)
    return PostalStand(POSTAL.open(settings, KINDS), engine)
