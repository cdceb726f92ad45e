"""Memory in the sessions of the built-in target, on every engine: in a schema of its own where there are schemas."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.database import Database, Mode, connect, database, memory_owner, memory_schema
from reconciler.memory.memory import SqlMemory
from reconciler.model.errors import Locked, TargetError
from reconciler.model.memory import HistoryEntry, Memo, Pause, Remembered, Run
from reconciler.model.ref import Origin, Ref
from tests.support.engines import ENGINES, Place, place
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.every_run

GROWTH = Ref("package", "Growth")
NAMES = ("Growth", "growth", "Café", "cafe", "Cafe ", "a\\'b%", "用户@例え.example", "\U0001f600")


def run_named(name: str) -> Run:
    return Run(id=name, project="shop", actor="ann", host="build-1", started="2026-03-01T11:00:00Z", plan="")


@pytest.fixture(scope="module")
def places() -> dict[str, Place]:
    return {}


@pytest.fixture(params=ENGINES)
def found(request: pytest.FixtureRequest, pool: ServerPool, places: dict[str, Place], tmp_path: Path) -> Place:
    """A database without memory; on a server the same one, with memory emptied, from the second test on."""
    engine: str = request.param
    if engine == "sqlite":
        return place(engine, pool, tmp_path)
    if engine in places:
        places[engine].empty()
    else:
        places[engine] = place(engine, pool, tmp_path)
    return places[engine]


@pytest.fixture
def at(found: Place) -> Database:
    return database(found.url, 0.2)


@pytest.fixture
def memory(found: Place, at: Database) -> Iterator[SqlMemory]:
    memory = SqlMemory(memory_schema(at, found.memory), memory_owner(at))
    with connect(at, Mode.CREATE) as session:
        memory.install(session)
        session.commit()
    yield memory


def test_no_memory_is_an_empty_one(pool: ServerPool, tmp_path: Path) -> None:
    for engine in ENGINES:
        fresh = place(engine, pool, tmp_path)
        at = database(fresh.url, 1)
        memory = SqlMemory(memory_schema(at, fresh.memory), memory_owner(at))
        with connect(at, Mode.CREATE) as session:
            assert memory.recall(session, "shop") == Remembered()
            assert memory.runs(session, "shop", 5) == []
        with connect(at, Mode.WRITE) as session, pytest.raises(TargetError, match="no memory"):
            memory.announce(session, run_named("r1"))


def test_it_lies_apart(found: Place, memory: SqlMemory) -> None:
    schemas = {name.rpartition(".")[0] for name in found.tables() if "reconciler_" in name}
    assert schemas == {found.memory}


def test_installed_once_is_enough(at: Database, memory: SqlMemory) -> None:
    with connect(at, Mode.CREATE) as session:
        before = memory.instance(session)
        assert memory.install(session) == []
        assert memory.instance(session) == before


def test_another_database_does_not_take_it_for_its_own(at: Database, found: Place, memory: SqlMemory) -> None:
    """On MariaDB every database of the server finds the same schemas."""
    if memory_owner(at):
        stranger = SqlMemory(found.memory, "staging")
        for use in (stranger.install, stranger.instance, lambda session: stranger.recall(session, "shop")):
            with connect(at, Mode.READ) as session, pytest.raises(TargetError, match="not of staging") as caught:
                use(session)
            assert "memory: NAME" in caught.value.remedy


def test_names_are_what_they_are(at: Database, memory: SqlMemory) -> None:
    run = run_named("r1")
    memos = [Memo(Ref("package", name), '{"x":"\U0001f600"}', Origin("packages.d/ü.yaml", 7)) for name in NAMES]
    with connect(at, Mode.WRITE) as session:
        memory.announce(session, run)
        memory.lock(session, run)
        memory.remember(session, "shop", run, memos)
        memory.remember(session, "lab", run, [Memo(GROWTH, "{}", Origin("x", 1))])
        memory.drop(session, "shop", [Ref("package", "Growth"), Ref("package", "GROWTH"), Ref("package", "Cafe")])
        memory.record(
            session, run, [HistoryEntry(ref=GROWTH, action="delete", before={}, after=None, raw={"t": [{"a": "\x00"}]})]
        )
        memory.pause(session, "shop", Pause("x" * 70_000, "ann", "2026-03-01T12:00:00Z"))
        memory.finish(session, run, "done")
        session.commit()
    with connect(at, Mode.READ) as session:
        remembered = memory.recall(session, "shop")
        (row,) = memory.runs(session, "shop", 5)
        (entry,) = memory.entries(session, run.id)
    assert set(remembered.objects["package"]) == set(NAMES) - {"Growth"}
    assert set(remembered.objects["package"].values()) == {('{"x":"\U0001f600"}', "packages.d/ü.yaml:7")}
    assert remembered.foreign == {GROWTH: "lab"}
    assert remembered.finished and remembered.paused is not None and len(remembered.paused.reason) == 70_000
    assert (row.run, row.outcome, row.changes, entry.raw) == (run, "done", 1, {"t": [{"a": "\x00"}]})


def test_the_second_is_told_who_is_first(at: Database, memory: SqlMemory) -> None:
    first, second = run_named("first"), run_named("second")
    with connect(at, Mode.WRITE) as one, connect(at, Mode.WRITE) as other:
        memory.announce(one, first)
        memory.lock(one, first)
        with pytest.raises(Locked, match=r"run first"):
            memory.announce(other, second)
            memory.lock(other, second)
        assert memory.holder(other, second) == first
        one.rollback()
        other.rollback()
        memory.announce(other, second)
        memory.lock(other, second)
        other.commit()
    assert outcomes(at, memory) == {"first": "abandoned", "second": "running"}


def test_a_waiter_gets_the_lock_when_the_first_is_done(found: Place, memory: SqlMemory) -> None:
    first, second, seen = run_named("first"), run_named("second"), list[str]()

    def wait() -> None:
        with connect(database(found.url, 20), Mode.WRITE) as other:
            memory.announce(other, second)
            memory.lock(other, second)
            seen.append("second")
            memory.finish(other, second, "done")
            other.commit()

    with connect(database(found.url, 20), Mode.WRITE) as one:
        memory.announce(one, first)
        memory.lock(one, first)
        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.3)
        seen.append("first")
        memory.finish(one, first, "done")
        one.commit()
        waiter.join(20)
    assert seen == ["first", "second"]
    assert set(outcomes(database(found.url, 1), memory).values()) == {"done"}


def test_planning_goes_on_while_another_applies(at: Database, memory: SqlMemory) -> None:
    with connect(at, Mode.WRITE) as writer, connect(at, Mode.READ) as reader:
        memory.announce(writer, run_named("first"))
        memory.lock(writer, run_named("first"))
        assert not memory.recall(reader, "shop").finished


def test_a_run_in_doubt_is_asked_about_under_the_lock(at: Database, memory: SqlMemory) -> None:
    done, gone = run_named("done"), run_named("gone")
    with connect(at, Mode.WRITE) as session:
        for run in (done, gone):
            memory.announce(session, run)
            memory.announce(session, run)  # one that starts over
        memory.lock(session, done)
        with connect(at, Mode.WRITE) as other, pytest.raises(Locked):
            memory.outcome(other, done)
        memory.finish(session, done, "done")
        session.commit()
    with connect(at, Mode.WRITE) as session:
        asked = [memory.outcome(session, run) for run in (done, gone, run_named("never"))]
    assert asked == ["done", "abandoned", ""]


def outcomes(at: Database, memory: SqlMemory) -> dict[str, str]:
    with connect(at, Mode.READ) as session:
        return {row.run.id: row.outcome for row in memory.runs(session, "shop", 9)}
