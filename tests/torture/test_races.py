"""A thousand times on every engine: a user is assigned to a package while we delete it, and nobody loses the package by
us (docs/rules.md#rule-26). Where nothing guards the users (class C) we refuse to delete; with a bug planted it goes
red."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import ENGINES, place
from tests.support.figures import record
from tests.support.races import CLASS_A, CLASS_B, CLASS_C, Arena, opened
from tests.support.scale import count
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.torture

ROUNDS = count(1_000, 100)
GUARDED = {"A, the foreign key refuses": CLASS_A, "B, the foreign key empties": CLASS_B}
UNGUARDED = {"B, the foreign key empties": CLASS_B, "C, no foreign key": CLASS_C}


@pytest.fixture(scope="module", params=ENGINES)
def arena(
    request: pytest.FixtureRequest, pool: ServerPool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    where: Path = tmp_path_factory.mktemp("race")
    found = place(request.param, pool, where)
    target = opened(found)
    target.create()
    yield Arena(found, found, target)


def told(arena: Arena, what: str, lost: int) -> None:
    record(
        f"races, {arena.place.engine}, {what}",
        f"{arena.outcomes.total()} races, {arena.assigned} assigned, {lost} without a package; our side: {arena.story}",
    )


@pytest.mark.parametrize("letter", GUARDED)
def test_nobody_loses_the_package(arena: Arena, letter: str) -> None:
    arena.protected(GUARDED[letter])
    lost = arena.race(ROUNDS)
    told(arena, letter, lost)
    assert lost == 0
    assert arena.both_win


def test_where_nothing_guards_nothing_is_deleted(arena: Arena) -> None:
    arena.protected(CLASS_C)
    lost = arena.race(ROUNDS)
    told(arena, "C, no foreign key", lost)
    assert (lost, arena.gone) == (0, 0)
    assert set(arena.outcomes) <= {"unguarded", "in-use", "given up"}
    assert arena.outcomes["unguarded"] > 0
    assert arena.assigned > 0


@pytest.mark.parametrize("letter", UNGUARDED)
def test_the_race_catches_a_recount_that_locks_nothing(arena: Arena, letter: str) -> None:
    arena.protected(UNGUARDED[letter])
    lost = arena.race(ROUNDS, bug=True, allowed="unguarded")
    told(arena, f"{letter}, planted bug", lost)
    assert lost > 0
