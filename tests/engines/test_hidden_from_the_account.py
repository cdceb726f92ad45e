"""What an account may not see is never taken for absent: nothing is planned, and `doctor` says what is lacking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support.esp import FILES, changed
from tests.support.least_privilege import OWNER, Operator, operator
from tests.support.server_pool import ServerPool

STRANGE = (
    "CREATE TABLE {table} (id int PRIMARY KEY, package_id bigint, "
    "FOREIGN KEY (package_id) REFERENCES {own}.esp_package (id) ON DELETE CASCADE)"
)


def opened(engine: str, pool: ServerPool, folder: Path) -> Iterator[Operator]:
    """FILES applied by the owner, one package taken out of them since; the accounts have what doctor printed."""
    with operator(engine, pool, folder) as shop:
        shop.esp.declare(FILES)
        shop.cli(OWNER, "apply", "--yes")
        shop.grant(shop.cli(OWNER, "doctor").out)
        shop.esp.declare(changed(FILES, {"package": {"Trial": None}}))
        yield shop


@pytest.fixture
def mariadb(pool: ServerPool, tmp_path: Path) -> Iterator[Operator]:
    yield from opened("mariadb", pool, tmp_path)


@pytest.fixture
def postgresql(pool: ServerPool, tmp_path: Path) -> Iterator[Operator]:
    yield from opened("postgresql", pool, tmp_path)


def strange_rows(shop: Operator, table: str) -> None:
    """A table of somebody else whose row goes with the package."""
    shop.owner(STRANGE.format(table=table, own=shop.esp.place.schemas[0]))
    shop.owner(f"INSERT INTO {table} SELECT 1, id FROM esp_package WHERE name = 'Trial'")


def kept(shop: Operator, table: str) -> bool:
    return bool(shop.esp.sql(f"SELECT 1 FROM {table}") and shop.esp.sql("SELECT 1 FROM esp_package WHERE name='Trial'"))


def no_account_deletes(shop: Operator, table: str, *, expects: int, says: str) -> None:
    for account, command in ((PLANNING, ("plan",)), (APPLYING, ("plan",)), (APPLYING, ("apply", "--yes"))):
        said = shop.cli(account, *command, expects=expects)
        assert re.search(says, said.out + said.err), said
    assert kept(shop, table)


def test_mariadb_lists_no_table_that_an_account_has_no_right_on(mariadb: Operator) -> None:
    """So the right to see them all is granted, and refused without it."""
    strange_rows(mariadb, "invoice")
    own = mariadb.esp.place.schemas[0]
    for account in (PLANNING, APPLYING):
        mariadb.owner(f"REVOKE SHOW VIEW ON `{own}`.* FROM {mariadb.grantee(account)}")
    grant = f"GRANT SHOW VIEW ON `?{own}`?\\.\\* TO '{mariadb.name(PLANNING)}'@'%';"
    assert re.search(grant, mariadb.doctor(PLANNING)["tables that are not seen"])
    assert "not enough to plan" in mariadb.doctor(PLANNING)["account"]
    assert "enough to plan and to apply" not in mariadb.doctor(APPLYING)["account"]
    no_account_deletes(mariadb, "invoice", expects=1, says="may not see all tables")
    for command in (("drift",), ("export",), ("doctor", "--rehearse"), ("pause", "--reason", "x")):
        mariadb.cli(APPLYING, *command, expects=1)


def test_which_of_several_patterns_counts_is_asked_of_the_server(mariadb: Operator) -> None:
    """A grant on the database by name hides one on a pattern, though SHOW GRANTS lists both."""
    own, account = mariadb.esp.place.schemas[0], mariadb.grantee(PLANNING)
    mariadb.owner(f"REVOKE SHOW VIEW ON `{own}`.* FROM {account}")
    mariadb.owner(f"GRANT SELECT, SHOW VIEW ON `{own[:3]}%`.* TO {account}")
    mariadb.cli(PLANNING, "plan")
    mariadb.owner(f"GRANT EXECUTE ON `{own}`.* TO {account}")
    assert "tables that are not seen" in mariadb.doctor(PLANNING)
    mariadb.cli(PLANNING, "plan", expects=1)


@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_a_strange_table_that_a_delete_would_reach_has_to_be_readable(
    engine: str, pool: ServerPool, tmp_path: Path
) -> None:
    for shop in opened(engine, pool, tmp_path):
        strange_rows(shop, "invoice")
        assert shop.doctor(PLANNING)["account"] == "not enough to plan; it lacks SELECT on invoice"
        assert "enough to plan and" not in shop.doctor(APPLYING)["account"]
        no_account_deletes(shop, "invoice", expects=1, says="may not do this")
        shop.grant(shop.cli(OWNER, "doctor").out)
        assert shop.doctor(APPLYING)["account"] == "enough to plan and to apply"
        no_account_deletes(shop, "invoice", expects=3, says="would delete 1 of invoice")


def test_a_strange_table_of_another_schema_is_seen(postgresql: Operator) -> None:
    postgresql.owner("CREATE SCHEMA billing")
    strange_rows(postgresql, "billing.invoice")
    no_account_deletes(postgresql, "billing.invoice", expects=1, says="may not do this")
    said = postgresql.cli(OWNER, "plan", expects=3)
    assert "would delete 1 of billing.invoice" in said.out
    postgresql.owner(f"GRANT USAGE ON SCHEMA billing TO {postgresql.grantee(APPLYING)}")
    postgresql.owner(f"GRANT SELECT (package_id) ON billing.invoice TO {postgresql.grantee(APPLYING)}")
    assert "billing.invoice" in postgresql.cli(APPLYING, "apply", "--yes", expects=3).out
    assert kept(postgresql, "billing.invoice")


@pytest.mark.every_run
@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_a_strange_table_that_refers_to_the_name_is_seen(engine: str, pool: ServerPool, tmp_path: Path) -> None:
    for shop in opened(engine, pool, tmp_path):
        words = " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" if engine == "mariadb" else ' COLLATE "C"'
        shop.owner(
            f"CREATE TABLE invoice (id int PRIMARY KEY, package varchar(255){words}, "
            "FOREIGN KEY (package) REFERENCES esp_package (name) ON DELETE CASCADE)",
            "INSERT INTO invoice VALUES (1, 'Trial')",
        )
        shop.grant(shop.cli(OWNER, "doctor").out)
        no_account_deletes(shop, "invoice", expects=3, says="would delete 1 of invoice")


@pytest.mark.parametrize("table", ["esp_tenant", "esp_package", "esp_tenant_override", "esp_permission"])
def test_rows_that_a_policy_hides_do_not_count_as_absent(postgresql: Operator, table: str) -> None:
    """A user of the package is hidden from both accounts."""
    postgresql.owner(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY some_of_them ON {table} USING (id > 1000000)"
        if table in ("esp_tenant", "esp_package", "esp_permission")
        else f"CREATE POLICY some_of_them ON {table} USING (false)",
    )
    assert "row-level security hides rows" in postgresql.doctor(PLANNING)[f"table {table}"]
    for account in (PLANNING, APPLYING):
        assert re.search(f"not enough to plan; it lacks SELECT on .*{table}", postgresql.doctor(account)["account"])
        said = postgresql.cli(account, "apply", "--yes", expects=1).err
        assert f"{table}: row-level security hides rows" in said
    assert postgresql.esp.sql("SELECT 1 FROM esp_package WHERE name = 'Trial'")
    postgresql.cli(OWNER, "plan")


@pytest.mark.parametrize("table", ["reconciler_managed", "reconciler_pause", "reconciler_meta"])
def test_memory_that_a_policy_hides_does_not_count_as_empty(postgresql: Operator, table: str) -> None:
    postgresql.owner(
        f"ALTER TABLE reconciler.{table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY nothing ON reconciler.{table} USING (false)",
    )
    for account in (PLANNING, APPLYING):
        assert "memory cannot be read" in postgresql.cli(account, "plan", expects=1).err


@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_memory_that_may_not_be_read_does_not_count_as_empty(engine: str, pool: ServerPool, tmp_path: Path) -> None:
    for shop in opened(engine, pool, tmp_path):
        memory, account = shop.esp.place.memory, shop.grantee(PLANNING)
        for table in ("reconciler_meta", "reconciler_managed", "reconciler_pause", "reconciler_run"):
            shop.owner(f"REVOKE SELECT ON {memory}.{table} FROM {account}")
            assert "memory cannot be read" in shop.cli(PLANNING, "plan", expects=1).err, table
            shop.owner(f"GRANT SELECT ON {memory}.{table} TO {account}")


@pytest.mark.every_run
@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_columns_that_may_not_be_read_are_not_empty(engine: str, pool: ServerPool, tmp_path: Path) -> None:
    """Rights on some columns alone."""
    for shop in opened(engine, pool, tmp_path):
        for account in (PLANNING, APPLYING):
            whom = shop.grantee(account)
            shop.owner(f"REVOKE SELECT ON esp_tenant FROM {whom}")
            shop.owner(f"GRANT SELECT (id, email, name, status) ON esp_tenant TO {whom}")
        assert "not enough to plan; it lacks SELECT on esp_tenant" in shop.doctor(PLANNING)["account"]
        for account in (PLANNING, APPLYING):
            assert "may not do this" in shop.cli(account, "apply", "--yes", expects=1).err
        assert shop.esp.sql("SELECT 1 FROM esp_package WHERE name = 'Trial'")


def test_a_foreign_table_of_postgresql_is_refused(postgresql: Operator) -> None:
    """It is locked by nobody here, and shows what its server likes."""
    postgresql.owner(
        "ALTER TABLE esp_usage RENAME TO kept_usage",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE esp_usage (tenant_id bigint) SERVER elsewhere",
    )
    assert "esp_usage: a foreign table, of which nobody knows" in postgresql.cli(OWNER, "plan", expects=1).err
