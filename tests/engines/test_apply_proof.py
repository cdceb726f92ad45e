"""What apply proves before it writes: `before`, `already`, growth, instance, pause
(docs/rules.md#rule-18, #rule-30, #rule-36, #rule-38)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.change import Cause, Update
from reconciler.model.errors import Refused, Stale
from reconciler.model.finding import Finding
from reconciler.workflow import doctor, plan_file
from tests.support.esp import BURY_LEGACY, FILES, RUNS, Esp, changed, through_a_file

RAISED = {"package": {"Growth": {"sending.daily_limit": 30_000}}}
CHANGES = "reconciler_change WHERE key <> ''"
"""History without what it keeps of memory, which belongs to no single object."""

EVERYTHING = {
    "role": {"Marketing": {"description": "Sends more"}, "Analyst": {"permissions": ["reports.*"]}},
    "package": {
        "Growth": {"sending.daily_limit": 30_000, "headers": {"X-Tier": "growth"}, "quota.notify": True},
        "Starter": {"previously": ["Starter Plan"], "role": "Analyst", "assets.sending_nodes": ["smtp-us-1"]},
        "Starter Plan": None,
        "Legacy": {"lifecycle": "removed", "reassign_to": "Growth"},
        "Trial": None,
        "Scale": {"role": "Marketing", "quota.action": "move", "quota.move_to": "Growth"},
    },
    "tenant": {
        "ops@acme.example": {"overrides": {"limits": {"contacts": "unlimited"}}},
        "crm@beta.example": {"package": "Starter", "overrides": "none"},
        "old@corp.example": {"package": "none"},
        "new@gamma.example": {"name": "Gamma", "package": "Scale"},
    },
}


def refused(esp: Esp, error: type[Exception], act: Callable[[], object]) -> tuple[Finding, ...]:
    """The findings of a refusal that changed nothing."""
    before = esp.dump()
    with pytest.raises(error) as raised:
        act()
    assert esp.dump() == before
    return raised.value.findings


def test_a_relevant_hand_edit_makes_a_plan_stale_and_says_all_three_values(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    esp.sql("UPDATE esp_package SET sending_daily_limit = 26000 WHERE name = 'Growth'")
    (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
    assert finding.code == "stale"
    assert str(finding.ref) == "package/Growth"
    assert "planned from 25,000, live now 26,000, wanted 30,000" in finding.message
    assert esp.sql("SELECT outcome FROM reconciler_run ORDER BY rowid DESC LIMIT 1") == [("refused",)]


def test_a_stated_field_that_the_plan_leaves_alone_counts_too(esp: Esp) -> None:
    """`before` is all stated fields of the touched object, not only those that change."""
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    esp.sql("UPDATE esp_package SET limits_contacts = 1 WHERE name = 'Growth'")
    (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
    assert "limits.contacts: planned from 50,000, live now 1, wanted 50,000" in finding.message


def test_all_that_moved_is_listed_at_once(esp: Esp) -> None:
    esp.declare(changed(FILES, {**RAISED, "tenant": {"ops@acme.example": {"name": "Acme Ltd"}}}))
    plan = esp.plan()
    esp.sql("UPDATE esp_package SET sending_daily_limit = 7, limits_contacts = 8 WHERE name = 'Growth'")
    esp.sql("UPDATE esp_tenant SET name = 'ACME' WHERE email = 'ops@acme.example'")
    findings = refused(esp, Stale, lambda: esp.apply(plan))
    assert [str(finding.ref) for finding in findings] == ["package/Growth", "tenant/ops@acme.example"]
    assert "live now 7" in findings[0].message
    assert "live now 8" in findings[0].message


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO esp_tenant (email, package_id) SELECT 's@up.example', id FROM esp_package WHERE name = 'Growth'",
        "UPDATE esp_package SET setup_guide = 0 WHERE name = 'Growth'",  # nobody states it
        "UPDATE esp_package SET sending_daily_limit = 3 WHERE name = 'Trial'",  # not in the plan
        "UPDATE esp_tenant SET deleted_at = '2026-01-01' WHERE email = 'solo@free.example'",
        "UPDATE esp_usage SET sent_today = 20000",
    ],
)
def test_what_the_plan_does_not_touch_may_move(esp: Esp, statement: str) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    esp.sql(statement)
    assert len(esp.apply(plan).done) == 1
    assert esp.sql("SELECT sending_daily_limit FROM esp_package WHERE name = 'Growth'") == [(30_000,)]


def test_a_change_somebody_has_made_already_counts_as_done(esp: Esp) -> None:
    esp.declare(changed(FILES, {**RAISED, "tenant": {"ops@acme.example": {"name": "Acme Ltd"}}}))
    plan = esp.plan()
    esp.sql("UPDATE esp_package SET sending_daily_limit = 30000 WHERE name = 'Growth'")
    outcome = esp.apply(plan)
    assert [str(change.ref) for change in outcome.already] == ["package/Growth"]
    assert [str(change.ref) for change in outcome.done] == ["tenant/ops@acme.example"]
    assert esp.sql(f"SELECT key FROM {CHANGES} AND run = ?", outcome.run.id) == [("ops@acme.example",)]
    assert not esp.plan().changes


def test_a_plan_of_every_operation_applied_twice_is_applied_once(esp: Esp) -> None:
    esp.declare(changed(FILES, EVERYTHING))
    plan = through_a_file(esp.plan())
    assert {type(change).__name__ for change in plan.changes} == {"Rename", "Create", "Update", "Reassign", "Delete"}
    assert esp.apply(plan).done == plan.changes
    memory = "SELECT project, kind, key, stated, origin FROM reconciler_managed ORDER BY kind, key"
    live, managed, history = (
        RUNS | {"reconciler_managed", "reconciler_change"},
        esp.sql(memory),
        f"SELECT * FROM {CHANGES}",
    )
    before = esp.dump(live), esp.sql(history)
    again = esp.apply(plan)
    assert again.already == plan.changes
    assert again.done == ()
    assert (esp.dump(live), esp.sql(history)) == before
    assert esp.sql(memory) == managed
    assert len(managed) == sum(map(len, changed(FILES, EVERYTHING).values())) - 1
    assert not esp.plan().changes


def test_a_row_that_came_meanwhile_is_stale_unless_it_is_the_same(esp: Esp) -> None:
    esp.declare(changed(FILES, {"role": {"Analyst": {"description": "Reads"}}}))
    plan = esp.plan()
    esp.sql("INSERT INTO esp_role (name, description) VALUES ('Analyst', 'Writes')")
    (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
    assert "description: planned from nothing, live now Writes, wanted Reads" in finding.message
    esp.sql("UPDATE esp_role SET description = 'Reads' WHERE name = 'Analyst'")
    assert esp.apply(plan).already == plan.changes


def test_a_victim_that_was_changed_is_stale_and_one_that_is_gone_is_done(esp: Esp) -> None:
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    esp.sql("UPDATE esp_package SET sending_daily_limit = 1000000 WHERE name = 'Trial'")
    (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
    assert "planned from 100, live now 1,000,000, wanted deleted" in finding.message
    esp.sql("DELETE FROM esp_package WHERE name = 'Trial'")
    assert esp.apply(plan).already == plan.changes
    assert not esp.plan().changes


def test_a_touched_row_that_is_gone_is_stale(esp: Esp) -> None:
    esp.declare(changed(FILES, {"tenant": {"ops@acme.example": {"name": "Acme Ltd"}}}))
    plan = esp.plan()
    esp.sql("UPDATE esp_tenant SET deleted_at = '2026-01-01' WHERE email = 'ops@acme.example'")
    (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
    assert "not live any more" in finding.message


def test_a_rename_is_stale_when_both_names_are_live(esp: Esp) -> None:
    new = {"Starter Plan": None, "Starter": {**FILES["package"]["Starter Plan"], "previously": ["Starter Plan"]}}
    esp.declare(changed(FILES, {"package": new, "tenant": {"crm@beta.example": {"package": "Starter"}}}))
    plan = esp.plan()
    esp.sql("INSERT INTO esp_package (name) VALUES ('Starter')")
    assert any("both names are live" in finding.message for finding in refused(esp, Stale, lambda: esp.apply(plan)))
    esp.sql("DELETE FROM esp_package WHERE name = 'Starter'")
    ids = esp.sql("SELECT id FROM esp_package WHERE name = 'Starter Plan'")
    esp.apply(plan)
    assert esp.sql("SELECT id FROM esp_package WHERE name = 'Starter'") == ids


def sign_ups(esp: Esp, count: int) -> None:
    with esp.hand() as connection:
        (legacy,) = connection.execute("SELECT id FROM esp_package WHERE name = 'Legacy'").fetchone()
        rows = [(f"{number}@late.example", legacy) for number in range(count)]
        connection.executemany("INSERT INTO esp_tenant (email, package_id) VALUES (?, ?)", rows)


@pytest.mark.parametrize(("more", "moved"), [(0, 40), (4, 44), (5, None)])
def test_a_move_may_grow_by_a_tenth_and_no_more(esp: Esp, more: int, moved: int | None) -> None:
    sign_ups(esp, 37)  # with Late, Sub and Gone: 40
    esp.declare(changed(FILES, BURY_LEGACY))
    plan = esp.plan()
    with esp.hand() as connection:
        connection.executemany(
            "INSERT INTO esp_tenant (email, package_id) SELECT ?, id FROM esp_package WHERE name = 'Legacy'",
            [(f"{number}@rush.example",) for number in range(more)],
        )
    if moved is None:
        (finding,) = refused(esp, Stale, lambda: esp.apply(plan))
        assert "45 users would be moved, the plan saw 40" in finding.message
        return
    outcome = esp.apply(plan)
    assert list(outcome.moved.values()) == [moved]
    counted = (
        "SELECT count(*) FROM esp_tenant t JOIN esp_package p ON p.id = t.package_id WHERE p.name = 'Starter Plan'"
    )
    assert esp.sql(counted) == [(moved + 2,)]  # Beta was there, Corp is moved by its own line


def test_a_paused_project_refuses_and_another_one_does_not(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    doctor.pause(esp.site(), "freeze until Monday")
    before = esp.dump()
    with pytest.raises(Refused, match="freeze until Monday") as raised:
        esp.apply(plan)
    assert raised.value.exit_code == 3
    assert esp.dump() == before
    assert doctor.resume(esp.site())
    assert len(esp.apply(plan).done) == 1


def test_a_plan_of_another_database_is_stale(esp: Esp, tmp_path: Path) -> None:
    esp.declare(changed(FILES, RAISED))
    plan = esp.plan()
    other = esp.copy(tmp_path / "other")
    other.sql("UPDATE reconciler_meta SET instance = 'f00'")
    before = other.dump()
    with pytest.raises(Stale, match="another database") as raised:
        other.apply(plan)
    assert raised.value.exit_code == 4
    with pytest.raises(Stale, match="does not belong here"):
        plan_file.check_plan(other.site(), plan)
    assert other.dump() == before


def test_a_blocked_plan_announces_nothing(esp: Esp) -> None:
    esp.declare(changed(FILES, {"package": {"Legacy": None}, "tenant": {"old@corp.example": None}}))
    plan = esp.plan()
    assert [finding.code for finding in plan.blocked] == ["in-use"]
    before = esp.dump(frozenset())
    with pytest.raises(Refused):
        esp.apply(plan)
    assert esp.dump(frozenset()) == before


def test_what_is_deleted_is_kept_whole(esp: Esp) -> None:
    esp.sql("ALTER TABLE esp_package ADD COLUMN colour TEXT")  # a column that we know nothing of
    esp.sql("UPDATE esp_package SET colour = 'red' WHERE name = 'Trial'")
    with esp.hand() as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM esp_package WHERE name = 'Trial'").fetchone())
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    run = esp.apply().run.id
    ((action, before, after, raw),) = esp.sql(f"SELECT action, before, after, raw FROM {CHANGES} AND run = ?", run)
    assert (action, after) == ("delete", None)
    assert json.loads(before)["sending.daily_limit"] == 100
    kept = json.loads(raw)
    assert kept["esp_package"] == [row]
    assert kept["esp_package_options"] == [{"package_id": row["id"], "name": "trial.days", "value": "14"}]
    assert esp.sql("SELECT count(*) FROM esp_package_options") == [(0,)]


def test_every_operation_leaves_its_change_in_history(esp: Esp) -> None:
    esp.declare(changed(FILES, EVERYTHING))
    plan = esp.plan()
    run = esp.apply(plan).run.id
    rows = esp.sql(f"SELECT seq, kind, key, action FROM {CHANGES} AND run = ? ORDER BY seq", run)
    assert [seq for seq, *_ in rows] == list(range(1, len(plan.changes) + 1))
    expected = [(change.ref.kind, change.ref.key, type(change).__name__.lower()) for change in plan.changes]
    assert [tuple(rest) for _, *rest in rows] == expected
    assert esp.sql("SELECT outcome, finished IS NULL FROM reconciler_run WHERE id = ?", run) == [("done", 0)]


def test_a_conflict_is_written_as_git_says(esp: Esp) -> None:
    esp.declare(changed(FILES, RAISED))
    esp.sql("UPDATE esp_package SET sending_daily_limit = 1 WHERE name = 'Growth'")
    (update,) = esp.plan().changes
    assert isinstance(update, Update)
    assert update.cause is Cause.CONFLICT
    esp.apply()
    assert esp.sql("SELECT sending_daily_limit FROM esp_package WHERE name = 'Growth'") == [(30_000,)]
