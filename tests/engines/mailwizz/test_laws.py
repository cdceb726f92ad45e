"""Apply, then plan is empty. Twice equals once. Export, then plan is empty. Apply, then revert equals before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model.plan import Plan
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.engines import ServerPlace
from tests.support.esp import quiet, through_a_file
from tests.support.mailwizz import Mailwizz, codes
from tests.support.mailwizz_filled import fill

CHANGED: dict[str, dict[str, dict[str, Any]]] = {
    "package": {
        "Starter": {"quota": {"emails": 2000, "action": "move", "move_to": "New"}, "sending.hourly_speed": 9},
        "Growth": {"assets.sending_nodes": ["spare.host"], "options": {"ext.crm.colour": "red", "ext.new": "yes"}},
        "Sparse": {"limits": {"contacts": 5}, "quota.notify_message": "two\nlines"},
        "New": {"quota.emails": 7},
        "Espresso": {"previously": ["Cafe"], "quota.emails": 3},
    },
    "tenant": {
        "ops@acme.example": {"package": "New", "status": "suspended"},
        "solo@free.example": {"package": "Starter"},
        "crm@beta.example": {"package": "none"},
    },
    "platform": {"default": {"quota": {"emails": 1, "notify": True}}},
}


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return fill(Mailwizz(empty_database, tmp_path / "repository").installed())


def reverted(mail: Mailwizz, run: str) -> Plan:
    return history.reverted(mail.site, run, PlanRequest(), quiet)


def state(mail: Mailwizz) -> dict[str, Any]:
    """Everything but when rows were touched; and of options, which number a row has."""
    found: dict[str, Any] = {}
    for name, rows in mail.image().items():
        table = name.partition(".")[2].removeprefix(mail.prefix)
        columns = [row[0] for row in mail.sql(f"SHOW COLUMNS FROM {{{table}}}")]
        kept = [n for n, column in enumerate(columns) if column not in ("last_updated", "option_id")]
        found[table] = sorted((tuple(row[n] for n in kept) for row in rows), key=repr)
    return found


@pytest.mark.every_run
def test_after_an_export_the_plan_is_empty(mail: Mailwizz) -> None:
    findings = mail.export()
    assert sorted({f"{finding.code} {finding.ref} {finding.field}".strip() for finding in findings}) == [
        "foreign-state package/Torn quota.emails",
        "foreign-state tenant/leaving@corp.example status",
        "left-out package/Twice",
        "unnameable package/Blank",
    ]
    plan = mail.plan()
    assert not plan.changes
    assert not plan.blocked
    written = "".join(path.read_text(encoding="utf-8") for path in mail.folder.rglob("*.yaml"))
    assert "ext.crm.colour: green" in written
    assert "***" not in written
    assert "hunter2" not in written
    before = mail.image()
    mail.apply(plan)
    assert mail.image() == before
    assert not mail.export()[4:]
    assert not mail.plan().changes


def test_an_exported_object_can_be_changed_at_once(mail: Mailwizz) -> None:
    mail.export()
    mail.apply()
    file = mail.folder / "packages.d" / "growth.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("emails: 25000", "emails: 26000"), encoding="utf-8")
    (change,) = mail.plan().changes
    assert (str(change.ref), change.cause) == ("package/Growth", "change")  # type: ignore[union-attr]
    mail.apply()
    assert mail.option("Growth", "quota") == [("26000", 0)]


@pytest.mark.every_run
def test_after_an_apply_the_plan_is_empty_and_twice_is_once(mail: Mailwizz) -> None:
    mail.declare(CHANGED)
    plan = mail.plan()
    assert not plan.blocked
    mail.apply(through_a_file(plan))
    after = mail.image()
    assert not mail.plan().changes
    assert not mail.apply().done
    assert mail.image() == after
    assert codes(mail.plan()).count("drift") == 0


def test_apply_then_revert_equals_before(mail: Mailwizz) -> None:
    """But for rows that said nothing and say the default now."""
    mail.export()
    mail.apply()
    mail.sql("DELETE FROM {customer_group_option} WHERE group_id = ?", mail.numbers["Sparse"])
    mail.sql("DELETE FROM {customer_group} WHERE group_id = ?", mail.numbers["Sparse"])
    for path in mail.folder.glob("packages.d/sparse.yaml"):
        path.unlink()
    before = state(mail)
    changed = {kind: dict(objects) for kind, objects in CHANGED.items()}
    del changed["package"]["Sparse"], changed["platform"]
    for kind in ("packages.d", "tenants.d", "platform.d"):
        for path in (mail.folder / kind).glob("*.yaml"):
            path.unlink()
    mail.settings("mode: additive")
    mail.declare(changed)
    run = mail.apply().run.id
    after = state(mail)
    assert after != before
    mail.settings()
    undo = reverted(mail, run)
    assert not undo.blocked, undo.blocked
    undone = mail.apply(through_a_file(undo)).run.id
    assert _without_own_forms(state(mail)) == _without_own_forms(before)
    forth = reverted(mail, undone)
    assert not forth.blocked, forth.blocked
    mail.apply(forth)
    assert _without_ids(state(mail)) == _without_ids(after)


def _without_own_forms(found: dict[str, Any]) -> list[Any]:
    """Dates of new rows, and whether a text is in PHP's form, are not what an option says."""
    packages = [(row[0], row[1]) for row in found["customer_group"]]
    said = {(row[0], row[1], row[3]) for row in found["customer_group_option"]}
    return [packages, said, found["customer"], found["delivery_server_to_customer_group"], found["option"]]


def _without_ids(found: dict[str, Any]) -> list[Any]:
    names = {row[0]: row[1] for row in found["customer_group"]}
    options = sorted((names[row[0]], row[1], row[3]) for row in found["customer_group_option"])
    return [sorted(names.values()), [row for row in options if not row[1].endswith("move_to_group_id")]]


def test_what_was_deleted_comes_back_whole(mail: Mailwizz) -> None:
    mail.group("Doomed", {"ext.list": ('a:1:{i:0;s:4:"smtp";}', 1), "quota": ("i:5;", 1), "x.y": None})
    mail.server("node", "node.host", groups=("Doomed",))
    shown = mail.plan_of("Gold", "Starter")
    mail.sql("INSERT INTO {price_plan_customer_group_display} VALUES (?, ?)", shown, mail.numbers["Doomed"])
    mail.sql("UPDATE {customer_group} SET colour = 'red' WHERE name = 'Doomed'")
    mail.declare({"package": {"Doomed": {}, "Starter": {}}})
    mail.apply()
    before = mail.image()
    mail.declare({"package": {"Starter": {}}})
    run = mail.apply().run.id
    assert mail.image() != before
    mail.apply(through_a_file(reverted(mail, run)))
    assert mail.image() == before


def test_drift_is_told_and_healed(mail: Mailwizz) -> None:
    mail.declare(CHANGED)
    mail.apply()
    mail.sql("UPDATE {customer_group_option} SET value = '1' WHERE code = 'system.customer_sending.quota'")
    mail.sql("UPDATE {option} SET value = 'no' WHERE `key` = 'quota_notify_enabled'")
    mail.sql("DELETE FROM {delivery_server_to_customer_group} WHERE group_id = ?", mail.numbers["Growth"])
    plan = mail.plan()
    assert {str(change.ref): change.cause for change in plan.changes} == {  # type: ignore[union-attr]
        "package/Espresso": "drift",
        "package/Growth": "drift",
        "package/New": "drift",
        "package/Starter": "drift",
        "platform/default": "drift",
    }
    mail.apply(plan)
    assert not mail.plan().changes


def test_a_quota_that_moves_nobody_any_more_names_nobody(mail: Mailwizz) -> None:
    """Else the group that it once named could never be deleted."""
    moving = {"quota": {"action": "move", "move_to": "Target", "wait_for_expiry": False}}
    mail.declare({"package": {"Mover": moving, "Target": {}}})
    mail.apply()
    before = mail.option("Mover", "move_to_group_id")
    assert before
    mail.declare({"package": {"Mover": {"quota": {"action": "none", "wait_for_expiry": False}}}})
    plan = mail.plan()
    assert not plan.blocked
    assert "released" not in codes(plan)
    mail.declare({"package": {"Mover": {"quota": {"action": "none", "wait_for_expiry": False}}, "Target": {}}})
    run = mail.apply().run.id
    assert mail.option("Mover", "move_to_group_id") == []
    assert not mail.plan().changes
    mail.apply(through_a_file(reverted(mail, run)))
    assert mail.option("Mover", "move_to_group_id") == before
