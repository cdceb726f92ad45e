"""What comes between plan and apply: users, references, tables of somebody else (docs/rules.md#rule-18, #rule-31).

The guards on facts run again inside the transaction, and a planted bug shows that it is they who refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.engine import guards, verify
from reconciler.model.errors import Orphaned, Refused
from reconciler.model.finding import Finding
from tests.support.esp import BURY_LEGACY, FILES, Esp, changed, last_outcome, nothing_changes

LEGACY = "(SELECT id FROM esp_package WHERE name = 'Legacy')"


def newcomer(esp: Esp) -> None:
    esp.sql(
        "INSERT INTO esp_tenant (email, package_id) SELECT 'new@come.example', id FROM esp_package WHERE name='Trial'"
    )


def without_recount(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bug that is planted: the guard `in-use` is not run again inside the transaction."""

    def nobody(case: guards.GuardInput) -> Iterator[Finding]:
        yield from ()

    others = tuple(guard for guard in guards.GUARDS if guard.find is not guards.in_use)
    monkeypatch.setattr(verify, "GUARDS", others)
    monkeypatch.setattr(verify, "in_use", nobody)


def without_foreign_key(esp: Esp) -> None:
    """As in a system whose tables protect nothing (class C)."""
    key = "CONSTRAINT fk_esp_tenant_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE RESTRICT"
    with esp.hand() as connection:
        connection.execute("PRAGMA writable_schema = ON")
        changed_rows = connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, 'CHECK (1)') WHERE name = 'esp_tenant' AND sql LIKE ?",
            (key, f"%{key}%"),
        ).rowcount
        assert changed_rows == 1


def test_a_user_who_came_since_the_plan_keeps_its_package(esp: Esp) -> None:
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    newcomer(esp)
    with nothing_changes(esp), pytest.raises(Refused) as raised:
        esp.apply(plan)
    assert [(f.code, f.names) for f in raised.value.findings] == [("in-use", ("new@come.example",))]
    assert last_outcome(esp) == "refused"


def test_without_the_recount_the_foreign_key_still_refuses(esp: Esp, monkeypatch: pytest.MonkeyPatch) -> None:
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    newcomer(esp)
    without_recount(monkeypatch)
    with nothing_changes(esp), pytest.raises(Refused, match="database refuses to delete package/Trial"):
        esp.apply(plan)


def test_without_a_foreign_key_the_recount_alone_protects(esp: Esp, monkeypatch: pytest.MonkeyPatch) -> None:
    without_foreign_key(esp)
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    assert [finding.code for finding in esp.plan().blocked] == ["unguarded"]
    plan = esp.plan("unguarded")
    newcomer(esp)
    with nothing_changes(esp), pytest.raises(Refused) as raised:
        esp.apply(plan)
    assert [f.code for f in raised.value.findings] == ["in-use"]
    # And that it is the recount which does it: with the bug planted, a user is on a package that is gone, and told so.
    without_recount(monkeypatch)
    with pytest.raises(Orphaned) as told:
        esp.apply(plan)
    assert [str(finding.ref) for finding in told.value.findings] == ["tenant/new@come.example"]
    lost = "SELECT email FROM esp_tenant WHERE package_id NOT IN (SELECT id FROM esp_package)"
    assert esp.sql(lost) == [("new@come.example",)]


def test_after_a_move_nobody_may_be_left(esp: Esp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's trigger puts a user back while the others are moved."""
    without_foreign_key(esp)
    esp.sql(
        "CREATE TRIGGER back AFTER UPDATE OF package_id ON esp_tenant WHEN new.email = 'late@free.example' "
        f"BEGIN UPDATE esp_tenant SET package_id = {LEGACY} WHERE email = 'solo@free.example'; END"
    )
    esp.declare(changed(FILES, BURY_LEGACY))
    plan = esp.plan("unguarded")
    with nothing_changes(esp), pytest.raises(Refused) as raised:
        esp.apply(plan)
    assert [(f.code, str(f.ref)) for f in raised.value.findings] == [("in-use", "package/Legacy")]
    without_recount(monkeypatch)
    with pytest.raises(Orphaned):
        esp.apply(plan)
    assert esp.sql("SELECT email FROM esp_tenant WHERE package_id NOT IN (SELECT id FROM esp_package)")


def test_another_object_that_points_at_a_victim_since_the_plan(esp: Esp) -> None:
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    esp.sql(
        "UPDATE esp_package SET quota_action = 'move', quota_move_to_id = "
        "(SELECT id FROM esp_package WHERE name = 'Trial') WHERE name = 'Growth'"
    )
    with nothing_changes(esp), pytest.raises(Refused, match="facts of now") as raised:
        esp.apply(plan)
    assert "package/Growth quota.move_to" in raised.value.findings[0].message


def test_a_table_of_somebody_else_that_would_go_along(esp: Esp) -> None:
    """docs/rules.md#rule-31: `cascade` is run again, so a table made since the plan is seen."""
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    plan = esp.plan()
    with esp.hand() as connection:
        connection.execute(
            "CREATE TABLE price (id INTEGER PRIMARY KEY, p INTEGER REFERENCES esp_package (id) ON DELETE CASCADE)"
        )
        connection.execute("INSERT INTO price (p) SELECT id FROM esp_package WHERE name = 'Trial'")
    with nothing_changes(esp), pytest.raises(Refused) as raised:
        esp.apply(plan)
    assert [f.code for f in raised.value.findings] == ["cascade"]
    assert [f.code for f in esp.plan().blocked] == ["cascade"]


@pytest.mark.parametrize(
    "column",
    [
        "p INTEGER REFERENCES esp_package (id) ON DELETE CASCADE",
        "p INTEGER, FOREIGN KEY (p) REFERENCES esp_package (id) ON DELETE CASCADE",
    ],
)
def test_a_spreading_delete_is_refused_when_planning(esp: Esp, column: str) -> None:
    esp.sql(f"CREATE TABLE price (id INTEGER PRIMARY KEY, {column})")
    esp.sql("INSERT INTO price (p) SELECT id FROM esp_package WHERE name = 'Trial'")
    esp.declare(changed(FILES, {"package": {"Trial": None}}))
    assert [f.code for f in esp.plan().blocked] == ["cascade"]


def test_a_reference_to_what_is_left_out_is_told_when_planning(esp: Esp) -> None:
    """The role is live under another spelling, so nothing can be put under the stated one."""
    esp.sql("UPDATE esp_role SET name = 'SUPPORT' WHERE name = 'Support'")
    esp.declare(changed(FILES, {"package": {"Scale": {"role": "Support"}}}))
    assert {(f.code, str(f.ref)) for f in esp.plan().blocked} == {
        ("dangling", f"package/{key}") for key in ("Scale", "Legacy", "Trial")
    }


@pytest.mark.parametrize("weight", ["block", "warn"])
def test_use_that_grew_past_a_new_limit_since_the_plan(esp: Esp, weight: str) -> None:
    """`over-limit` is run again where it blocks; where it only warns, nobody would see a second warning."""
    esp.settings(f"safety: {{block: [], over_limit: {weight}}}")
    esp.declare(changed(FILES, {"package": {"Growth": {"sending.daily_limit": 20_000}}}))
    plan = esp.plan()
    assert not any(finding.code == "over-limit" for finding in plan.findings)
    esp.sql("UPDATE esp_usage SET sent_today = 24000")
    if weight == "warn":
        assert esp.apply(plan).done == plan.changes
        return
    with nothing_changes(esp), pytest.raises(Refused) as raised:
        esp.apply(plan)
    assert {finding.code for finding in raised.value.findings} == {"over-limit"}
