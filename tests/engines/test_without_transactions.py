"""A table that cannot be rolled back is refused before anything is written, with what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import TargetError
from reconciler.workflow import doctor
from tests.support.esp import FILES, Esp, changed, nothing_changes
from tests.support.least_privilege import OWNER, Operator, operator
from tests.support.private_servers import MariaDB
from tests.support.server_pool import ServerPool

CHANGE = {"package": {"Growth": {"sending.daily_limit": 30_000}}}
KINDS_OF_TABLE = ("MyISAM", "Aria TRANSACTIONAL=0", "Aria TRANSACTIONAL=1", "MEMORY", "CSV")


@pytest.fixture
def shop(pool: ServerPool, tmp_path: Path) -> Iterator[Operator]:
    with operator("mariadb", pool, tmp_path) as shop:
        shop.esp.declare(FILES)
        shop.cli(OWNER, "apply", "--yes")
        shop.esp.declare(changed(FILES, CHANGE))
        yield shop


def commands(shop: Operator) -> list[tuple[str, ...]]:
    (newest,) = [line.split()[0] for line in shop.cli(OWNER, "history").out.splitlines() if "apply" in line]
    return [
        ("plan",),
        ("apply", "--yes"),
        ("doctor", "--rehearse"),
        ("revert", newest, "--yes"),
        ("drift",),
        ("export",),
        ("database", "upgrade"),
        ("database", "create"),
        ("database", "seed"),
        ("pause", "--reason", "x"),
        ("resume",),
    ]


def refused_everywhere(shop: Operator, table: str, alter: str) -> None:
    """By every command that writes or plans; nothing of theirs is there afterwards."""
    before = shop.esp.place.dump()
    for command in commands(shop):
        said = shop.cli(OWNER, *command, expects=1).err
        if command != ("database", "create"):  # it says first that the database is there
            assert table in said, (command, said)
            assert alter in said, (command, said)
        assert shop.esp.place.dump() == before, command


@pytest.mark.parametrize("engine", KINDS_OF_TABLE)
def test_a_table_of_the_system_is_refused_by_name(shop: Operator, engine: str) -> None:
    shop.owner(
        f"CREATE TABLE same_columns ENGINE={engine} AS SELECT * FROM esp_usage WHERE false",
        "DROP TABLE esp_usage",
        "RENAME TABLE same_columns TO esp_usage",
    )
    alter = "ALTER TABLE esp_usage ENGINE=InnoDB;"
    assert alter in shop.doctor(OWNER)["table esp_usage"]
    refused_everywhere(shop, "esp_usage", alter)


@pytest.mark.parametrize("table", ["reconciler_pause", "reconciler_change", "reconciler_managed"])
def test_a_table_of_memory_is_refused_by_name(shop: Operator, table: str) -> None:
    memory = shop.esp.place.memory
    keep_in(shop, memory, table, "Aria")
    (alter,) = re.findall(r"ALTER TABLE .*;", shop.doctor(OWNER)[f"table {table}"])
    assert alter == f"ALTER TABLE {memory}.{table} ENGINE=InnoDB;"
    refused_everywhere(shop, table, alter)
    shop.owner(alter)
    shop.cli(OWNER, "apply", "--yes")


def keep_in(shop: Operator, schema: str, table: str, engine: str) -> None:
    """Its foreign keys go first: no other engine has any."""
    keys = shop.esp.sql(
        "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND "
        "TABLE_NAME = ?",
        schema,
        table,
    )
    for (name,) in keys:
        shop.owner(f"ALTER TABLE {schema}.{table} DROP FOREIGN KEY {name}")
    shop.owner(f"ALTER TABLE {schema}.{table} ENGINE={engine}")


@pytest.mark.every_run
def test_all_of_them_are_named_at_once(shop: Operator) -> None:
    for table, engine in (("esp_usage", "MyISAM"), ("esp_tenant_override", "Aria")):
        keep_in(shop, shop.esp.place.name, table, engine)
    said = shop.cli(OWNER, "plan", expects=1).err
    for table in ("esp_usage", "esp_tenant_override"):
        assert f"ALTER TABLE {table} ENGINE=InnoDB;" in said
    for statement in re.findall(r"ALTER TABLE \S+ ENGINE=InnoDB;", said):
        shop.owner(statement)
    shop.cli(OWNER, "apply", "--yes")


def test_who_only_looks_is_not_stopped(shop: Operator) -> None:
    keep_in(shop, shop.esp.place.name, "esp_usage", "MyISAM")
    assert "Growth" in shop.cli(OWNER, "list", "package").out
    assert "apply" in shop.cli(OWNER, "history").out


def test_our_own_tables_have_transactions_whatever_the_server_prefers(pool: ServerPool, tmp_path: Path) -> None:
    """A server of its own: the setting is everybody's."""
    server = MariaDB()
    try:
        server.execute("SET GLOBAL default_storage_engine = MyISAM")
        alone = ServerPool()
        alone._running[MariaDB] = server
        with operator("mariadb", alone, tmp_path) as shop:
            shop.esp.declare(FILES)
            shop.cli(OWNER, "apply", "--yes")
            found = shop.esp.sql(
                "SELECT DISTINCT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (?, ?)",
                *shop.esp.place.schemas,
            )
            assert found == [("InnoDB",)]
    finally:
        server.stop()


def test_a_server_that_puts_them_elsewhere_all_the_same_is_found_out(pool: ServerPool, tmp_path: Path) -> None:
    server = MariaDB()
    try:
        server.execute("SET GLOBAL enforce_storage_engine = Aria")
        server.execute("SET GLOBAL sql_mode = ''")
        alone = ServerPool()
        alone._running[MariaDB] = server
        with pytest.raises(AssertionError, match="has no transactions"), operator("mariadb", alone, tmp_path):
            pass
    finally:
        server.stop()


@pytest.mark.every_run
def test_unlogged_tables_of_postgresql_can_be_rolled_back(pool: ServerPool, tmp_path: Path) -> None:
    with operator("postgresql", pool, tmp_path) as shop:
        shop.esp.declare(FILES)
        shop.owner("ALTER TABLE esp_usage SET UNLOGGED")
        shop.cli(OWNER, "apply", "--yes")
        assert "table esp_usage" in shop.doctor(OWNER)


VIEW = ("ALTER TABLE esp_usage RENAME TO kept_usage", "CREATE VIEW esp_usage AS SELECT * FROM kept_usage")
NO_VIEW = ("DROP VIEW esp_usage", "ALTER TABLE kept_usage RENAME TO esp_usage")


def test_a_view_in_place_of_a_table_is_refused(each: Esp) -> None:
    """Nobody knows which rows it leaves out, and none of them can be locked."""
    each.declare(FILES)
    for statement in VIEW:
        each.sql(statement)
    try:
        for act in (each.plan, lambda: doctor.pause(each.site(), "x")):
            with nothing_changes(each), pytest.raises(TargetError, match="esp_usage: a view, of which nobody knows"):
                act()
    finally:
        for statement in NO_VIEW:
            each.sql(statement)
