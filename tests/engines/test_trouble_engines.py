"""What is wrong with a server is said in plain words; who may only read can plan."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError, Retry, TargetError
from reconciler.model.target import TargetSettings
from reconciler.targets.native.provision import VERSION
from reconciler.targets.native.target import NATIVE, NativeTarget
from reconciler.workflow import database, doctor
from tests.support.engines import SERVERS, place
from tests.support.esp import FILES, changed
from tests.support.esp_on_servers import ServerEsp
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.every_run


def target(esp: ServerEsp, lock_timeout: float = 0.2, **url: object) -> NativeTarget:
    """The same database by another URL."""
    changed_url = sa.make_url(esp.place.url).set(**{k: v for k, v in url.items() if k != "query"})
    changed_url = changed_url.update_query_dict(dict(url.get("query", {})))
    settings = TargetSettings(
        name="esp",
        type="native",
        url=changed_url.render_as_string(hide_password=False),
        lock_timeout=lock_timeout,
        options={"memory": esp.place.memory},
    )
    return NATIVE.open(settings, KINDS)


def refusal(wrong: NativeTarget) -> TargetError:
    with pytest.raises(TargetError) as caught, wrong.reader():
        pass
    assert caught.value.exit_code == 1
    assert "hunter2" not in caught.value.message + caught.value.remedy
    return caught.value


def test_an_account_that_is_not_there(served: ServerEsp) -> None:
    error = refusal(target(served, username="nobody_knows", password="hunter2"))
    assert "account" in error.message


def test_a_database_that_is_not_there(served: ServerEsp) -> None:
    assert "database" in refusal(target(served, database="nowhere")).message


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # PyMySQL leaves open what it cannot connect
def test_a_server_that_is_not_there(served: ServerEsp) -> None:
    where = {"postgresql": {"host": "/nowhere"}, "mariadb": {"unix_socket": "/nowhere"}}[served.place.engine]
    assert "cannot be reached" in refusal(target(served, query=where)).message
    gc.collect()


def test_a_database_of_somebody_else(served: ServerEsp) -> None:
    served.place.sql("ALTER TABLE esp_schema RENAME TO other_schema")
    try:
        assert "not an ESP database of ours" in refusal(target(served)).message
    finally:
        served.place.sql("ALTER TABLE other_schema RENAME TO esp_schema")


def test_who_reads_cannot_write(served: ServerEsp) -> None:
    with pytest.raises(TargetError), target(served).reader() as reader:
        reader.session.exec_driver_sql("UPDATE esp_package SET name = 'x'")


def test_sessions_are_in_utc_and_bounded(served: ServerEsp) -> None:
    asked = {
        "postgresql": [
            ("TimeZone", "UTC"),
            ("lock_timeout", "200ms"),
            ("transaction_isolation", "read committed"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("statement_timeout", "30200ms"),
        ],
        "mariadb": [
            ("time_zone", "+00:00"),
            ("innodb_lock_wait_timeout", "1"),
            ("tx_isolation", "READ-COMMITTED"),
            ("idle_transaction_timeout", "30"),
            ("innodb_snapshot_isolation", "ON"),
        ],
    }[served.place.engine]
    with target(served).writer() as writer:
        show = "SHOW {}" if served.place.engine == "postgresql" else "SHOW SESSION VARIABLES LIKE '{}'"
        found = [(name, writer.session.exec_driver_sql(show.format(name)).one()[-1]) for name, _ in asked]
    assert found == asked


@pytest.mark.parametrize("mode", ["", "ANSI_QUOTES", "STRICT_ALL_TABLES"])
def test_our_sessions_are_strict_whatever_the_server_is(served: ServerEsp, mode: str) -> None:
    if served.place.engine == "mariadb":
        with target(served, query={"init_command": f"SET sql_mode = '{mode}'"}).writer() as writer:
            found = set(writer.session.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar().split(","))
            assert found & {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}
            assert found >= {mode} - {""}
            writer.begin()
            with pytest.raises(TargetError, match="refuses the value"):
                writer.insert("package", {"x" * 300: {}})
            writer.rollback()


def test_what_the_application_holds_is_waited_for_and_then_said(served: ServerEsp) -> None:
    with served.place.session() as application:
        application.execute("UPDATE esp_package SET commercial_credits = 1 WHERE name = 'Growth'")
        with target(served).writer() as writer:
            writer.begin()
            with pytest.raises(Retry, match="another writer holds rows") as caught:
                writer.update("package", {"Growth": {"sending.daily_limit": 1}})
            # MariaDB counts in whole seconds, so what was asked for is not what it was.
            waited = float(caught.value.message.partition("waited ")[2].partition(" s")[0])
            assert waited >= (0.2 if served.place.engine == "postgresql" else 0.5)
            writer.rollback()


def test_a_sign_up_does_not_wait_for_an_apply_of_something_else(served: ServerEsp) -> None:
    """Names are looked up by locks that others may hold too."""
    with target(served).writer() as writer, served.place.session() as application:
        writer.begin()
        writer.insert("tenant", {"new@x.example": {"package": "Starter Plan"}})
        writer.update("package", {"Trial": {"sending.daily_limit": 1}})
        limit = "SET lock_timeout = '1s'" if served.place.engine == "postgresql" else "SET innodb_lock_wait_timeout = 1"
        application.execute(limit)
        application.execute(
            "INSERT INTO esp_tenant (email, name, package_id) SELECT 'sign@up.example', '', id FROM esp_package "
            "WHERE name = 'Growth'"
        )
        application.commit()
        writer.commit()


@pytest.fixture
def planner(served: ServerEsp) -> Iterator[str]:
    """An account that may read and nothing else."""
    name = f"plan_{served.place.name}"
    sql = served.place.sql
    if served.place.engine == "postgresql":
        sql(f"CREATE ROLE {name} LOGIN")
        for schema in served.place.schemas:
            sql(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
            sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}")
        yield name
        sql(f"DROP OWNED BY {name}")
        sql(f"DROP ROLE {name}")
    else:
        sql(f"CREATE USER '{name}'@'localhost'")
        for schema in served.place.schemas:
            sql(f"GRANT SELECT ON {schema}.* TO '{name}'@'localhost'")
        yield name
        sql(f"DROP USER '{name}'@'localhost'")


def test_to_plan_it_is_enough_to_read(served: ServerEsp, planner: str) -> None:
    """Also to see that the database itself refuses a delete."""
    served.declare(changed(FILES, {"package": {"Trial": None}}))
    whole = served.plan()
    url = sa.make_url(served.place.url).set(username=planner)
    (served.folder / "esp_url").write_text(url.render_as_string(hide_password=False), encoding="utf-8")
    served.sites.clear()
    assert served.plan().changes == whole.changes
    assert not served.plan().blocked
    assert dict(doctor.diagnosis(served.site()))["protection of package"] == "A"
    with pytest.raises(ReconcilerError):
        served.apply(whole)


def test_the_database_commands(served: ServerEsp) -> None:
    with pytest.raises(TargetError, match="there already"):
        database.create(served.site())
    assert database.upgrade(served.site()) == [f"nothing to do: schema version {VERSION} is the newest"]
    doctor.pause(served.site(), "moving house")
    assert dict(doctor.diagnosis(served.site()))["applies"].endswith("moving house")
    assert doctor.resume(served.site())


def test_a_creation_that_broke_off_is_taken_up_again(pool: ServerPool, tmp_path: Path) -> None:
    """MariaDB cannot roll tables back."""
    for engine in SERVERS:
        fresh = place(engine, pool, tmp_path)
        settings = TargetSettings(name="esp", type="native", url=fresh.url, options={"memory": fresh.memory})
        native = NATIVE.open(settings, KINDS)
        native.create()
        fresh.sql("DELETE FROM esp_schema")
        fresh.sql("DROP TABLE esp_usage")
        native.create()
        with native.reader() as reader:
            assert set(reader.snapshot().sheets) == set(KINDS.kinds)
        fresh.sql("INSERT INTO esp_role (name) VALUES ('mine')")
        fresh.sql("DELETE FROM esp_schema")
        with pytest.raises(TargetError, match="there already"):
            native.create()


def test_the_seed_is_a_running_esp_on_servers_too(pool: ServerPool, tmp_path: Path) -> None:
    for engine in SERVERS:
        fresh = place(engine, pool, tmp_path)
        settings = TargetSettings(name="esp", type="native", url=fresh.url, options={"memory": fresh.memory})
        native = NATIVE.open(settings, KINDS)
        native.create()
        assert native.seed()[0].startswith("filled with ")
        with native.reader() as reader:
            assert 280 <= len(reader.snapshot().sheets["tenant"]) <= 320
