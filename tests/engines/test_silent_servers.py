"""A server that does not answer is given up: when we connect, when we read, and at the COMMIT, whose outcome is not
known then. No test depends on how long anything takes."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.model.errors import Lost, TargetError, Unknown
from reconciler.model.memory import Session
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget
from reconciler.workflow.plan import PlanRequest, applied, planned
from reconciler.workflow.site import Choices, open_site
from tests.support.esp import FILES, changed, quiet
from tests.support.esp_on_servers import ServerEsp
from tests.support.private_servers import MariaDB, PostgreSQL

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning"
)  # PyMySQL leaves open what it refuses

SOON = 2.0
CHANGE = changed(FILES, {"package": {"Growth": {"sending.daily_limit": 30_000}}})


def target(served: ServerEsp, url: str = "") -> NativeTarget:
    settings = TargetSettings(
        name="esp",
        type="native",
        url=url or served.place.url,
        lock_timeout=0.5,
        timeout=SOON,
        options={"memory": served.place.memory},
    )
    return NATIVE.open(settings, KINDS)


@contextmanager
def standing_still(served: ServerEsp, session: Session) -> Iterator[None]:
    """Whoever answers this session is stopped; its connection stays up."""
    server = served.place.server
    if isinstance(server, PostgreSQL):
        pid = session.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    else:
        assert isinstance(server, MariaDB)
        assert server._process is not None
        pid = server._process.pid
    stop(pid)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def stop(pid: int) -> None:
    """And wait until every thread of it has stopped."""
    os.kill(pid, signal.SIGSTOP)
    for state in Path(f"/proc/{pid}/task").glob("*/stat"):
        while state.read_text().rpartition(")")[2].split()[0] not in ("T", "t"):
            time.sleep(0.01)


def test_a_port_that_lets_in_and_says_nothing(served: ServerEsp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        silent = target(served, f"{served.place.engine}://shop:x@127.0.0.1:{port}/esp")
        for door in (silent.reader, silent.writer):
            with pytest.raises(TargetError) as caught, door():
                pass
            assert "does not answer" in caught.value.message or "cannot be reached" in caught.value.message
            assert caught.value.exit_code == 1


def test_a_server_that_stands_still_while_it_is_read(served: ServerEsp) -> None:
    with target(served).reader() as reader:
        reader.session.exec_driver_sql("SELECT 1")
        with standing_still(served, reader.session), pytest.raises(Lost, match="does not answer") as caught:
            reader.snapshot()
    assert "--timeout" in caught.value.remedy


def test_a_server_that_stands_still_while_it_is_written(served: ServerEsp) -> None:
    with target(served).writer() as writer:
        writer.begin()
        writer.insert("role", {"one": {}})
        with standing_still(served, writer.session):
            with pytest.raises(Lost, match="does not answer"):
                writer.insert("role", {"two": {}})
            writer.rollback()
    assert not served.sql("SELECT 1 FROM esp_role WHERE name IN ('one', 'two')")


def test_the_outcome_of_a_commit_without_answer_is_not_known(served: ServerEsp) -> None:
    with target(served).writer() as writer:
        writer.begin()
        writer.insert("role", {"one": {}})
        with standing_still(served, writer.session), pytest.raises(Unknown) as caught:
            writer.commit()
    assert caught.value.exit_code == 6


@pytest.mark.every_run
def test_an_apply_whose_commit_is_not_answered_ends_with_6(served: ServerEsp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers, so what became of it cannot be asked either; the next run tells."""
    served.declare(CHANGE)
    choices = Choices(config=served.folder / "reconciler.yaml", lock_timeout=0.5, timeout=SOON)
    site = open_site(choices, {}, served.folder)
    plan = planned(site, PlanRequest(), quiet)
    still: list[int] = []

    def stop_everybody(phase: str) -> None:
        if phase == "committing":
            still.extend(answering(served))
            for pid in still:
                stop(pid)

    monkeypatch.setattr("reconciler.workflow.apply.ASKING", 1)
    try:
        with pytest.raises(Unknown) as caught:
            applied(site, plan, stop_everybody)
    finally:
        for pid in still:
            os.kill(pid, signal.SIGCONT)
    assert caught.value.exit_code == 6
    assert "is not known" in caught.value.message
    served.apply(patience=20)
    assert not served.plan().changes


def answering(served: ServerEsp) -> list[int]:
    """The processes that answer to sessions in this database."""
    server = served.place.server
    if isinstance(server, MariaDB):
        assert server._process is not None
        return [server._process.pid]
    asked = "SELECT pid FROM pg_stat_activity WHERE datname = ? AND application_name = 'reconciler'"
    return [row[0] for row in served.sql(asked, served.place.name)]


def test_a_slow_answer_that_keeps_coming_is_waited_for(served: ServerEsp) -> None:
    """The limit is on silence: here together the rows take longer than it."""
    if isinstance(served.place.server, PostgreSQL):
        slow = "SELECT repeat('x', 100000), pg_sleep(0.05) FROM generate_series(1, 60)"
    else:
        slow = "SELECT repeat('x', 100000), sleep(0.05) FROM seq_1_to_60"
    with target(served).reader() as reader:
        assert len(reader.session.execute(sa.text(slow)).all()) == 60
