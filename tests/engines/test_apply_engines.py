"""An apply on every engine: all or nothing, again after a deadlock, and never twice."""

from __future__ import annotations

import re
import sqlite3
import threading

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from reconciler.database import ForeignKey, foreign_keys
from reconciler.model.errors import Lost, Orphaned, Refused, Retry, Unknown
from reconciler.workflow import doctor, history
from reconciler.workflow.plan import PlanRequest
from tests.support.engines import Rival
from tests.support.esp import BURY_LEGACY, FILES, MUCH, RUNS, Esp, changed, through_a_file
from tests.support.esp_on_servers import ServerEsp
from tests.support.faults import Moments, watched

HISTORY = RUNS | {"reconciler_change", "reconciler_managed"}


def engine_of(esp: Esp) -> str:
    return esp.place.engine if isinstance(esp, ServerEsp) else "sqlite"


def outcomes(esp: Esp) -> list[str]:
    """Of all runs but the one that made the ESP."""
    with esp.site().target.reader() as reader:
        rows = esp.site().memory.runs(reader.session, "shop", 99)
    found = [row.outcome for row in rows]
    found.remove("done")
    return sorted(found)


@pytest.mark.every_run
def test_one_of_everything_and_the_plan_is_empty(each: Esp) -> None:
    each.declare(changed(FILES, MUCH))
    plan = through_a_file(each.plan())
    outcome = each.apply(plan)
    assert outcome.done == plan.changes
    after = each.plan()
    assert (after.changes, after.remember, after.drop) == ((), (), ())
    before = each.dump(HISTORY)
    assert len(each.apply(plan).already) == len(plan.changes) - 1  # to forget is done again
    assert each.dump(HISTORY) == before


def test_what_is_in_use_is_not_deleted(each: Esp) -> None:
    each.declare(changed(FILES, {"package": {"Legacy": None}, "tenant": {"old@corp.example": {"package": "Growth"}}}))
    before = each.dump()
    plan = each.plan()
    assert {finding.code for finding in plan.blocked} == {"in-use"}
    with pytest.raises(Refused):
        each.apply(plan)
    assert each.dump() == before


def test_users_are_moved_and_then_it_goes(each: Esp) -> None:
    each.declare(changed(FILES, BURY_LEGACY))
    each.apply()
    assert each.sql("SELECT count(*) FROM esp_package WHERE name = 'Legacy'") == [(0,)]
    assert each.sql("SELECT count(*) FROM esp_tenant WHERE package_id IS NULL") == [(0,)]


def test_who_comes_after_the_plan_is_counted_by_the_apply(each: Esp) -> None:
    """The plan saw an empty package; the database would refuse too."""
    each.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = each.plan()
    assert not plan.blocked
    each.sql("UPDATE esp_tenant SET package_id = ? WHERE email = 'solo@free.example'", package_id(each, "Trial"))
    before = each.dump()
    with pytest.raises(Refused) as refused:
        each.apply(plan)
    assert {finding.code for finding in refused.value.findings} == {"in-use"}
    assert each.dump() == before


def package_id(esp: Esp, name: str) -> int:
    return int(esp.sql("SELECT id FROM esp_package WHERE name = ?", name)[0][0])


def moments(esp: Esp) -> Moments:
    """What an apply of everything says to the database, seen on a copy."""
    copy = esp.copy(esp.folder.with_name("seen"))
    plan = copy.plan()
    with watched(Moments()) as seen:
        copy.apply(plan)
    return seen


def given_up(esp: Esp, *, lost: bool = False) -> Exception:
    """As SQLAlchemy tells of a transaction that is gone for another one's sake, or of a connection that is no more."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"
    said = {
        "sqlite": busy,
        "postgresql": psycopg.errors.DeadlockDetected("deadlock detected"),
        "mariadb": pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock"),
    }
    return sa.exc.OperationalError("", {}, said[engine_of(esp)], connection_invalidated=lost)


class Once:
    """Raises what the driver would, `times` times."""

    def __init__(self, error: Exception, times: int = 1) -> None:
        self.error, self.times = error, times

    def __call__(self) -> None:
        if self.times:
            self.times -= 1
            raise self.error


@pytest.mark.parametrize("part", [0.1, 0.5, 1.0], ids=["early", "at a write", "at the COMMIT"])
def test_a_transaction_that_was_given_up_is_done_again_whole(each: Esp, part: float) -> None:
    each.declare(changed(FILES, MUCH))
    writes = moments(each).writes()
    plan = each.plan()
    phases: list[str] = []
    number = writes[round((len(writes) - 1) * part)]
    with watched(Moments(at=number, stop=Once(given_up(each)))):
        outcome = each.apply(plan, progress=phases.append)
    assert outcome.done == plan.changes
    assert [phase for phase in phases if phase.startswith("starting over")] == ["starting over, try 2 of 5"]
    assert not each.plan().changes
    assert outcomes(each) == ["done"]


def test_after_five_times_it_is_told_and_nothing_is_changed(each: Esp, monkeypatch: pytest.MonkeyPatch) -> None:
    each.declare(changed(FILES, MUCH))
    plan, before = each.plan(), each.dump()
    error = given_up(each)

    def stop(number: int, after: bool) -> None:
        if not after and tried.seen[-1].startswith("UPDATE esp_"):
            raise error

    tried = Moments(look=stop)
    monkeypatch.setattr("reconciler.workflow.apply.LONGEST_WAIT", 0.02)
    with watched(tried), pytest.raises(Retry) as caught:
        each.apply(plan)
    assert caught.value.exit_code == 1
    assert caught.value.remedy == "run again"
    assert re.search(r"; gave up after 5 tries in [0-9.]+ s$", caught.value.message)
    assert each.dump() == before
    assert outcomes(each) == ["failed"]


@pytest.mark.every_run
@pytest.mark.parametrize("arrived", [True, False])
def test_the_answer_to_the_commit_is_lost(each: Esp, arrived: bool) -> None:
    """It is asked what became of the run: done, it is not done again; not done, it is done once."""
    each.declare(changed(FILES, MUCH))
    last = len(moments(each).seen)
    plan = each.plan()
    phases: list[str] = []
    with watched(Moments(at=last, after=arrived, stop=Once(given_up(each, lost=True)))):
        outcome = each.apply(plan, progress=phases.append)
    assert outcome.done == plan.changes
    assert any("asking what became of it" in phase for phase in phases)
    assert any("starting over" in phase for phase in phases) is not arrived
    assert not each.plan().changes
    assert outcomes(each) == ["done"]


def test_nobody_tells_what_became_of_it(each: Esp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6: the system is not there any more."""
    monkeypatch.setattr("reconciler.workflow.apply.ASKING", 1)
    each.declare(changed(FILES, MUCH))
    last = len(moments(each).seen)
    plan = each.plan()

    def look(number: int, after: bool) -> None:
        if number > last or (number, after) == (last, True):
            raise given_up(each, lost=True)

    with watched(Moments(look=look)), pytest.raises(Unknown) as caught:
        each.apply(plan)
    assert caught.value.exit_code == 6
    assert "whether run" in caught.value.message
    assert not each.plan().changes


def test_a_connection_that_is_lost_before_the_commit_changes_nothing(served: ServerEsp) -> None:
    served.declare(changed(FILES, MUCH))
    writes = moments(served).writes()
    plan, before = served.plan(), served.dump()

    def end() -> None:
        if engine_of(served) == "postgresql":
            served.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reconciler'")
        else:
            for (number,) in served.sql("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx"):
                served.sql(f"KILL {number}")

    with watched(Moments(at=writes[len(writes) // 2], stop=end)), pytest.raises(Lost) as caught:
        served.apply(plan)
    assert caught.value.exit_code == 1
    assert served.dump() == before
    assert outcomes(served) == ["failed"]
    served.apply(plan)
    assert not served.plan().changes


@pytest.mark.every_run
def test_two_who_wait_for_each_other(served: ServerEsp) -> None:
    """A real deadlock: the application holds what we need, and then wants what we hold. We give way and begin again."""
    limits = {"Growth": {"sending.daily_limit": 1}, "Trial": {"sending.daily_limit": 2}}
    served.declare(changed(FILES, {"package": limits}))
    plan, phases = served.plan(), list[str]()
    lock = "UPDATE esp_package SET commercial_credits = commercial_credits WHERE name = ?"
    with served.place.session() as rival:
        weigh_more(served, rival)
        rival.execute(lock, ("Trial",))

        def crosses() -> None:
            served.place.wait_for_blocked()  # ours has Growth, and waits for Trial
            rival.execute(lock, ("Growth",))
            rival.commit()

        crossing = threading.Thread(target=crosses)
        crossing.start()
        served.apply(plan, patience=20, progress=phases.append)
        crossing.join()
    assert "starting over, try 2 of 5" in phases
    assert not served.plan().changes
    assert outcomes(served) == ["done"]


def weigh_more(esp: ServerEsp, rival: Rival) -> None:
    """So that the engine ends ours, not the other."""
    if engine_of(esp) == "postgresql":
        rival.execute("SET deadlock_timeout = '20s'")
    else:
        for number in range(200):
            rival.execute("INSERT INTO esp_permission (name) VALUES (?)", (f"heavy {number}",))


def test_a_rehearsal_does_all_of_it_and_keeps_nothing(each: Esp) -> None:
    each.declare(changed(FILES, MUCH))
    before = each.dump()
    said = dict(doctor.rehearsal(each.site(), lambda phase: None))
    assert said == {"rehearsal": "12 changes written, read back and rolled back"}
    assert each.dump() == before
    assert outcomes(each) == ["rehearsed"]


def test_a_rehearsal_finds_what_an_apply_would(each: Esp) -> None:
    each.declare(changed(FILES, {"package": {"Legacy": None}, "tenant": {"old@corp.example": {"package": "Growth"}}}))
    before = each.dump(frozenset())
    with pytest.raises(Refused, match="nothing was rehearsed"):
        list(doctor.rehearsal(each.site(), lambda phase: None))
    assert each.dump(frozenset()) == before


@pytest.mark.every_run
def test_users_who_come_while_nothing_guards_are_told_and_brought_back(served: ServerEsp) -> None:
    """Class C, allowed by name: the application assigns between our count and our COMMIT. Exit 6; `revert` heals."""
    (link,) = (found for found in links(served) if (found.table, found.column) == ("esp_tenant", "package_id"))
    word = {"postgresql": "CONSTRAINT", "mariadb": "FOREIGN KEY"}[engine_of(served)]
    served.place.sql(f"ALTER TABLE esp_tenant DROP {word} {link.name}")
    served.declare(changed(FILES, {"package": {"Trial": None}}))
    assert {finding.code for finding in served.plan().blocked} == {"unguarded"}
    plan, trial = served.plan("unguarded"), package_id(served, "Trial")

    def assign(number: int, after: bool) -> None:
        if not after and seen.seen[-1].startswith("DELETE FROM esp_package "):
            served.sql("UPDATE esp_tenant SET package_id = ? WHERE email = 'solo@free.example'", trial)

    seen = Moments(look=assign)
    with watched(seen), pytest.raises(Orphaned) as caught:
        served.apply(plan)
    assert caught.value.exit_code == 6
    (finding,) = caught.value.findings
    assert (str(finding.ref), finding.message) == (
        "tenant/solo@free.example",
        "refers to package/Trial, which is deleted",
    )
    run = caught.value.remedy.split("`")[1].split()[-1]
    back = history.reverted(served.site(), run, PlanRequest(), lambda phase: None)
    served.apply(back)
    assert package_id(served, "Trial") == trial
    served.place.sql(
        f"ALTER TABLE esp_tenant ADD CONSTRAINT {link.name} FOREIGN KEY (package_id) "
        "REFERENCES esp_package (id) ON DELETE RESTRICT"
    )


def links(esp: Esp) -> tuple[ForeignKey, ...]:
    with esp.site().target.reader() as reader:
        return foreign_keys(reader.session)
