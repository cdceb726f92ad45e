"""We delete a package on one node while the application assigns it on another (docs/rules.md#rule-26)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engines import on
from tests.support.figures import record
from tests.support.races import CLASS_A, CLASS_B, CLASS_C, Arena, opened
from tests.support.scale import count
from tests.torture.galera.cluster import Cluster
from tests.torture.galera.esp_on_cluster import database_on

pytestmark = [pytest.mark.torture, pytest.mark.galera]

ROUNDS = count(1_000, 100)
GUARDED = {"A, the foreign key refuses": CLASS_A, "B, the foreign key empties": CLASS_B}
UNGUARDED = {"B, the foreign key empties": CLASS_B, "C, no foreign key": CLASS_C}


@pytest.fixture(scope="module")
def arena(cluster: Cluster) -> Iterator[Arena]:
    cluster.mend()
    ours = database_on(cluster.nodes[0])
    target = opened(ours)
    target.create()
    yield Arena(ours, on(cluster.nodes[1], "mariadb", ours.name), target)


def told(arena: Arena, what: str, lost: int) -> None:
    record(
        f"races on two nodes of Galera, {what}",
        f"{arena.outcomes.total()} races, {arena.assigned} assigned, {lost} without a package; our side: {arena.story}",
    )


@pytest.mark.parametrize("letter", GUARDED)
def test_nobody_loses_the_package(arena: Arena, letter: str) -> None:
    arena.protected(GUARDED[letter])
    lost = arena.race(ROUNDS)
    told(arena, letter, lost)
    assert lost == 0
    assert arena.both_win or ROUNDS < 1_000  # certification lets few of our side through


def test_where_nothing_guards_nothing_is_deleted(arena: Arena) -> None:
    arena.protected(CLASS_C)
    lost = arena.race(ROUNDS)
    told(arena, "C, no foreign key", lost)
    assert (lost, arena.gone) == (0, 0)


@pytest.mark.parametrize("letter", UNGUARDED)
def test_the_race_catches_a_recount_that_locks_nothing(arena: Arena, letter: str) -> None:
    arena.protected(UNGUARDED[letter])
    lost = arena.race(ROUNDS, bug=True, allowed="unguarded")
    told(arena, f"{letter}, planted bug", lost)
    assert lost > 0
