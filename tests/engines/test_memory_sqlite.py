"""Memory on real SQLite files, through connections that begin as the writer of the built-in target does."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from reconciler.memory import versions
from reconciler.memory.memory import SqlMemory
from reconciler.memory.tables import MemoryTables
from reconciler.memory.versions import MemoryUpgrade
from reconciler.model.errors import Locked, TargetError
from reconciler.model.memory import HistoryEntry, Memo, Pause, Remembered, Run
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import canonical

NOW = "2026-03-01T12:00:00Z"
GROWTH = Ref("package", "Growth")


def run_named(name: str, *, project: str = "shop", started: str = "2026-03-01T11:00:00Z") -> Run:
    return Run(
        id=name,
        project=project,
        actor="ann",
        host="build-1",
        started=started,
        plan="f" * 64,
        commit="ab12cd3",
        command="apply",
    )


def memo(ref: Ref, **stated: int | str) -> Memo:
    return Memo(ref, canonical(stated), Origin(f"{ref.kind}s.d/all.yaml", 7))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "esp.db"


def engine_on(place: Path, *, patience: float = 0.1) -> Engine:
    """Every transaction begins IMMEDIATE, as in the built-in target's writer."""
    engine = create_engine(f"sqlite:///{place}", poolclass=NullPool, connect_args={"timeout": patience})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def session_on(place: Path, *, patience: float = 0.1) -> Iterator[Connection]:
    engine = engine_on(place, patience=patience)
    with engine.connect() as session:
        yield session
    engine.dispose()


@pytest.fixture
def session(place: Path) -> Iterator[Connection]:
    with session_on(place) as connection:
        yield connection


@pytest.fixture
def memory(session: Connection) -> SqlMemory:
    memory = SqlMemory(clock=lambda: NOW)
    memory.install(session)
    session.commit()
    return memory


def test_no_tables_is_an_empty_memory(session: Connection) -> None:
    memory = SqlMemory()
    assert memory.recall(session, "shop") == Remembered()
    assert memory.version(session) is None
    assert memory.instance(session) == ""
    assert memory.runs(session, "shop", 5) == []
    with pytest.raises(TargetError, match="no memory") as raised:
        memory.announce(session, run_named("r1"))
    assert raised.value.remedy == "run `reconciler database create`"


def test_nothing_but_install_makes_tables(session: Connection) -> None:
    SqlMemory().recall(session, "shop")
    session.commit()
    assert inspect(session).get_table_names() == []


def test_install_once_is_enough(session: Connection) -> None:
    memory = SqlMemory()
    assert memory.install(session) == ["memory: made the reconciler's own tables, version 2"]
    first = memory.recall(session, "shop")
    assert first.tables
    assert memory.instance(session) == first.instance
    assert len(first.instance) == 32
    assert memory.install(session) == []
    assert memory.recall(session, "shop") == first
    assert memory.version(session) == 2


def test_a_broken_installation_is_taken_up_again(session: Connection) -> None:
    memory = SqlMemory()
    memory.install(session)
    session.execute(text("DELETE FROM reconciler_meta"))
    session.execute(text("DROP TABLE reconciler_pause"))
    assert not memory.recall(session, "shop").tables
    assert memory.install(session)
    assert memory.recall(session, "shop").tables
    assert session.execute(text("SELECT count(*) FROM reconciler_lock")).scalar() == 1


def test_two_databases_have_two_instance_ids(session: Connection, tmp_path: Path) -> None:
    memory = SqlMemory()
    memory.install(session)
    with session_on(tmp_path / "other.db") as other:
        memory.install(other)
        assert memory.recall(other, "shop").instance != memory.recall(session, "shop").instance


def test_what_is_remembered_comes_back(session: Connection, memory: SqlMemory) -> None:
    run = run_named("r1")
    others = [Ref("package", "Café"), Ref("package", "cafe"), Ref("role", "Growth")]
    memory.remember(session, "shop", run, [memo(GROWTH, daily=5), *(memo(ref) for ref in others)])
    remembered = memory.recall(session, "shop")
    assert remembered.objects == {
        "package": {
            "Café": ("{}", "packages.d/all.yaml:7"),
            "Growth": ('{"daily":5}', "packages.d/all.yaml:7"),
            "cafe": ("{}", "packages.d/all.yaml:7"),
        },
        "role": {"Growth": ("{}", "roles.d/all.yaml:7")},
    }
    assert not remembered.finished
    assert remembered.paused is None


def test_remembering_again_replaces(session: Connection, memory: SqlMemory) -> None:
    memory.remember(session, "shop", run_named("r1"), [memo(GROWTH, daily=5)])
    memory.remember(session, "shop", run_named("r2"), [memo(GROWTH, monthly=6)])
    assert memory.recall(session, "shop").objects == {"package": {"Growth": ('{"monthly":6}', "packages.d/all.yaml:7")}}


def test_dropped_is_forgotten_and_only_that(session: Connection, memory: SqlMemory) -> None:
    memory.remember(session, "shop", run_named("r1"), [memo(GROWTH), memo(Ref("role", "Growth"))])
    memory.drop(session, "shop", [GROWTH, Ref("package", "never there")])
    assert memory.recall(session, "shop").objects == {"role": {"Growth": ("{}", "roles.d/all.yaml:7")}}


def test_other_projects_objects_are_foreign(session: Connection, memory: SqlMemory) -> None:
    memory.remember(session, "shop", run_named("r1"), [memo(GROWTH, daily=5)])
    memory.remember(session, "lab", run_named("r2", project="lab"), [memo(Ref("role", "Tester"))])
    memory.drop(session, "lab", [GROWTH])
    remembered = memory.recall(session, "shop")
    assert remembered.foreign == {Ref("role", "Tester"): "lab"}
    assert remembered.objects == {"package": {"Growth": ('{"daily":5}', "packages.d/all.yaml:7")}}


def test_a_finished_run_is_known_to_its_project_alone(session: Connection, memory: SqlMemory) -> None:
    run = run_named("r1")
    memory.announce(session, run)
    assert not memory.recall(session, "shop").finished
    memory.finish(session, run, "failed")
    assert not memory.recall(session, "shop").finished
    memory.finish(session, run, "done")
    assert memory.recall(session, "shop").finished
    assert not memory.recall(session, "lab").finished


def test_runs_are_told_newest_first(session: Connection, memory: SqlMemory) -> None:
    early, late = run_named("b", started="2026-01-01T00:00:00Z"), run_named("a", started="2026-02-01T00:00:00Z")
    other = run_named("c", project="lab")
    for run in (early, late, other):
        memory.announce(session, run)
    memory.record(session, early, [HistoryEntry(ref=GROWTH, action="create", before=None, after={})])
    memory.finish(session, early, "done")
    rows = memory.runs(session, "shop", 5)
    assert [(row.run, row.outcome, row.finished, row.changes) for row in rows] == [
        (late, "running", None, 0),
        (early, "done", NOW, 1),
    ]
    assert memory.runs(session, "shop", 1) == rows[:1]


def test_changes_are_kept_whole_and_in_order(session: Connection, memory: SqlMemory) -> None:
    run = run_named("r1")
    memory.announce(session, run)
    raw = {"esp_package": [{"id": 7, "name": "Growth", "odd": "\ud800\x00", "none": None}]}
    memory.record(session, run, [])
    memory.record(
        session, run, [HistoryEntry(ref=GROWTH, action="update", before={"s": ("a", "b")}, after={"s": ("b",)})]
    )
    memory.record(session, run, [HistoryEntry(ref=GROWTH, action="delete", before={}, after=None, raw=raw)] * 2)
    rows = session.execute(
        text('SELECT seq, kind, "key", action, "before", "after", raw FROM reconciler_change ORDER BY seq')
    )
    odd = '{"esp_package":[{"id":7,"name":"Growth","none":null,"odd":"\\ud800\\u0000"}]}'
    assert [tuple(row) for row in rows] == [
        (1, "package", "Growth", "update", '{"s":["a","b"]}', '{"s":["b"]}', None),
        (2, "package", "Growth", "delete", "{}", None, odd),
        (3, "package", "Growth", "delete", "{}", None, odd),
    ]


def test_a_run_with_changes_cannot_be_deleted(session: Connection, memory: SqlMemory) -> None:
    run = run_named("r1")
    memory.announce(session, run)
    memory.record(session, run, [HistoryEntry(ref=GROWTH, action="create", before=None, after={})])
    with pytest.raises(Exception, match="FOREIGN KEY"):
        session.execute(text("DELETE FROM reconciler_run"))


def test_the_announcement_is_committed_and_nothing_else(place: Path, session: Connection, memory: SqlMemory) -> None:
    run = run_named("r1")
    memory.announce(session, run)
    memory.lock(session, run)
    memory.remember(session, "shop", run, [memo(GROWTH)])
    memory.finish(session, run, "done")
    session.rollback()
    with session_on(place) as other:
        assert [row.outcome for row in memory.runs(other, "shop", 5)] == ["running"]
        assert memory.recall(other, "shop").objects == {}


def test_the_lock_row_really_changes(session: Connection, memory: SqlMemory) -> None:
    for name in ("r1", "r2"):
        memory.lock(session, run_named(name))
        session.commit()
    assert session.execute(text("SELECT heartbeat, run FROM reconciler_lock")).one() == (2, "r2")


def test_a_run_that_died_is_abandoned_by_the_next(session: Connection, memory: SqlMemory) -> None:
    dead, over, next_one = (run_named(name) for name in ("dead", "over", "next"))
    for run in (dead, over, next_one):
        memory.announce(session, run)
    memory.finish(session, over, "refused")
    memory.lock(session, next_one)
    outcomes = {row.run.id: (row.outcome, row.finished) for row in memory.runs(session, "shop", 5)}
    assert outcomes == {"dead": ("abandoned", NOW), "over": ("refused", NOW), "next": ("running", None)}


def test_a_waiter_called_abandoned_runs_again_when_its_turn_comes(session: Connection, memory: SqlMemory) -> None:
    waiter, first = run_named("waiter"), run_named("first")
    memory.announce(session, waiter)
    memory.announce(session, first)
    memory.lock(session, first)
    memory.finish(session, first, "done")
    session.commit()
    memory.lock(session, waiter)
    outcomes = {row.run.id: (row.outcome, row.finished) for row in memory.runs(session, "shop", 5)}
    assert outcomes == {"waiter": ("running", None), "first": ("done", NOW)}


def test_the_second_apply_is_told_who_holds_the_lock(place: Path, session: Connection, memory: SqlMemory) -> None:
    first, second = run_named("first"), run_named("second")
    with session_on(place) as other:
        memory.announce(other, second)
        memory.announce(session, first)
        memory.lock(session, first)
        with pytest.raises(Locked) as raised:
            memory.lock(other, second)
    assert raised.value.exit_code == 5
    assert raised.value.message == (
        "another apply holds the lock: apply of project shop by ann on build-1, "
        "started 2026-03-01T11:00:00Z (run first)"
    )


def test_the_lock_may_be_held_before_the_announcement(place: Path, session: Connection, memory: SqlMemory) -> None:
    first = run_named("first")
    memory.announce(session, first)
    memory.lock(session, first)
    with session_on(place) as other:
        with pytest.raises(Locked, match=r"by ann on build-1.*run first"):
            memory.announce(other, run_named("second"))
        assert memory.holder(other, run_named("second")) == first
    assert memory.holder(session, first) is None


def test_a_holder_without_announcement_has_no_name(place: Path, session: Connection, memory: SqlMemory) -> None:
    session.execute(text("UPDATE reconciler_lock SET heartbeat = 9"))
    with session_on(place) as other, pytest.raises(Locked, match=r"another program holds the lock of the database$"):
        memory.announce(other, run_named("second"))


def test_no_holder_where_nothing_can_be_read(session: Connection) -> None:
    assert SqlMemory().holder(session, run_named("r1")) is None


def test_a_waiter_gets_the_lock_when_the_first_is_done(place: Path, session: Connection, memory: SqlMemory) -> None:
    first, second = run_named("first"), run_named("second")
    memory.announce(session, first)
    memory.lock(session, first)
    seen: list[str] = []

    def wait_for_it() -> None:
        with session_on(place, patience=10) as other:
            memory.announce(other, second)
            memory.lock(other, second)
            seen.append("second")
            memory.finish(other, second, "done")
            other.commit()

    waiter = threading.Thread(target=wait_for_it)
    waiter.start()
    time.sleep(0.2)
    seen.append("first")
    memory.finish(session, first, "done")
    session.commit()
    waiter.join(timeout=10)
    assert seen == ["first", "second"]
    assert {row.outcome for row in memory.runs(session, "shop", 5)} == {"done"}


def test_a_killed_apply_leaves_no_lock(place: Path, session: Connection, memory: SqlMemory) -> None:
    first, second = run_named("first"), run_named("second")
    with session_on(place) as doomed:
        memory.announce(doomed, first)
        memory.lock(doomed, first)
        memory.remember(doomed, "shop", first, [memo(GROWTH)])
    memory.announce(session, second)
    memory.lock(session, second)
    assert memory.recall(session, "shop").objects == {}
    assert {row.run.id: row.outcome for row in memory.runs(session, "shop", 5)} == {
        "first": "abandoned",
        "second": "running",
    }


def test_the_end_of_a_run_is_told_in_utc(session: Connection) -> None:
    memory, run = SqlMemory(), run_named("r1")
    memory.install(session)
    memory.announce(session, run)
    memory.finish(session, run, "done")
    finished = memory.runs(session, "shop", 1)[0].finished
    assert finished is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", finished)


def test_pause_holds_for_its_project_until_resume(session: Connection, memory: SqlMemory) -> None:
    pause = Pause("moving house", "ann", NOW)
    memory.pause(session, "shop", Pause("first reason", "bob", NOW))
    memory.pause(session, "shop", pause)
    assert memory.recall(session, "shop").paused == memory.paused(session, "shop") == pause
    assert memory.recall(session, "lab").paused is None
    assert memory.resume(session, "shop") is True
    assert memory.resume(session, "shop") is False
    assert memory.recall(session, "shop").paused is None


def test_a_newer_memory_is_left_alone(session: Connection, memory: SqlMemory) -> None:
    session.execute(text("UPDATE reconciler_meta SET version = 3"))
    session.commit()
    assert memory.version(session) == 3
    for attempt in (
        lambda: memory.recall(session, "shop"),
        lambda: memory.announce(session, run_named("r1")),
        lambda: memory.install(session),
        lambda: memory.upgrade(session),
        lambda: memory.runs(session, "shop", 5),
    ):
        with pytest.raises(TargetError, match="made by a newer reconciler") as raised:
            attempt()
        assert raised.value.remedy == "upgrade the reconciler"


def test_an_older_memory_asks_for_the_upgrade(session: Connection, memory: SqlMemory) -> None:
    session.execute(text("UPDATE reconciler_meta SET version = 0"))
    with pytest.raises(TargetError, match="is of version 0") as raised:
        memory.recall(session, "shop")
    assert raised.value.remedy == "run `reconciler database upgrade`"


def test_an_upgrade_takes_every_step_once(session: Connection, memory: SqlMemory) -> None:
    tables = MemoryTables()
    memory.remember(session, "shop", run_named("r1"), [memo(GROWTH, daily=5)])

    def count_beats(session: Connection, tables: MemoryTables) -> None:
        session.execute(text("ALTER TABLE reconciler_lock ADD COLUMN beats INTEGER"))

    def start_at_zero(session: Connection, tables: MemoryTables) -> None:
        session.execute(text("UPDATE reconciler_lock SET beats = 0"))

    first = MemoryUpgrade(version=3, says="the lock counts beats", run=count_beats)
    second = MemoryUpgrade(version=4, says="from zero", run=start_at_zero)
    assert versions.upgrade(session, tables, (first,)) == ["memory: version 3: the lock counts beats"]
    assert versions.upgrade(session, tables, (first, second)) == ["memory: version 4: from zero"]
    assert versions.upgrade(session, tables, (first, second)) == []
    assert versions.version_found(session, tables) == (4, versions.version_found(session, tables)[1])
    assert session.execute(text("SELECT beats FROM reconciler_lock")).scalar() == 0
    assert session.execute(text("SELECT stated FROM reconciler_managed")).scalar() == '{"daily":5}'


def test_an_upgrade_of_today_has_nothing_to_do(session: Connection, memory: SqlMemory) -> None:
    assert memory.upgrade(session) == []


def test_an_upgrade_needs_a_memory(session: Connection) -> None:
    with pytest.raises(TargetError, match="no memory"):
        SqlMemory().upgrade(session)


def test_a_database_that_cannot_be_written_is_told_in_plain_words(
    place: Path, session: Connection, memory: SqlMemory
) -> None:
    session.execute(text("DROP TABLE reconciler_change"))
    session.commit()
    with pytest.raises(TargetError) as raised:
        memory.record(session, run_named("r1"), [HistoryEntry(ref=GROWTH, action="create", before=None, after={})])
    assert raised.value.message == "memory cannot be written: no such table: reconciler_change"
    assert "INSERT" not in raised.value.message


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    place = tmp_path / "letter.txt"
    place.write_text("Dear reader, " * 500)
    engine = create_engine(f"sqlite:///{place}", poolclass=NullPool)
    with engine.connect() as session, pytest.raises(TargetError, match="memory cannot be read: file is not a database"):
        SqlMemory().recall(session, "shop")


def test_a_planner_that_may_only_read_can_recall(place: Path, session: Connection, memory: SqlMemory) -> None:
    memory.remember(session, "shop", run_named("r1"), [memo(GROWTH)])
    session.commit()
    engine = create_engine(f"sqlite:///file:{place}?mode=ro&uri=true", poolclass=NullPool)
    with engine.connect() as reader:
        reader.exec_driver_sql("PRAGMA query_only=ON")
        assert "Growth" in memory.recall(reader, "shop").objects["package"]
        with pytest.raises(TargetError, match="memory cannot be written"):
            memory.remember(reader, "shop", run_named("r1"), [memo(GROWTH)])


@pytest.mark.torture
def test_a_hundred_thousand_tenants(session: Connection, memory: SqlMemory) -> None:
    refs = [Ref("tenant", f"user{number:06}@customer.example") for number in range(100_000)]
    run = run_named("r1")
    memory.remember(session, "shop", run, (memo(ref, package="Growth", status="active") for ref in refs))
    session.commit()
    assert len(memory.recall(session, "shop").objects["tenant"]) == 100_000
    memory.drop(session, "shop", refs[:99_999])
    assert list(memory.recall(session, "shop").objects["tenant"]) == [refs[-1].key]


def test_a_schema_of_its_own(session: Connection, tmp_path: Path) -> None:
    """Servers give memory a schema; SQLite's nearest thing is an attached file."""
    session.connection.cursor().execute("ATTACH DATABASE ? AS reconciler", (str(tmp_path / "memory.db"),))
    memory, run = SqlMemory("reconciler", clock=lambda: NOW), run_named("r1")
    assert memory.version(session) is None
    memory.install(session)
    memory.announce(session, run)
    memory.lock(session, run)
    memory.remember(session, "shop", run, [memo(GROWTH)])
    memory.record(session, run, [HistoryEntry(ref=GROWTH, action="create", before=None, after={})])
    memory.finish(session, run, "done")
    session.commit()
    assert [row.changes for row in memory.runs(session, "shop", 5)] == [1]
    assert memory.holder(session, run_named("r2")) is None
    assert inspect(session).get_table_names(schema="main") == []


def test_a_schema_that_cannot_be_made_is_told(session: Connection) -> None:
    with pytest.raises(TargetError, match="memory cannot make its tables"):
        SqlMemory("elsewhere").install(session)
