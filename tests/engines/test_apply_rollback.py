"""An apply that does not come to its end has done nothing (docs/rules.md#rule-30 to #rule-33, #rule-38), on real
SQLite."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time

import pytest

from reconciler.engine.apply import Apply
from reconciler.model.errors import Locked, TargetError
from reconciler.workflow.plan import applied, new_run, new_run_of
from tests.support.esp import FILES, MUCH, Esp, changed, last_outcome, nothing_changes, quiet

RAISED = {"package": {"Growth": {"sending.daily_limit": 30_000}}}


# ── the lock ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_holds_the_lock_is_named(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan, site = esp.plan(), esp.site()
    first = new_run(site.project, command="apply")
    with site.target.writer() as writer, nothing_changes(esp):
        site.memory.announce(writer.session, first)
        writer.begin()
        site.memory.lock(writer.session, first)
        with pytest.raises(Locked, match=f"run {first.id}") as raised:
            esp.apply(plan)
        writer.rollback()
    assert raised.value.exit_code == 5
    assert first.host in raised.value.message


def test_a_stranger_who_holds_the_lock_is_waited_for(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    with esp.hand() as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked) as raised:
            esp.apply(plan)
        connection.rollback()
    assert "run" not in raised.value.message.partition(":")[2]
    assert len(esp.apply(plan).done) == 1


def test_one_that_waits_long_enough_gets_its_turn_and_sees_the_other_one(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    held, outcomes = threading.Event(), []

    def slowly(phase: str) -> None:
        if phase == "committing":
            held.set()
            time.sleep(0.3)

    def second() -> None:
        held.wait(10)
        outcomes.append(applied(esp.site(patience=10), plan, quiet))

    waiting = threading.Thread(target=second)
    waiting.start()
    first = esp.apply(plan, progress=slowly)
    waiting.join(20)
    assert len(first.done) == 1
    assert outcomes[0].already == plan.changes
    assert esp.sql("SELECT outcome FROM reconciler_run WHERE id IN (?, ?)", first.run.id, outcomes[0].run.id) == [
        ("done",),
        ("done",),
    ]


def test_planning_goes_on_while_another_applies(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    seen = []

    def look(phase: str) -> None:
        if phase == "committing":
            seen.append(esp.plan().changes)

    plan = esp.plan()
    esp.apply(plan, progress=look)
    assert seen == [plan.changes]


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("phase", ["proving that nothing moved", "writing", "reading back", "committing"])
def test_an_interrupt_rolls_back(esp: Esp, phase: str) -> None:
    esp.declare(changed(FILES, MUCH))
    plan = esp.plan()

    def at(now: str) -> None:
        if now == phase:
            signal.raise_signal(signal.SIGINT)

    with nothing_changes(esp), pytest.raises(KeyboardInterrupt):
        esp.apply(plan, progress=at)
    assert last_outcome(esp) == "failed"
    assert len(esp.apply(plan).done) == len(plan.changes)


def test_too_long_under_the_lock_rolls_back(esp: Esp) -> None:
    esp.settings("safety: {block: [], max_lock_time: 2 s}")
    esp.declare(changed(FILES, MUCH))
    plan, site = esp.plan(), esp.site()
    ticks = iter(range(100))
    with nothing_changes(esp), site.target.writer() as writer, pytest.raises(TargetError, match="max_lock_time"):
        Apply(
            plan=plan,
            writer=writer,
            memory=site.memory,
            run=new_run_of(site, plan),
            vocabulary=site.vocabulary,
            progress=lambda phase: None,
            clock=lambda: next(ticks) * 1.5,
        ).apply()
    assert last_outcome(esp) == "failed"


# ── what the system does with what is written ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        (
            "AFTER UPDATE OF sending_daily_limit ON esp_package WHEN new.sending_daily_limit > 29000 "
            "BEGIN UPDATE esp_package SET sending_daily_limit = 29000 WHERE id = new.id; END",
            "sending.daily_limit",
        ),
        (
            "AFTER INSERT ON esp_package_headers BEGIN DELETE FROM esp_package_headers "
            "WHERE package_id = new.package_id AND name = new.name; END",
            "headers",
        ),
        (
            "AFTER INSERT ON esp_role WHEN new.name = 'Analyst' "
            "BEGIN UPDATE esp_role SET description = substr(new.description, 1, 3) WHERE id = new.id; END",
            "description",
        ),
    ],
)
def test_what_the_system_does_not_keep_is_rolled_back(esp: Esp, trigger: str, field: str) -> None:
    esp.sql(f"CREATE TRIGGER meddling {trigger}")
    esp.declare(changed(FILES, MUCH))
    plan = esp.plan()
    with nothing_changes(esp), pytest.raises(TargetError, match="did not keep") as raised:
        esp.apply(plan)
    assert [(finding.code, finding.field) for finding in raised.value.findings] == [("not-held", field)]
    esp.sql("DROP TRIGGER meddling")
    esp.apply(plan)


def test_a_trigger_that_saves_a_victim_is_noticed(esp: Esp) -> None:
    esp.sql("CREATE TRIGGER saving BEFORE DELETE ON esp_package BEGIN SELECT RAISE(IGNORE); END")
    esp.declare(changed(FILES, MUCH))
    with nothing_changes(esp), pytest.raises(TargetError) as raised:
        esp.apply()
    assert {(f.code, str(f.ref)) for f in raised.value.findings} == {
        ("not-held", "package/Legacy"),
        ("not-held", "package/Trial"),
    }


def test_a_database_that_goes_away_is_no_traceback(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    esp.database.write_bytes(b"not a database")
    with pytest.raises(TargetError):
        esp.apply(plan)
    with pytest.raises(sqlite3.DatabaseError):
        esp.dump()
