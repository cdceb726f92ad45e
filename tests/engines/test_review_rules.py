"""What a hostile reading of the rules has found, each as the smallest real experiment."""

from __future__ import annotations

import shutil
import sqlite3
from typing import Any

import pytest

from reconciler.model.change import Cause, Create, Delete, Rename, Update
from reconciler.model.errors import Refused, Stale, TargetError
from reconciler.model.finding import Severity
from reconciler.model.plan import Plan
from reconciler.workflow.plan import PlanRequest, planned, validated
from tests.support.esp import BURY_LEGACY, FILES, Esp, changed, through_a_file

NEW_NAME = {
    "package": {"Growth": None, "Growth 2": {**FILES["package"]["Growth"], "previously": ["Growth"]}},
    "tenant": {"ops@acme.example": {"package": "Growth 2"}},
}


def codes(plan: Plan, *, blocking: bool = False) -> list[str]:
    return [f"{f.code} {f.ref}" for f in plan.findings if f.blocks or not blocking]


def respelled(kind: str, old: str, new: str) -> dict[str, Any]:
    files = changed(FILES, {kind: {old: None}})
    files[kind][new] = dict(FILES[kind][old])
    return files


@pytest.mark.parametrize(
    ("kind", "old", "new"), [("package", "Trial", "trial"), ("tenant", "ops@acme.example", "Ops@acme.example")]
)
def test_another_spelling_in_a_file_deletes_and_forgets_nothing(esp: Esp, kind: str, old: str, new: str) -> None:
    """docs/rules.md#rule-2: it is left out; so is the live object that it means."""
    esp.declare(respelled(kind, old, new))
    plan = esp.plan()
    assert plan.changes == ()
    assert codes(plan) == [f"spelling {kind}/{new}"]
    esp.apply(plan)
    assert esp.sql("SELECT key FROM reconciler_managed WHERE key = ?", old) == [(old,)]


def test_authoritative_does_not_delete_what_is_only_spelled_otherwise(esp: Esp) -> None:
    esp.settings("mode: authoritative")
    esp.sql("INSERT INTO esp_package (name) VALUES ('Extra'), ('Other')")
    esp.declare(changed(FILES, {"package": {"extra": {"sending.daily_limit": 1}}}))
    plan = esp.plan()
    assert [str(change.ref) for change in plan.changes] == ["package/Other"]
    assert codes(plan) == ["spelling package/extra"]


def test_a_tombstone_in_another_spelling_is_no_silence(esp: Esp) -> None:
    files = changed(FILES, {"package": {"Trial": None, "trial": {"lifecycle": "removed"}}})
    esp.declare(files)
    plan = esp.plan()
    assert plan.changes == ()
    (finding,) = plan.findings
    assert (finding.code, finding.severity) == ("spelling", Severity.LEFT_OUT)


def test_two_former_names_that_are_both_live_are_a_conflict(esp: Esp) -> None:
    """docs/rules.md#rule-19: two rows cannot become one."""
    esp.sql("INSERT INTO esp_package (name) VALUES ('Extra')")
    esp.declare(
        changed(FILES, {"package": {"Trial": None, "Scale": {"role": "Support", "previously": ["Trial", "Extra"]}}})
    )
    plan = esp.plan()
    assert codes(plan, blocking=True) == ["rename-conflict package/Scale"]
    assert not [change for change in plan.changes if isinstance(change, Rename)]


def test_a_former_name_with_a_live_twin_creates_no_second_object(esp: Esp) -> None:
    esp.sql("INSERT INTO esp_package (name) VALUES ('TRIAL')")
    esp.declare(changed(FILES, {"package": {"Trial": None, "Scale": {"role": "Support", "previously": ["Trial"]}}}))
    assert "rename-conflict package/Scale" in codes(esp.plan(), blocking=True)


@pytest.mark.parametrize(
    ("options", "live", "cause"),
    [
        ({"a": "2"}, {}, Cause.CHANGE),  # one changed, one taken out of the file
        ({"a": "1"}, {"a": "9"}, Cause.DRIFT),
        ({"a": "2"}, {"a": "9"}, Cause.CONFLICT),
        ({"a": "1", "b": "1", "c": "1"}, {}, Cause.ADOPT),
        ({"a": "2", "b": "1", "c": "1"}, {"c": "9"}, Cause.CHANGE),
    ],
)
def test_each_option_code_has_a_cause_of_its_own(
    esp: Esp, options: dict[str, str], live: dict[str, str], cause: Cause
) -> None:
    """docs/rules.md#rule-11: `options` is owned code by code, so docs/rules.md#rule-8 is asked code by code."""
    esp.declare(changed(FILES, {"package": {"Trial": {"options": {"a": "1", "b": "1"}}}}))
    esp.apply()
    for name, value in live.items():
        esp.sql("DELETE FROM esp_package_options WHERE name = ?", name)
        trial = "SELECT id, ?, ? FROM esp_package WHERE name = 'Trial'"
        esp.sql(f"INSERT INTO esp_package_options (package_id, name, value) {trial}", name, value)
    esp.declare(changed(FILES, {"package": {"Trial": {"options": options}}}))
    (change,) = esp.plan().changes
    assert isinstance(change, Update)
    assert change.cause is cause


def test_a_rename_that_the_system_ignores_is_rolled_back(esp: Esp) -> None:
    """docs/rules.md#rule-30: what was written is read again."""
    esp.declare(changed(FILES, NEW_NAME))
    esp.sql("CREATE TRIGGER t BEFORE UPDATE OF name ON esp_package BEGIN SELECT RAISE(IGNORE); END")
    before = esp.dump()
    with pytest.raises(TargetError) as refused:
        esp.apply()
    assert [finding.code for finding in refused.value.findings] == ["not-held"]
    assert esp.dump() == before


@pytest.mark.parametrize(("action", "word"), [("SET NULL", "empty"), ("SET DEFAULT", "reset"), ("CASCADE", "delete")])
def test_a_delete_that_would_spread_to_strange_rows_is_refused(esp: Esp, action: str, word: str) -> None:
    reference = f"REFERENCES esp_package (id) ON DELETE {action}"
    esp.sql(f"CREATE TABLE price (id INTEGER PRIMARY KEY, package INTEGER {reference})")
    esp.sql("INSERT INTO price (package) SELECT id FROM esp_package WHERE name = 'Trial'")
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    (finding,) = plan.blocked
    assert finding.code == "cascade"
    assert f"would {word} 1 of price" in finding.message
    esp.sql("DELETE FROM price")
    assert [type(change) for change in esp.apply().done] == [Delete]


@pytest.mark.parametrize("equal", [True, False])
def test_what_another_project_took_meanwhile_is_not_ours_too(esp: Esp, equal: bool) -> None:
    """docs/rules.md#rule-32: an object has one project, also where two planned to create it at the same time."""
    files = {"role": {"Fresh": {"description": "New"}}}
    other = Esp(esp.folder / "other")
    shutil.copytree(esp.folder, other.folder, ignore=shutil.ignore_patterns("esp.db*", "other"))
    other.settings(project="two")
    settings = other.folder / "reconciler.yaml"
    settings.write_text(settings.read_text().replace("sqlite:///", "sqlite:///../"))
    other.declare(files)
    plan = other.plan()
    assert [type(change) for change in plan.changes] == [Create]
    esp.declare(changed(FILES, files if equal else {"role": {"Marketing": {"description": "Mails"}}}))
    esp.apply()
    if not equal:
        other.apply(plan)
        return
    with pytest.raises(Stale, match="another project") as refused:
        other.apply(through_a_file(plan))
    assert [str(finding.ref) for finding in refused.value.findings] == ["role/Fresh"]
    assert esp.sql("SELECT project FROM reconciler_managed WHERE key = 'Fresh'") == [("shop",)]


@pytest.mark.parametrize(
    "stated", ['{"package":"Growth"', '{"package":"Growth","x":["y",1]}', "[1]", "null", "1", '{"a":null}', "[" * 9_000]
)
def test_spoiled_memory_is_no_memory(esp: Esp, stated: str) -> None:
    """A hand in our own tables costs the difference between drift and adoption, and nothing else."""
    esp.sql("UPDATE reconciler_managed SET stated = ?, origin = 'x:²'", stated)
    esp.declare(changed(FILES, {**NEW_NAME, "role": {"Marketing": {"description": "Mails"}}}))
    assert not esp.plan().blocked
    esp.apply()
    assert esp.plan().changes == ()


def test_a_version_of_memory_that_is_no_number_is_refused(esp: Esp) -> None:
    esp.sql("UPDATE reconciler_meta SET version = 'x'")
    with pytest.raises(TargetError, match="no version"):
        esp.plan()


def test_validate_knows_what_must_not_be_declared(esp: Esp) -> None:
    """docs/rules.md#rule-22: declaring one that the settings leave alone is an error, and needs no live system to be
    seen."""
    esp.settings("hands_off: ['package/Gr*']")
    _, findings = validated(esp.site())
    assert [(finding.code, str(finding.ref)) for finding in findings] == [("hands-off", "package/Growth")]


def test_a_user_who_arrives_after_all_were_moved_by_hand_stops_the_delete(esp: Esp) -> None:
    """docs/rules.md#rule-18: with nobody to move there is no Reassign; the locking recount still looks."""
    esp.declare(changed(FILES, BURY_LEGACY))
    ids = "SELECT id FROM esp_package WHERE name = ?"
    esp.sql(f"UPDATE esp_tenant SET package_id = ({ids}) WHERE package_id = ({ids})", "Trial", "Legacy")
    plan = planned(esp.site(), PlanRequest(), lambda phase: None)
    esp.sql(f"INSERT INTO esp_tenant (email, package_id) VALUES ('late@x.example', ({ids}))", "Legacy")
    with pytest.raises(Refused) as refused:
        esp.apply(plan)
    assert [finding.code for finding in refused.value.findings] == ["in-use"]
    assert esp.sql("SELECT count(*) FROM esp_package WHERE name = 'Legacy'") == [(1,)]


def test_a_database_of_somebody_else_is_not_touched(esp: Esp) -> None:
    esp.database.unlink()
    strange = sqlite3.connect(esp.database)
    strange.execute("CREATE TABLE wp_posts (id)")
    strange.commit()
    strange.close()
    before = esp.database.read_bytes()
    for door in (esp.plan, esp.apply, esp.site().target.create, esp.site().target.upgrade):  # type: ignore[attr-defined]
        with pytest.raises(TargetError, match="somebody else"):
            door()
    assert esp.database.read_bytes() == before
    assert [path.name for path in esp.folder.glob("esp.db*")] == ["esp.db"]
