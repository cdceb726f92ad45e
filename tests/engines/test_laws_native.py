"""The laws of the house for the built-in target, over generated worlds that use every field there is."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.change import Forget
from reconciler.model.errors import ReconcilerError
from reconciler.model.exit_codes import drift_code
from reconciler.model.plan import Plan
from reconciler.report.plan_file import fingerprint
from reconciler.workflow import export, plan_file
from tests.support.esp import RUNS, Esp, through_a_file
from tests.support.laws import BOUNDED, Founding, law
from tests.support.random_worlds import World, worlds


def planned(esp: Esp) -> Plan:
    """A plan; what is said about it is shown when the test fails."""
    try:
        plan = esp.plan("retired")
    except ReconcilerError as error:
        note("\n".join(map(str, error.findings)))
        raise
    note("\n".join(map(str, plan.blocked)))
    return plan


def applied(esp: Esp) -> Plan:
    """A plan made, kept in a file, read again and applied."""
    plan = planned(esp)
    assert not plan.blocked
    again = through_a_file(plan)
    assert (
        plan_file.sealed_plan(again, {}).partition('"meta"')[0]
        == plan_file.sealed_plan(plan, {}).partition('"meta"')[0]
    )
    esp.apply(again)
    return plan


def rests(esp: Esp) -> None:
    """Nothing is left to do, to remember or to say about drift."""
    plan = esp.plan()
    assert plan.changes == ()
    assert plan.remember == ()
    assert plan.drop == ()
    assert drift_code(plan) == 0


def stated_is_live(esp: Esp) -> None:
    """Every stated value is what a reader finds, without asking the planner."""
    from reconciler.config import load

    with esp.site().target.reader() as reader:
        live = reader.snapshot().sheets
    for kind, sheet in load.load(esp.folder, KINDS).sheets.items():
        for key, record in sheet.items():
            for field in KINDS.held[kind]:
                stated = record.values.get(field.name)
                if stated is None or (isinstance(stated, tuple) and any("*" in name for name in stated)):
                    continue
                found = live[kind][key].values[field.name]
                if field.name == "options":
                    assert isinstance(found, dict)
                    found = {name: text for name, text in found.items() if name in stated}
                assert found == stated, (kind, key, field.name)


@law(every_run=True, first=worlds(), rest=st.data())
def test_after_an_apply_the_plan_is_empty(founding: Founding, first: World, rest: st.DataObject) -> None:
    """From nothing, and from one world to the next."""
    esp = founding.fresh(first)
    applied(esp)
    rests(esp)
    stated_is_live(esp)
    second = rest.draw(worlds(keep=first))
    esp.declare(second)
    applied(esp)
    rests(esp)
    stated_is_live(esp)


@law(first=worlds(), rest=st.data())
def test_twice_is_once(founding: Founding, first: World, rest: st.DataObject) -> None:
    """The second time all of it is `already`, and no row is written."""
    esp = founding.fresh(first)
    for world in (first, rest.draw(worlds(keep=first))):
        esp.declare(world)
        plan = planned(esp)
        done = tuple(change for change in plan.changes if not isinstance(change, Forget))
        esp.apply(plan)
        quiet = RUNS | {"reconciler_managed", "reconciler_change"}
        before = esp.dump(quiet)
        again = esp.apply(plan)
        assert again.already == done
        assert esp.dump(quiet) == before
        rests(esp)


@law(world=worlds())
def test_after_an_export_the_plan_is_empty(founding: Founding, world: World) -> None:
    """Into an empty folder, and over the files that are there."""
    esp = founding.fresh(world)
    applied(esp)
    done = export.export(esp.site(), lambda phase: None, complete=True)
    list(done.write())
    plan = planned(esp)
    assert not plan.blocked
    assert plan.changes == ()
    esp.apply(plan)
    esp.declare({})
    for path in esp.folder.glob("*.d/**/*.y*ml"):
        path.unlink()
    list(export.export(esp.site(), lambda phase: None, complete=False).write())
    plan = planned(esp)
    assert not plan.blocked
    assert plan.changes == ()
    assert {kind: set(of_kind) for kind, of_kind in world.items()} == {
        memo: {ref.key for ref in refs} for memo, refs in _declared(esp).items()
    }


def _declared(esp: Esp) -> dict[str, set[Any]]:
    from reconciler.config import load

    sheets = load.load(esp.folder, KINDS).sheets
    return {kind: {record.ref for record in sheet.values()} for kind, sheet in sheets.items()}


@law(world=worlds(), wanted=st.data(), chance=st.randoms(use_true_random=False))
def test_order_of_files_and_rows_changes_nothing(
    founding: Founding, world: World, wanted: st.DataObject, chance: random.Random
) -> None:
    """The same bytes for the same files, the same changes for files and rows in another order."""
    one = founding.fresh(world)
    applied(one)
    other = founding.fresh(world, "other")
    with other.hand() as connection:  # other ids, and another order of rows
        connection.executemany(
            "INSERT INTO esp_role (name) VALUES (?)", [(f"x{n}",) for n in range(chance.randint(1, 5))]
        )
        connection.execute("DELETE FROM esp_role")
    for part in _in_parts(world, chance):
        other.declare(part)
        other.apply(planned(other))
    new = wanted.draw(worlds(keep=world))
    one.declare(new)
    (other.folder / "tenants.d" / "all.yaml").unlink(missing_ok=True)
    other.declare(new)
    first, second = planned(one), planned(other)
    assert fingerprint(first) == fingerprint(second)
    assert _told(first) == _told(second)
    shuffled_files = founding.copies.copy(one, "shuffled")
    _rewrite(shuffled_files, new, chance)
    third = planned(shuffled_files)
    assert fingerprint(third) == fingerprint(first)
    assert third.source.files == first.source.files
    assert planned(one) == first


def _in_parts(world: World, chance: random.Random) -> list[World]:
    """Growing worlds whose last one is the whole: objects come one after the other, in any order that refers back."""
    order = [(kind, key) for kind in KINDS.creation_order for key in world[kind]]
    tenants = [pair for pair in order if pair[0] == "tenant"]
    chance.shuffle(tenants)
    order = [pair for pair in order if pair[0] != "tenant"] + tenants
    cut = len(order) - chance.randint(0, len(tenants))
    parts: list[World] = []
    for end in sorted({cut, len(order)}):
        part: World = {kind: {} for kind in world}
        for kind, key in order[:end]:
            part[kind][key] = world[kind][key]
        parts.append(part)
    return parts


def _rewrite(esp: Esp, world: World, chance: random.Random) -> None:
    """The same objects in another order, over other files."""
    esp.declare({})
    for name in ("b.yaml", "a.yml"):
        part: World = {}
        for kind, of_kind in world.items():
            keys = sorted(of_kind)
            chance.shuffle(keys)
            here = [key for key in keys if (len(key) % 2 == 0) is (name == "b.yaml")]
            part[kind] = {key: dict(reversed(of_kind[key].items())) for key in here}
        esp.declare(part, file=name)


def _told(plan: Plan) -> dict[str, Any]:
    """The document without times, and without the lines that memory knows: it learned them from other files."""
    document = json.loads(plan_file.sealed_plan(plan, {}))
    del document["meta"], document["digest"]
    for change in document["resource_changes"]:
        if not change["stated"]:
            del change["origin"]
    return dict(document)


@pytest.mark.torture
def test_the_worlds_use_every_field() -> None:
    """A check of the check: no field of the Vocabulary is beyond the generator."""
    seen: set[tuple[str, str]] = set()

    @settings(BOUNDED, max_examples=160)
    @given(world=worlds())
    def look(world: World) -> None:
        for kind, of_kind in world.items():
            for fields in of_kind.values():
                seen.update((kind, name) for name in fields)

    look()
    everything = {(resource.kind, field.name) for resource in KINDS for field in resource.fields}
    tombstones = {(r.kind, r.tombstone.successor) for r in KINDS if r.tombstone}
    assert seen == everything - tombstones
