"""The accounts of docs/least-privilege.md: what `doctor` prints is executed, and the whole journey made with it. The
server itself refuses everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.memory.tables import MemoryTables
from reconciler.memory.tables import rights as rights_of_memory
from reconciler.model.privileges import Rights
from reconciler.targets.native.mapping import system
from reconciler.targets.native.tables import tables as native_tables
from reconciler.targets.sql.least_privilege import APPLYING, PLANNING, needed_rights, statements
from reconciler.workflow import doctor
from tests.support.engines import SERVERS
from tests.support.esp import BURY_LEGACY, FILES, MUCH, Esp, changed
from tests.support.least_privilege import OWNER, PAGE, Operator, operator, tables
from tests.support.server_pool import ServerPool


@pytest.fixture(params=SERVERS)
def bare(request: pytest.FixtureRequest, pool: ServerPool, tmp_path: Path) -> Iterator[Operator]:
    """The accounts are there and may nothing yet."""
    with operator(request.param, pool, tmp_path) as found:
        yield found


@pytest.fixture
def shop(bare: Operator) -> Operator:
    """The accounts have the grants that doctor printed."""
    assert bare.grant(bare.cli(OWNER, "doctor").out)
    return bare


def test_the_whole_journey_needs_what_doctor_prints(shop: Operator) -> None:
    plan = str(shop.esp.folder / "plan.json")
    shop.esp.declare(FILES)
    shop.cli(PLANNING, "plan", "--out", plan)
    shop.cli(APPLYING, "apply", plan)
    shop.cli(PLANNING, "plan", "--detailed-exitcode")
    shop.cli(PLANNING, "drift")
    shop.esp.declare(changed(FILES, MUCH))
    shop.cli(PLANNING, "plan", "--allow", "too-much", "--reason", "a move", "--out", plan)
    shop.cli(APPLYING, "doctor", "--rehearse")
    shop.cli(APPLYING, "apply", plan)
    shop.cli(PLANNING, "plan", "--detailed-exitcode")
    newest, _ = [line.split()[0] for line in shop.cli(PLANNING, "history").out.splitlines() if "apply" in line]
    shop.cli(PLANNING, "history", newest)
    lifted = ("--allow", "too-much", "--reason", "a mistake")
    shop.cli(PLANNING, "revert", newest, "--out", plan, *lifted, expects=3)
    shop.esp.sql("UPDATE esp_tenant SET package_id = NULL WHERE email = 'new@gamma.example'")
    shop.cli(APPLYING, "revert", newest, "--yes", *lifted)
    assert shop.esp.sql("SELECT name FROM esp_package WHERE name = 'Legacy'"), "it is back, from its old rows"
    shop.cli(PLANNING, "export")
    shop.cli(PLANNING, "list", "tenant")
    shop.cli(APPLYING, "pause", "--reason", "moving house")
    shop.cli(APPLYING, "apply", "--yes", expects=3)
    shop.cli(APPLYING, "resume")
    shop.cli(PLANNING, "doctor")
    assert shown_by_the_page() <= shop.ran


def shown_by_the_page() -> set[tuple[str, str]]:
    """(account, command) of the three blocks of commands."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    assert len(blocks) == 3
    return {
        (account, command)
        for account, block in zip((OWNER, PLANNING, APPLYING), blocks, strict=True)
        for command in re.findall(r"^reconciler (\w+)", block, re.M)
    }


WRITES = {
    "postgresql": (
        "INSERT INTO {table} SELECT * FROM {table} WHERE false",
        "UPDATE {table} SET {column} = {column} WHERE false",
        "DELETE FROM {table} WHERE false",
        "TRUNCATE {table}",
        "ALTER TABLE {table} ADD COLUMN mine int",
        "DROP TABLE {table}",
    ),
}
WRITES["mariadb"] = (*WRITES["postgresql"], "CREATE INDEX mine ON {table} ({column})")


@pytest.mark.every_run
def test_who_plans_is_refused_every_write_by_the_server(shop: Operator) -> None:
    tried = [
        write.format(table=table, column=shop.quoted(columns[0]))
        for table, columns in tables(shop).items()
        for write in WRITES[shop.esp.place.engine]
    ]
    assert len(tried) > 100
    assert shop.let_through(PLANNING, *tried) == []
    shop.esp.declare(FILES)
    shop.cli(PLANNING, "apply", "--yes", expects=1)


NOT_APPLYING = (
    "CREATE TABLE {own}.mine (id int)",
    "DROP TABLE {own}.esp_role",
    "ALTER TABLE {own}.esp_role ADD COLUMN mine int",
    "TRUNCATE {own}.esp_tenant",
    "DELETE FROM {own}.esp_tenant",
    "UPDATE {own}.esp_tenant SET email = 'x'",
    "UPDATE {own}.esp_tenant SET deleted_at = NULL",
    "UPDATE {own}.esp_usage SET contacts = 0",
    "UPDATE {own}.esp_permission SET name = 'x'",
    "UPDATE {own}.esp_schema SET version = 9",
    "DELETE FROM {memory}.reconciler_change",
    "UPDATE {memory}.reconciler_change SET action = 'x'",
    "DELETE FROM {memory}.reconciler_run",
    "UPDATE {memory}.reconciler_run SET actor = 'x'",
    "UPDATE {memory}.reconciler_meta SET version = 9",
    "DELETE FROM {memory}.reconciler_lock",
    "DROP TABLE {memory}.reconciler_pause",
)


@pytest.mark.every_run
def test_who_applies_changes_no_table_no_history_and_deletes_no_customer(shop: Operator) -> None:
    own, memory = shop.esp.place.schemas
    assert shop.let_through(APPLYING, *(each.format(own=own, memory=memory) for each in NOT_APPLYING)) == []


@pytest.mark.every_run
def test_both_accounts_are_enough_and_not_too_much(shop: Operator) -> None:
    for account, said in ((PLANNING, "enough to plan"), (APPLYING, "enough to plan and to apply")):
        found = shop.doctor(account)
        assert found["account"] == said
        assert "warning" not in found


TOO_MUCH = [
    ("postgresql", PLANNING, "GRANT DELETE ON esp_role TO {account}", "DELETE on esp_role"),
    ("postgresql", PLANNING, "GRANT UPDATE (name) ON esp_role TO {account}", "UPDATE on esp_role"),
    ("postgresql", PLANNING, "GRANT SELECT ON esp_role TO {account} WITH GRANT OPTION", "GRANT OPTION on esp_role"),
    ("postgresql", PLANNING, "GRANT CREATE ON SCHEMA public TO {account}", "CREATE on all of public"),
    ("postgresql", PLANNING, "ALTER ROLE {account} CREATEROLE", "CREATEROLE"),
    ("postgresql", PLANNING, "ALTER ROLE {account} SUPERUSER", "SUPERUSER"),
    (
        "postgresql",
        PLANNING,
        "CREATE TABLE other (password text); GRANT SELECT ON other TO {account}",
        "SELECT on other",
    ),
    ("postgresql", APPLYING, "GRANT DELETE ON esp_tenant TO {account}", "DELETE on esp_tenant"),
    ("postgresql", APPLYING, "GRANT UPDATE (email) ON esp_tenant TO {account}", "UPDATE on esp_tenant"),
    ("postgresql", APPLYING, "GRANT TRIGGER ON ALL TABLES IN SCHEMA reconciler TO {account}", "TRIGGER on reconciler_"),
    ("postgresql", APPLYING, "ALTER TABLE esp_role OWNER TO {account}", "OWNER on esp_role"),
    ("mariadb", PLANNING, "GRANT DELETE ON esp_role TO {account}", "DELETE on esp_role"),
    ("mariadb", PLANNING, "GRANT UPDATE (name) ON esp_role TO {account}", "UPDATE on esp_role"),
    ("mariadb", PLANNING, "GRANT SELECT ON esp_role TO {account} WITH GRANT OPTION", "GRANT OPTION on esp_role"),
    ("mariadb", PLANNING, "GRANT CREATE ON `t%`.* TO {account}", "CREATE on all of {own}"),
    ("mariadb", PLANNING, "GRANT SELECT ON elsewhere.* TO {account}", "SELECT on all of elsewhere"),
    ("mariadb", PLANNING, "GRANT SUPER ON *.* TO {account}", "SUPER"),
    ("mariadb", PLANNING, "GRANT ALL ON *.* TO {account} WITH GRANT OPTION", "ALL PRIVILEGES"),
    ("mariadb", APPLYING, "GRANT DELETE ON esp_tenant TO {account}", "DELETE on esp_tenant"),
    ("mariadb", APPLYING, "GRANT UPDATE (email) ON esp_tenant TO {account}", "UPDATE on esp_tenant"),
    ("mariadb", APPLYING, "GRANT ALTER, DROP ON {own}.* TO {account}", "ALTER on all of {own}"),
    ("mariadb", APPLYING, "GRANT ALL ON {own}.* TO {account}", "ALL PRIVILEGES on all of {own}"),
]


@pytest.mark.parametrize("engine", SERVERS)
def test_an_account_that_may_more_is_warned_of(engine: str, pool: ServerPool, tmp_path: Path) -> None:
    """Each by itself: it is taken back before the next."""
    with operator(engine, pool, tmp_path) as shop:
        printed = shop.cli(OWNER, "doctor").out
        for _, account, statement, said in (case for case in TOO_MUCH if case[0] == engine):
            shop.grant(printed)
            own = shop.esp.place.schemas[0]
            for part in statement.split("; "):
                shop.owner(part.format(account=shop.grantee(account), own=own))
            warning = shop.doctor(account)["warning"]
            assert warning.startswith("the account may do more than it needs: "), statement
            assert said.format(own=own) in warning, (statement, warning)
            shop.create_accounts_anew()


def test_a_file_knows_no_accounts(esp: Esp) -> None:
    found = dict(doctor.diagnosis(esp.site()))
    assert not {"account", "warning"} & found.keys()
    assert not any("GRANT" in answer for answer in found.values())


def test_a_role_in_between_counts_too(shop: Operator) -> None:
    role = f"writers_{shop.esp.place.name}"
    shop.owner(f"CREATE ROLE {role}")
    shop.owner(f"GRANT INSERT ON esp_role TO {role}")
    shop.owner(f"GRANT {role} TO {shop.grantee(PLANNING)}")
    if shop.esp.place.engine == "mariadb":
        shop.owner(f"SET DEFAULT ROLE {role} FOR {shop.grantee(PLANNING)}")
    try:
        assert "INSERT on esp_role" in shop.doctor(PLANNING)["warning"]
    finally:
        shop.owner(f"REVOKE INSERT ON esp_role FROM {role}")
        shop.owner(f"DROP ROLE {role}")


def test_an_account_that_may_too_little_is_told_what_it_lacks(shop: Operator) -> None:
    shop.owner(f"REVOKE DELETE ON esp_role FROM {shop.grantee(APPLYING)}")
    assert shop.doctor(APPLYING)["account"] == "enough to plan; to apply it lacks DELETE on esp_role"
    shop.owner(f"REVOKE SELECT ON esp_tenant_override FROM {shop.grantee(PLANNING)}")
    shop.esp.declare(FILES)
    assert "may not do this" in shop.cli(PLANNING, "plan", expects=1).err


def test_what_a_table_hides_is_not_asked_for(bare: Operator) -> None:
    """Where a system keeps the hash of a password beside a name, both accounts get the mapped columns alone, and see
    all the same that a foreign key protects the package."""
    bare.owner("ALTER TABLE esp_tenant ADD COLUMN password_hash varchar(99)")
    metadata = native_tables(KINDS)
    hiding = replace(system(KINDS, metadata), hiding=frozenset({metadata.tables["esp_tenant"]}))
    own = needed_rights(hiding, KINDS, KINDS.kinds, besides=metadata.tables["esp_schema"].c)
    place = bare.esp.place
    memory = rights_of_memory(MemoryTables(place.memory, place.name if place.engine == "mariadb" else ""))
    rights = Rights(plan=own.plan + memory.plan, apply=own.apply + memory.apply)
    engine = sa.create_engine(bare.url(OWNER), poolclass=sa.NullPool)
    with engine.connect() as connection:
        bare.grant("\n".join(statement for _, statement in statements(connection, rights)))
    bare.esp.declare(FILES)
    bare.cli(APPLYING, "apply", "--yes")
    bare.cli(PLANNING, "list", "tenant")
    bare.esp.declare(changed(FILES, BURY_LEGACY))
    plan = str(bare.esp.folder / "plan.json")
    bare.cli(PLANNING, "plan", "--out", plan)
    assert bare.doctor(PLANNING)["protection of package"] == "A"
    bare.cli(APPLYING, "apply", plan)
    for account in (PLANNING, APPLYING):
        asked = [f"SELECT {columns} FROM esp_tenant" for columns in ("email", "password_hash", "*")]
        assert bare.let_through(account, *asked) == asked[:1]
