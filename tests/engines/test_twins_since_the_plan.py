"""A name that came to be there twice since the plan is noticed inside the transaction (docs/rules.md#rule-2): exit
4."""

from __future__ import annotations

import pytest

from reconciler.model.errors import Stale
from tests.support.esp import FILES, Esp, changed, nothing_changes


def twins(esp: Esp, kind: str, key: str, *names: str) -> None:
    for name in names:
        esp.sql(f"INSERT INTO esp_{kind} ({key}) VALUES (?)", name)


def stale(esp: Esp, files: object, kind: str, key: str, *names: str) -> str:
    """What is said when these come between plan and apply; nothing is written."""
    esp.declare(files)  # type: ignore[arg-type]
    plan = esp.plan()
    assert not plan.blocked
    twins(esp, kind, key, *names)
    with nothing_changes(esp), pytest.raises(Stale) as raised:
        esp.apply(plan)
    assert raised.value.exit_code == 4
    return "\n".join(f"{finding.ref}: {finding.message}" for finding in raised.value.findings)


@pytest.mark.parametrize("twin", ["scale", "SCALE", "scale  ", "\tScale", "\u017fcale", "\u00a0scale"])
def test_of_what_is_to_be_created(each: Esp, twin: str) -> None:
    said = stale(each, changed(FILES, {"package": {"Scale": {"role": "Marketing"}}}), "package", "name", twin)
    assert said == f'package/Scale: "{twin}" is live too now, which is the same name but for case and blanks'


@pytest.mark.every_run
def test_of_many_at_once(each: Esp) -> None:
    """More than are asked for one by one."""
    many = {f"Tier {number}": {"description": "x"} for number in range(600)}
    assert '"TIER 7" is live too' in stale(each, changed(FILES, {"role": many}), "role", "name", "TIER 7")


@pytest.mark.every_run
def test_of_what_is_to_be_created_beyond_ascii(each: Esp) -> None:
    said = stale(each, changed(FILES, {"role": {"Größe": {"description": "x"}}}), "role", "name", "GRÖSSE")
    assert '"GRÖSSE" is live too now' in said


def test_of_what_is_to_be_changed(each: Esp) -> None:
    growth = changed(FILES, {"package": {"Growth": {"sending.daily_limit": 1_000_000}}})
    assert '"growth" is live too now' in stale(each, growth, "package", "name", "growth")


def test_of_what_is_to_be_deleted(each: Esp) -> None:
    assert '"TRIAL" is live too' in stale(
        each, changed(FILES, {"package": {"Trial": None}}), "package", "name", "TRIAL"
    )


def test_of_what_is_to_be_renamed(each: Esp) -> None:
    renamed = changed(
        FILES,
        {
            "role": {"Support": None, "Help": {"description": "Looks", "previously": ["Support"]}},
            "package": {"Legacy": {"role": "Help"}, "Trial": {"role": "Help"}},
        },
    )
    assert '"HELP" is live too' in stale(each, renamed, "role", "name", "HELP")


def test_of_customers(each: Esp) -> None:
    moved = changed(FILES, {"tenant": {"ops@acme.example": {"package": "Starter Plan"}}})
    assert '"Ops@ACME.example" is live too' in stale(each, moved, "tenant", "email", "Ops@ACME.example")


def test_a_name_that_only_changes_its_spelling_is_no_twin_of_itself(each: Esp) -> None:
    each.declare(
        changed(FILES, {"package": {"Trial": None, "TRIAL": {**FILES["package"]["Trial"], "previously": ["Trial"]}}})
    )
    each.apply()
    assert each.sql("SELECT name FROM esp_package WHERE name IN ('Trial', 'TRIAL')") == [("TRIAL",)]


def test_twins_of_what_the_plan_leaves_alone_do_not_matter(each: Esp) -> None:
    each.declare(changed(FILES, {"package": {"Growth": {"sending.daily_limit": 1_000_000}}}))
    plan = each.plan()
    twins(each, "package", "name", "trial")
    assert each.apply(plan).done == plan.changes
