"""The application assigns a user to a package while we delete it: nobody ever loses a package by us
(docs/rules.md#rule-26).

With the built-in schema (class A), with a foreign key that would empty the reference (class B), and with bugs planted
that must be caught: no foreign key and no locking recount.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import SERVERS, place
from tests.support.races import CLASS_A, CLASS_B, CLASS_C, Arena, opened
from tests.support.server_pool import ServerPool

ROUNDS = 40
MARIADB_WATCH = """
CREATE TRIGGER watch_{event} BEFORE {event} ON esp_tenant FOR EACH ROW BEGIN
    DECLARE there INT;
    SELECT count(*) INTO there FROM esp_package WHERE id = NEW.package_id {lock};
    IF NEW.package_id IS NOT NULL AND there = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'there is no such package';
    END IF;
END
"""
POSTGRESQL_WATCH = """
CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM 1 FROM esp_package WHERE id = NEW.package_id {lock};
    IF NEW.package_id IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION 'there is no such package';
    END IF;
    RETURN NEW;
END $$
"""


def watching(engine: str, *, locking: bool) -> list[str]:
    """Triggers that do what a foreign key does; without the lock they look too early."""
    if engine == "mariadb":
        lock = "LOCK IN SHARE MODE" if locking else ""
        return [MARIADB_WATCH.format(event=event, lock=lock) for event in ("INSERT", "UPDATE")]
    function = POSTGRESQL_WATCH.format(lock="FOR KEY SHARE" if locking else "")
    return [
        function,
        "CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON esp_tenant FOR EACH ROW EXECUTE FUNCTION watch()",
    ]


@pytest.fixture(scope="module")
def arenas() -> dict[str, Arena]:
    return {}


@pytest.fixture(params=SERVERS)
def arena(
    request: pytest.FixtureRequest, pool: ServerPool, arenas: dict[str, Arena], tmp_path: Path
) -> Iterator[Arena]:
    engine: str = request.param
    if engine not in arenas:
        found = place(engine, pool, tmp_path)
        target = opened(found)
        target.create()
        arenas[engine] = Arena(found, found, target)
    yield arenas[engine]


GUARDED: dict[str, str] = {"A": CLASS_A, "B": CLASS_B}


@pytest.mark.every_run
@pytest.mark.parametrize("by", GUARDED.values(), ids=GUARDED.keys())
def test_nobody_loses_the_package(arena: Arena, by: str) -> None:
    arena.protected(by)
    assert arena.race(ROUNDS) == 0
    assert arena.both_win


BUGS: dict[str, str] = {
    "no foreign key, no locking recount": CLASS_C,
    "a foreign key that empties, no locking recount": CLASS_B,
}


def test_triggers_that_lock_guard_as_well_as_a_foreign_key(arena: Arena) -> None:
    arena.protected("")
    for statement in watching(arena.place.engine, locking=True):
        arena.place.sql(statement)
    assert dict(arena.target.doctor())["protection of package"] == "A"
    assert arena.race(ROUNDS) == 0
    assert arena.both_win


def test_triggers_that_do_not_lock_are_no_guard(arena: Arena) -> None:
    arena.protected("")
    for statement in watching(arena.place.engine, locking=False):
        arena.place.sql(statement)
    assert dict(arena.target.doctor())["protection of package"] == "C"


@pytest.mark.every_run
def test_doctor_tells_the_class_and_what_would_raise_it(arena: Arena) -> None:
    """And the SQL that it prints does so."""
    for by, letter in ((CLASS_A, "A"), (CLASS_B, "B"), ("", "C")):
        arena.protected(by)
        answers = dict(arena.target.doctor())
        assert answers["protection of package"] == letter
        advice = answers.get("class A of package by")
        assert (advice is None) is (letter == "A")
        if advice:
            arena.place.sql(advice)
            assert dict(arena.target.doctor())["protection of package"] == "A"


@pytest.mark.parametrize("by", BUGS.values(), ids=BUGS.keys())
def test_the_race_catches_a_planted_bug(arena: Arena, by: str) -> None:
    arena.protected(by)
    assert arena.race(ROUNDS, bug=True, allowed="unguarded") > 0
