"""What a revert does with what was changed since, with memory of later runs, and with history that says too little."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.model.change import Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.errors import Refused
from reconciler.model.finding import Severity
from reconciler.model.plan import Allowance, Plan
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.esp import BURY_LEGACY, FILES, MUCH, Dump, Esp, changed, quiet, through_a_file

RAISED = {"package": {"Growth": {"sending.daily_limit": 30_000}}}


def back(esp: Esp, run: str, *allowed: str, only: tuple[str, ...] = ()) -> Plan:
    lifted = tuple(Allowance(code=code, reason="a test") for code in allowed)
    return history.reverted(esp.site(), run, PlanRequest(only=only, allowances=lifted), quiet)


def applied(esp: Esp, *changes: Any) -> str:
    """Apply FILES with these changes; the run."""
    files: Any = FILES
    for change in changes:
        files = changed(files, change)
    esp.declare(files)
    return esp.apply(esp.plan()).run.id


def codes(plan: Plan, *severities: Severity) -> set[tuple[str, str]]:
    wanted = severities or (Severity.ERROR, Severity.LEFT_OUT, Severity.WARNING)
    return {(f.code, str(f.ref)) for f in plan.findings if f.severity in wanted}


def esp_rows(esp: Esp) -> Dump:
    return {name: rows for name, rows in esp.dump().items() if name.startswith("esp_")}


def memory(esp: Esp) -> list[tuple[Any, ...]]:
    return [row[1:5] for row in esp.dump()["reconciler_managed"]]


def test_everything_at_once_and_back(each: Esp) -> None:
    rows, known = esp_rows(each), memory(each)
    run = applied(each, MUCH)
    plan = back(each, run, "too-much")
    assert {type(change) for change in plan.changes} == {Create, Delete, Forget, Reassign, Rename, Update}
    assert codes(plan) == {("in-use", "package/Scale")}  # the account that the run created is on it
    with pytest.raises(Refused):
        each.apply(plan)
    each.sql("UPDATE esp_tenant SET package_id = NULL WHERE email = 'new@gamma.example'")
    each.apply(through_a_file(back(each, run, "too-much")))
    now = esp_rows(each)
    now["esp_tenant"] = [row for row in now["esp_tenant"] if row[1] != "new@gamma.example"]
    now["esp_tenant_override"] = [row for row in now["esp_tenant_override"] if set(row[1:]) != {None}]
    assert now == rows
    assert memory(each) == known


@pytest.mark.every_run
def test_those_who_were_moved_go_back_and_nobody_else(each: Esp) -> None:
    run = applied(each, BURY_LEGACY)
    each.sql("UPDATE esp_tenant SET package_id = NULL WHERE email = 'late@free.example'")
    each.sql(
        "INSERT INTO esp_tenant (email, package_id) SELECT 'fresh@free.example', id FROM esp_package "
        "WHERE name = 'Starter Plan'"
    )
    plan = back(each, run)
    (move,) = (change for change in plan.changes if isinstance(change, Reassign))
    assert (str(move.ref), move.to, move.expected) == ("package/Starter Plan", "Legacy", 2)
    assert move.members == {"tenant": ("gone@free.example", "sub@acme.example")}
    assert codes(plan) == {("moved-on", "package/Legacy")}
    outcome = each.apply(through_a_file(plan))
    assert sum(outcome.moved.values()) == 2
    on = each.sql(
        "SELECT t.email, p.name FROM esp_tenant t LEFT JOIN esp_package p ON p.id = t.package_id ORDER BY t.email"
    )
    assert dict(on) == {
        "crm@beta.example": "Starter Plan",
        "fresh@free.example": "Starter Plan",
        "gone@free.example": "Legacy",
        "late@free.example": None,
        "old@corp.example": "Legacy",
        "ops@acme.example": "Growth",
        "solo@free.example": "Growth",
        "sub@acme.example": "Legacy",
    }


def test_history_that_does_not_say_who_was_moved(esp: Esp) -> None:
    run = applied(esp, BURY_LEGACY)
    esp.sql("UPDATE reconciler_change SET raw = NULL WHERE action = 'reassign'")
    plan = back(esp, run)
    assert codes(plan) == {("not-revertible", "package/Legacy")}
    assert not any(isinstance(change, Reassign) for change in plan.changes)


def test_a_deleted_object_comes_back_with_a_new_id_where_the_old_one_is_taken(esp: Esp) -> None:
    (old,) = esp.sql("SELECT id, created_at FROM esp_package WHERE name = 'Trial'")
    run = applied(esp, {"package": {"Trial": None}})
    esp.sql("INSERT INTO esp_package (id, name) VALUES (?, 'In its place')", old[0])
    esp.sql("UPDATE reconciler_change SET raw = json_set(raw, '$.esp_package[0].gone_column', 1) WHERE key = 'Trial'")
    esp.apply(through_a_file(back(esp, run)))
    (new,) = esp.sql("SELECT id, created_at FROM esp_package WHERE name = 'Trial'")
    assert new[0] != old[0]
    assert new[1] == old[1]
    assert esp.sql("SELECT name, value FROM esp_package_options WHERE package_id = ?", new[0]) == [("trial.days", "14")]


def test_bytes_and_fractions_that_a_hand_left_come_back(esp: Esp) -> None:
    with esp.hand() as connection:
        connection.execute("ALTER TABLE esp_package ADD COLUMN blob BLOB")
        connection.execute("ALTER TABLE esp_package ADD COLUMN share REAL")
        connection.execute("ALTER TABLE esp_package ADD COLUMN twice INTEGER GENERATED ALWAYS AS (id * 2)")
        connection.execute("UPDATE esp_package SET blob = x'ff00', share = 0.1 WHERE name = 'Trial'")
    rows = esp_rows(esp)
    run = applied(esp, {"package": {"Trial": None}})
    esp.apply(through_a_file(back(esp, run)))
    assert esp_rows(esp) == rows


def test_history_without_raw_rows_restores_what_fields_say(esp: Esp) -> None:
    run = applied(esp, {"package": {"Trial": None}})
    esp.sql("UPDATE reconciler_change SET raw = '[1]' WHERE action = 'delete'")
    esp.apply(through_a_file(back(esp, run)))
    assert esp.sql("SELECT sending_daily_limit FROM esp_package WHERE name = 'Trial'") == [(100,)]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE esp_package SET sending_daily_limit = 7 WHERE name = 'Growth'", "live now 7"),
        ("UPDATE esp_package SET name = 'Other' WHERE name = 'Growth'", "not live any more"),
    ],
)
def test_an_update_that_was_changed_since_is_left(esp: Esp, statement: str, says: str) -> None:
    run = applied(esp, RAISED)
    esp.sql(statement)
    plan = back(esp, run)
    assert (plan.changes, plan.remember, plan.drop) == ((), (), ())
    (finding,) = plan.findings
    assert (finding.code, finding.severity) == ("moved-on", Severity.LEFT_OUT)
    assert says in finding.message


def test_what_was_put_back_by_hand_is_back_and_memory_follows(esp: Esp) -> None:
    known = memory(esp)
    run = applied(esp, RAISED)
    esp.sql("UPDATE esp_package SET sending_daily_limit = 25000 WHERE name = 'Growth'")
    plan = back(esp, run)
    assert plan.changes == ()
    esp.apply(plan)
    assert memory(esp) == known


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("UPDATE esp_package SET setup_guide = 0 WHERE name = 'Scale'", True),
        ("DELETE FROM esp_package WHERE name = 'Scale'", False),
    ],
)
def test_a_created_object_that_was_changed_or_deleted_since(esp: Esp, statement: str, left: bool) -> None:
    run = applied(esp, {"package": {"Scale": {"role": "Marketing"}}})
    esp.sql(statement)
    plan = back(esp, run)
    assert plan.changes == ()
    assert (codes(plan) == {("moved-on", "package/Scale")}) is left
    assert len(plan.drop) == (0 if left else 1)


@pytest.mark.parametrize(("name", "limit"), [("Trial", 100), ("Trial", 5), ("TRIAL", 100)])
def test_a_deleted_object_that_is_live_again(esp: Esp, name: str, limit: int) -> None:
    run = applied(esp, {"package": {"Trial": None}})
    esp.sql(
        "INSERT INTO esp_package (name, role_id, sending_daily_limit) SELECT ?, id, ? FROM esp_role "
        "WHERE name = 'Support'", name, limit
    )  # fmt: skip
    esp.sql("INSERT INTO esp_package_options SELECT id, 'trial.days', '14' FROM esp_package WHERE name = ?", name)
    plan = back(esp, run)
    assert plan.changes == ()
    assert (("moved-on", "package/Trial") in codes(plan)) is ((name, limit) != ("Trial", 100))


def test_a_rename_whose_names_have_moved_on(esp: Esp) -> None:
    run = applied(esp, {"role": {"Support": None, "Help": {"previously": ["Support"], "permissions": []}},
                        "package": {"Legacy": {"role": "Help"}, "Trial": {"role": "Help"}}})  # fmt: skip
    known = memory(esp)
    esp.sql("INSERT INTO esp_role (name) VALUES ('Support')")
    plan = back(esp, run)
    assert {type(change) for change in plan.changes} == {Update}
    assert codes(plan) == {("moved-on", "role/Help")}
    assert "is live too" in next(f.message for f in plan.findings if f.code == "moved-on")
    esp.sql("DELETE FROM esp_role WHERE name = 'Support'")
    esp.sql("UPDATE esp_role SET name = 'Third' WHERE name = 'Help'")
    plan = back(esp, run)
    assert plan.changes == ()
    assert {ref.kind for ref in plan.drop} <= {"role"}
    assert memory(esp) == known


def test_what_a_later_run_remembers_stays_but_for_the_fields_of_the_run(esp: Esp) -> None:
    run = applied(esp, RAISED, {"tenant": {"new@gamma.example": {"package": "Growth"}}})
    later = changed(RAISED | {"tenant": {"new@gamma.example": {"package": "Growth", "status": "suspended"}}}, {})
    applied(esp, later, {"package": {"Growth": {"limits.contacts": 60_000}}})
    plan = back(esp, run)
    assert [str(change.ref) for change in plan.changes] == ["package/Growth"]
    assert ("moved-on", "tenant/new@gamma.example") in codes(plan)
    esp.apply(plan)
    stated = {key: json.loads(text) for kind, key, text, _ in memory(esp) if kind in ("package", "tenant")}
    assert stated["Growth"] == {"limits.contacts": 60_000, "role": "Marketing", "sending.daily_limit": 25_000}
    assert stated["new@gamma.example"]["status"] == "suspended"
    (update,) = esp.plan().changes
    assert isinstance(update, Update)
    assert update.cause == "change"  # git moved, not the database


def test_what_a_later_run_forgot_stays_forgotten(esp: Esp) -> None:
    run = applied(esp, {"tenant": {"crm@beta.example": {"name": "Beta Ltd"}}})
    applied(esp, {"tenant": {"crm@beta.example": None}})
    plan = back(esp, run)
    assert [str(change.ref) for change in plan.changes] == ["tenant/crm@beta.example"]
    assert plan.remember == ()


def test_a_forgotten_tenant_is_remembered_again(esp: Esp) -> None:
    known = memory(esp)
    run = applied(esp, {"tenant": {"crm@beta.example": None}})
    plan = back(esp, run)
    assert plan.changes == ()
    assert plan.counts.adopted == 1
    esp.apply(through_a_file(plan))
    assert memory(esp) == known


def test_only_some_objects_are_taken_back(esp: Esp) -> None:
    run = applied(esp, RAISED, {"package": {"Trial": {"sending.daily_limit": 200}}})
    plan = back(esp, run, only=("package/Tr*",))
    assert [str(change.ref) for change in plan.changes] == ["package/Trial"]
    assert [memo.ref.key for memo in plan.remember] == ["Trial"]


def test_what_is_not_ours_any_more_is_left(esp: Esp) -> None:
    run = applied(esp, RAISED, {"package": {"Trial": {"sending.daily_limit": 200}}})
    esp.sql("UPDATE reconciler_managed SET project = 'other' WHERE key = 'Growth'")
    esp.settings("hands_off: ['package/Tri*']")
    plan = back(esp, run)
    assert (plan.changes, plan.remember, plan.drop) == ((), (), ())
    assert codes(plan) == {("foreign", "package/Growth"), ("hands-off", "package/Trial")}


def test_what_it_would_name_must_be_there(esp: Esp) -> None:
    run = applied(esp, {"package": {"Legacy": {"role": "Marketing", "assets.sending_nodes": "off"}}},
                  {"package": {"Trial": {"role": "Marketing"}}}, {"role": {"Support": None}})  # fmt: skip
    esp.sql("DELETE FROM esp_sending_node WHERE name = 'smtp-eu-1'")
    plan = back(esp, run, only=("package/*",))
    assert {(f.code, str(f.ref), f.field) for f in plan.blocked} == {
        ("dangling", "package/Legacy", "role"),
        ("dangling", "package/Trial", "role"),
        ("no-match", "package/Legacy", "assets.sending_nodes"),
    }


def test_the_place_of_moved_users_must_be_there(esp: Esp) -> None:
    run = applied(esp, BURY_LEGACY)
    esp.sql("UPDATE reconciler_change SET action = 'other' WHERE action = 'delete'")
    plan = back(esp, run)
    assert ("dangling", "package/Starter Plan") in codes(plan, Severity.ERROR)


def test_what_no_revert_brings_back_is_said_in_the_plan_itself(esp: Esp) -> None:
    with esp.hand() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE esp_package SET role_id = 99 WHERE name = 'Growth'")
        connection.execute("UPDATE esp_package_assets_sending_nodes SET sending_node_id = 98")
    esp.declare(
        changed(FILES, {"package": {"Legacy": {"assets.sending_nodes": "off"}},
                        "tenant": {"a@x.example": {"package": "Growth"}, "b@x.example": {"package": "Growth"}}})
    )  # fmt: skip
    notes = [f for f in esp.plan().findings if f.code == "not-revertible"]
    assert {(str(f.ref), f.field) for f in notes} == {
        ("None", ""),
        ("package/Growth", "role"),
        ("package/Legacy", "assets.sending_nodes"),
    }
    assert any("new tenant: 2" in f.message for f in notes)
    assert all(f.severity is Severity.NOTE for f in notes)


def test_a_run_of_another_kind_is_an_empty_revert(esp: Esp) -> None:
    run = applied(esp)
    plan = back(esp, run)
    assert (plan.changes, plan.remember, plan.drop, plan.findings) == ((), (), (), ())


def test_spoiled_history_is_no_crash(esp: Esp) -> None:
    run = applied(esp, MUCH)
    esp.sql("UPDATE reconciler_change SET before = '{', after = '[1, 2]', raw = 'x' WHERE run = ?", run)
    plan = back(esp, run, "too-much", "empty")
    assert not any(isinstance(change, Update | Create | Reassign) for change in plan.changes)
    row, entries = history.show_run(esp.site(), run)
    assert row.changes == len([entry for entry in entries if entry.action != "memory"])
