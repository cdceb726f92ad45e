"""Apply, then revert equals before; and the revert of that is the state after. Over generated worlds that use every
field, with renames, deletions that move users, and accounts that no file can name.

Not the same afterwards, and named here: counters of ids, runs and their changes, which run wrote a memory, a row of
overrides in which nothing is left, and accounts that the run created (no account is ever deleted)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from reconciler.model.change import Create
from reconciler.model.plan import Allowance, Plan
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.esp import Dump, Esp, quiet, through_a_file
from tests.support.esp_on_servers import ServerEsp
from tests.support.laws import BOUNDED, Founding, law
from tests.support.random_worlds import World, worlds

LIFTED = ("retired", "too-much", "empty")
BOOKKEEPING = ("reconciler_run", "reconciler_lock", "reconciler_change")


def state(esp: Esp, without: frozenset[str] = frozenset()) -> Dump:
    """Every row but what the law above excepts; `without`: accounts."""
    rows = esp.dump(frozenset(BOOKKEEPING))
    ids = {row[0] for row in rows["esp_tenant"] if row[1] in without}
    rows["esp_tenant"] = [row for row in rows["esp_tenant"] if row[0] not in ids]
    rows["esp_tenant_override"] = [
        row for row in rows["esp_tenant_override"] if row[0] not in ids and set(row[1:]) != {None}
    ]
    rows["reconciler_managed"] = [row[:-1] for row in rows["reconciler_managed"]]
    return rows


def strangers(esp: Esp, packages: Mapping[str, Any]) -> None:
    """On every package: a customer, a sub-account and one in the bin, that no file names; dates of long ago; and in a
    file, where nobody else uses the tables, a column of each package and role that we know nothing of."""
    with esp.hand() as connection:
        for table in ("esp_package", "esp_role"):
            connection.execute(f"UPDATE {table} SET created_at = '2019-05-04 03:02:01'")
            if not isinstance(esp, ServerEsp):
                connection.execute(f"ALTER TABLE {table} ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")
                connection.execute(f"UPDATE {table} SET colour = 'red' || id")
        head = connection.execute("SELECT min(id) FROM esp_tenant").fetchone()[0]
        for number, name in enumerate(sorted(packages)):
            package = connection.execute("SELECT id FROM esp_package WHERE name = ?", (name,)).fetchone()[0]
            for sort in ("solo", "child", "binned"):
                parent, binned = head if sort == "child" else None, "2020-01-01" if sort == "binned" else None
                connection.execute(
                    "INSERT INTO esp_tenant (email, package_id, parent_id, deleted_at) VALUES (?, ?, ?, ?)",
                    (f"{sort}{number}@x.example", package, parent, binned),
                )


def changed(first: World, second: World, draw: Any) -> World:
    """The second world with a remedy for each package that it lacks, and some renames."""
    new = {kind: {key: dict(fields) for key, fields in of_kind.items()} for kind, of_kind in second.items()}
    staying = sorted(new["package"])
    for key in sorted(first["package"].keys() - new["package"].keys()):
        if draw(st.booleans()):
            new["package"][key] = {"lifecycle": "removed", "reassign_to": draw(st.sampled_from(staying))}
        else:
            _rename(new, "package", key, f"{key} 2", {"role": draw(st.sampled_from(sorted(new["role"])))})
    for key in sorted(first["role"].keys() - new["role"].keys()):
        if draw(st.booleans()):
            _rename(new, "role", key, f"{key} 2", {})
    return new


def _rename(new: World, kind: str, old: str, key: str, fields: dict[str, Any]) -> None:
    new[kind][key] = {**fields, "previously": [old]}


def planned(esp: Esp) -> Plan:
    plan = esp.plan(*LIFTED)
    note("\n".join(map(str, plan.blocked)))
    return plan


def reverted(esp: Esp, run: str) -> Plan:
    lifted = tuple(Allowance(code=code, reason="a test") for code in LIFTED)
    plan = history.reverted(esp.site(), run, PlanRequest(allowances=lifted), quiet)
    note("\n".join(map(str, plan.findings)))
    return plan


@law(first=worlds(), second=worlds(), rest=st.data())
def test_apply_then_revert_equals_before(founding: Founding, first: World, second: World, rest: st.DataObject) -> None:
    esp = founding.fresh(first)
    esp.apply(planned(esp))
    strangers(esp, first["package"])
    esp.declare(changed(first, second, rest.draw))
    plan = planned(esp)
    assume(not plan.blocked)
    assume(plan.changes)
    new = frozenset(c.ref.key for c in plan.changes if isinstance(c, Create) and c.ref.kind == "tenant")
    assert bool(new) == any(f.code == "not-revertible" and "new tenant" in f.message for f in plan.findings)
    before = state(esp)
    run = esp.apply(plan).run.id
    after = state(esp)
    if new:  # an account that stays keeps what it is on
        marks = ", ".join("?" for _ in new)
        esp.sql(f"UPDATE esp_tenant SET package_id = NULL WHERE email IN ({marks})", *sorted(new))
    back = reverted(esp, run)
    assert not back.blocked
    assert back.source.reverts == run
    undo = esp.apply(through_a_file(back)).run.id
    assert state(esp, new) == before
    again = reverted(esp, run)
    assert again.changes == ()
    assert (again.remember, again.drop) == ((), ())
    if not new:
        forth = reverted(esp, undo)
        assert not forth.blocked
        esp.apply(forth)
        assert state(esp) == after


@pytest.mark.torture
def test_the_worlds_have_deletions_moves_and_renames() -> None:
    """A check of the check."""
    seen: set[str] = set()

    @settings(BOUNDED, max_examples=60)
    @given(first=worlds(), second=worlds(), rest=st.data())
    def look(first: World, second: World, rest: st.DataObject) -> None:
        for fields in changed(first, second, rest.draw)["package"].values():
            seen.update({"reassign_to", "previously"} & fields.keys())

    look()
    assert seen == {"reassign_to", "previously"}
