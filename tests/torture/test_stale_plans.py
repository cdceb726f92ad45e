"""Saved plans that the world has moved away from (docs/rules.md#rule-30, #rule-31, #rule-36): a plan, then an edit by
hand, then its apply.

What is relevant to a plan:
- of an object that it updates: every field that the files state, whether the plan changes it or not;
- of an object that it deletes: every field that had a value; of one that it creates: that nothing has its name, unless
  all is as wanted;
- of a role or package that it renames: both names; of one that it empties: more users than a tenth above the planned;
- the names that those fields refer to;
- who manages the touched objects, and which database it is.
Such an edit makes the plan stale (4), and each field says what was planned, what is live now and what is wanted.
Users who come to what is only to be deleted, things that come to point at it and a pause refuse it (3). An object that
is as wanted, all stated fields of it, is `already`. Nothing else is the plan's business: sign-ups, usage, objects that
it does not touch, fields and option codes that nobody states, and an object that it forgets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.engines import ENGINES, run
from tests.support.esp import RUNS, without_git
from tests.support.esp_on_servers import Databases
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.stale_applies import Ended, apply, arrived
from tests.torture.stale_edits import (
    FINE,
    LONELY,
    REFUSED,
    STALE,
    Draw,
    Edit,
    Said,
    deleted,
    elsewhere,
    joined,
    of_field,
    renamed,
    to_what_is_wanted,
)
from tests.torture.stale_world import FILES, FOCUS, MANY, PLANS, Saved, World

pytestmark = pytest.mark.torture

ENOUGH = {"sqlite": count(2_000, 150), "postgresql": count(100, 15), "mariadb": count(100, 15)}
BY_COMMAND = 20
"""One case of so many goes through the command line; the others call what it calls, because opening the settings takes
longer than the apply."""


def ask(world: World, questions: tuple[Said, ...]) -> list[list[tuple[Any, ...]]]:
    return [world.place.sql(statement, *values) for statement, values in questions]


def edit_of(draw: Draw, world: World, plan: Saved) -> Edit:
    """Any one edit."""
    touched = [tuple(address.split("/", 1)) for address in plan.rows]
    live = [(kind, key) for kind in FILES for key in FILES[kind]]
    sort = draw(st.sampled_from(["field"] * 8 + ["other field", "delete", "rename", "special"]))
    if sort == "field":
        return of_field(draw, plan, *draw(st.sampled_from([ref for ref in touched if ref in live])))
    if sort == "other field":
        return of_field(draw, plan, *draw(st.sampled_from(live)))
    if sort == "delete":
        kind = draw(st.sampled_from(sorted(LONELY)))
        return deleted(plan, kind, draw(st.sampled_from(LONELY[kind])))
    if sort == "rename":
        return renamed(plan, *draw(st.sampled_from(live)))
    return draw(st.sampled_from([*special(world, plan), *elsewhere(draw(st.integers(0, 99)))]))


def special(world: World, plan: Saved) -> Iterator[Edit]:
    """What is neither a field nor a row of a live object."""
    memory = f"{world.place.memory}." if world.place.memory else ""
    name = "`key`" if world.place.engine == "mariadb" else "key"
    taken = f"UPDATE {memory}reconciler_managed SET project = 'lab' WHERE kind = ? AND {name} = ?"
    for address in ["tenant/calm@corp.example", "role/Idle", *plan.rows]:
        kind, _, key = address.partition("/")
        if key in FILES[kind]:
            ours = address in plan.rows or (address == "role/Idle" and "role/Helpdesk" in plan.rows)
            said = ('project "lab" manages it since the plan was made', address) if ours else ()
            yield Edit(f"{address} taken over", ((taken, (kind, key)),), STALE if ours else FINE, said)
        if "update" in plan.rows.get(address, {}):
            yield to_what_is_wanted(plan, address)
    yield Edit("another database", ((f"UPDATE {memory}reconciler_meta SET instance = ?", ("0" * 32,)),), STALE)
    paused = f"INSERT INTO {memory}reconciler_pause VALUES ('shop', 'audit', 'ann', '2026-03-01T12:00:00Z')"
    yield Edit("a pause", ((paused, ()),), REFUSED, ("audit",))
    for package in ("Legacy", "Trial", "Wild"):
        for users in (1, MANY // 10, MANY // 10 + 1, MANY):
            yield joined(package, users, plan)
    if "package/Trial" in plan.rows:
        point = "UPDATE esp_package SET quota_move_to_id = {} WHERE name = 'Starter Plan'"
        trial = "(SELECT id FROM (SELECT id FROM esp_package WHERE name = 'Trial') AS found)"
        yield Edit("Trial is pointed at", ((point.format(trial), ()),), REFUSED, ("package/Trial",))
        yield from arrivals()


def arrivals() -> Iterator[Edit]:
    """What the plan of every sort is to create, or to rename to, is there before it."""
    permitted = "INSERT INTO esp_role_permissions SELECT r.id, p.id FROM esp_role r, esp_permission p "
    analyst = "INSERT INTO esp_role (name, description) VALUES ('Analyst', ?)"
    permitted += "WHERE r.name = 'Analyst' AND p.name = 'reports.view'"
    yield Edit("Analyst is there", ((analyst, ("Reads",)), (permitted, ())), FINE, already="role/Analyst")
    said = ("role/Analyst", "it exists now; permissions: planned from nothing, live now none, wanted reports.view")
    yield Edit("another Analyst", ((analyst, ("Reads",)),), STALE, said)
    yield Edit(
        "a Pro", (("INSERT INTO esp_package (name) VALUES ('Pro')", ()),), STALE, ("package/Pro", "it exists now")
    )
    signed_up = "INSERT INTO esp_tenant (email, name) VALUES ('new@gamma.example', 'Gamma')"
    yield Edit("a sign-up of the planned", ((signed_up, ()),), STALE, ("package: planned from nothing, live now none",))
    helpdesk = "INSERT INTO esp_role (name) VALUES ('Helpdesk')"
    yield Edit("a Helpdesk", ((helpdesk, ()),), STALE, ("role/Helpdesk", "both names are live now"))


def judge(world: World, plan: Saved, edit: Edit, noise: tuple[Edit, ...], *, by_command: bool) -> Ended:
    """Edit and apply; the apply must end as it has to, and leave what it has to."""
    world.again()
    with world.place.hand() as connection:
        for statement, values in [said for one in (edit, *noise) for said in one.statements]:
            run(connection, statement if world.place.engine == "sqlite" else statement.replace("?", "%s"), values)
    before, kept = world.place.dump(), ask(world, edit.kept)
    ended = apply(world, plan.text.encode(), by_command=by_command)
    assert ended.code in edit.codes, (edit.what, ended)
    for said in edit.says:
        masked = by_command and "@" in said  # a command names no person to a pipe
        assert masked or said in ended.told, (edit.what, said, ended.told)
    after = world.place.dump()
    if ended.code:
        runs = [name for name in after if name.rpartition(".")[2] in RUNS]
        assert {n: r for n, r in after.items() if n not in runs} == {n: r for n, r in before.items() if n not in runs}
    else:
        assert ask(world, edit.kept) == kept, edit.what
        assert edit.already in {"", *ended.already}, (edit.what, ended)
    return ended


@pytest.fixture(scope="module")
def worlds(
    databases: Callable[[str], Databases], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], World]]:
    made: dict[str, World] = {}

    def of(engine: str) -> World:
        if engine not in made:
            made[engine] = World(engine, databases, tmp_path_factory.mktemp(f"stale-{engine}"))
        return made[engine]

    with without_git():
        yield of


def test_a_plan_holds_all_that_is_stated_of_what_it_updates(worlds: Callable[[str], World]) -> None:
    world = worlds("sqlite")
    for name in PLANS:
        plan = world.plan(name)
        for address, of_object in plan.rows.items():
            if "update" in of_object:
                kind, _, key = address.partition("/")
                change = of_object["update"]["change"]
                assert set(change["before"]) | set(change["after"]) == plan.stated[kind, key], (name, address)
    assert len(PLANS) == 1 + sum(len(FILES[kind][key]) for kind, key in FOCUS.items())


def test_each_edit_of_a_whole_object_once(worlds: Callable[[str], World]) -> None:
    """Chance might leave one of them out: rows deleted and renamed, arrivals, users, memory."""
    world = worlds("sqlite")
    for name in (PLANS[0], "tenant package", "package quota.move_to"):
        plan = world.plan(name)
        for edit in (
            *special(world, plan),
            *elsewhere(1),
            *(renamed(plan, kind, key) for kind in FILES for key in FILES[kind]),
            *(deleted(plan, kind, key) for kind in LONELY for key in LONELY[kind]),
        ):
            ended = judge(world, plan, edit, (), by_command=False)
            if not ended.code:
                arrived(world, plan)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_relevant_edit_is_caught_and_no_other(engine: str, worlds: Callable[[str], World]) -> None:
    world = worlds(engine)
    seen: Counter[str] = Counter()

    @settings(
        max_examples=ENOUGH[engine],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a case is small; to make it smaller takes minutes
        print_blob=True,
    )
    @given(st.data())
    def cases(data: st.DataObject) -> None:
        plan = world.plan(data.draw(st.sampled_from([*[PLANS[0]] * (len(PLANS) // 2), *PLANS])))
        edit = edit_of(data.draw, world, plan)
        among = [one for one in elsewhere(100) if one.what != edit.what and "calm@free.example" not in edit.what]
        noise = tuple(
            data.draw(st.lists(st.sampled_from(among), max_size=2, unique_by=lambda one: one.what)) if among else ()
        )
        ended = judge(world, plan, edit, noise, by_command=not data.draw(st.integers(0, BY_COMMAND - 1)))
        seen["cases"] += 1
        if not ended.code:
            arrived(world, plan)
        seen[
            "stale" if ended.code == 4 else "refused" if ended.code else "already" if ended.already else "applied"
        ] += 1

    cases()
    told = ", ".join(f"{number:,} {what}" for what, number in sorted(seen.items()) if what != "cases")
    record(f"stale plans, {engine}", f"{seen['cases']:,} edits: {told}; 0 missed, 0 false alarms")
