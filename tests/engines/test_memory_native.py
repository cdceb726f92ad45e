"""Memory in the sessions of the built-in target: its own engine, its own doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.database import Database, Mode, connect, database
from reconciler.memory.memory import SqlMemory
from reconciler.model.errors import Locked
from reconciler.model.memory import Memo, Run
from reconciler.model.ref import Origin, Ref


def run_named(name: str) -> Run:
    return Run(id=name, project="shop", actor="ann", host="build-1", started="2026-03-01T11:00:00Z", plan="")


@pytest.fixture
def place(tmp_path: Path) -> Database:
    place = database(f"sqlite:///{tmp_path / 'esp.db'}", 0.1)
    with connect(place, Mode.CREATE) as session:
        SqlMemory().install(session)
        session.commit()
    return place


def test_what_a_writer_remembers_a_reader_recalls(place: Database) -> None:
    memory, run, growth = SqlMemory(), run_named("r1"), Ref("package", "Growth")
    with connect(place, Mode.WRITE) as session:
        memory.announce(session, run)
        memory.lock(session, run)
        memory.remember(session, "shop", run, [Memo(growth, "{}", Origin("packages.d/growth.yaml", 1))])
        memory.finish(session, run, "done")
        session.commit()
    with connect(place, Mode.READ) as session:
        remembered = memory.recall(session, "shop")
    assert remembered.objects == {"package": {"Growth": ("{}", "packages.d/growth.yaml:1")}}
    assert remembered.finished


def test_two_writers_and_the_second_is_told_who_is_first(place: Database) -> None:
    memory, first, second = SqlMemory(), run_named("first"), run_named("second")
    with connect(place, Mode.WRITE) as one, connect(place, Mode.WRITE) as other:
        memory.announce(one, first)
        memory.lock(one, first)
        with pytest.raises(Locked, match=r"run first"):
            memory.announce(other, second)
        assert memory.holder(other, second) == first
        one.rollback()
        memory.announce(other, second)
        memory.lock(other, second)


def test_planning_goes_on_while_another_applies(place: Database) -> None:
    memory, first = SqlMemory(), run_named("first")
    with connect(place, Mode.WRITE) as writer, connect(place, Mode.READ) as reader:
        memory.announce(writer, first)
        memory.lock(writer, first)
        assert not memory.recall(reader, "shop").finished
