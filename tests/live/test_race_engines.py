"""The application assigns a user to a package while we delete it: nobody ever loses a package by us (RELIABILITY 2.2).

With the built-in schema (class A), with a foreign key that would empty the reference (class B), and with bugs planted
that must be caught: no foreign key and no locking recount.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from borrowing import Lending
from engines import SERVERS, Hand, Rival, ServerPlace, place

from reconciler.kinds import KINDS
from reconciler.model.errors import Refused, Retry
from reconciler.model.facts import Question
from reconciler.model.ref import Ref
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget
from reconciler.targets.sql.wire import Wire
from reconciler.targets.sql.writer import SqlWriter

ROUNDS = 100
MANY = 1_000
DOOMED = Ref("package", "doomed")
LONGEST = 0.004
"""Seconds between two steps of either side, at most."""

FOREIGN_KEYS = {
    "postgresql": "ALTER TABLE esp_tenant DROP CONSTRAINT",
    "mariadb": "ALTER TABLE esp_tenant DROP FOREIGN KEY",
}
CLASS_B = (
    "ALTER TABLE esp_tenant ADD CONSTRAINT fk_esp_tenant_package_id "
    "FOREIGN KEY (package_id) REFERENCES esp_package (id) ON DELETE SET NULL"
)
CLASS_A = CLASS_B.replace("SET NULL", "RESTRICT")


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


@dataclass
class Arena:
    """A database of the built-in ESP with one package that goes and one user that is put on it."""

    place: ServerPlace
    target: NativeTarget
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    kept: int = 0
    gone: int = 0
    referee: Hand = field(default_factory=lambda: Hand(None))

    def protected(self, by: str) -> None:
        """Give the user's package this foreign key, and take away what guarded it before."""
        self.place.sql("DELETE FROM esp_tenant")
        table = " ON esp_tenant" if self.place.engine == "postgresql" else ""
        for trigger in ("watch", "watch_INSERT", "watch_UPDATE"):
            self.place.sql(f"DROP TRIGGER IF EXISTS {trigger}{table}")
        for (name,) in self.place.sql(
            "SELECT constraint_name FROM information_schema.table_constraints "
            "WHERE constraint_name LIKE 'fk_esp_tenant_package_id%%' AND table_schema = ?",
            self.place.schemas[0],
        ):
            self.place.sql(f"{FOREIGN_KEYS[self.place.engine]} {name}")
        if by:
            self.place.sql(by)

    def race(self, rounds: int, locking: bool) -> int:
        """How many users were without a package afterwards."""
        self.place.sql("DELETE FROM esp_tenant")
        lost = 0
        with self.target.writer() as writer, self.place.session() as application, self.place.hand() as hand:
            self.referee = Hand(hand)
            deleter = writer if locking else unlocked(writer, self.target)
            for number in range(rounds):
                doomed = self.prepared(number)
                pause = [self.chance.random() * LONGEST for _ in range(4)]
                assigned = list[bool]()
                thread = threading.Thread(
                    target=lambda d=doomed, p=pause, a=assigned, n=number: a.append(self.assigned(application, n, d, p))
                )
                thread.start()
                self.deleted(deleter, pause)
                thread.join()
                lost += assigned[0] and not self.found(
                    "SELECT 1 FROM esp_tenant t JOIN esp_package p ON p.id = t.package_id WHERE t.email = ?",
                    f"user {number}",
                )
        return lost

    def prepared(self, number: int) -> int:
        """The doomed package, there again, and a user without a package."""
        if not self.found("SELECT 1 FROM esp_package WHERE name = 'doomed'"):
            self.referee.execute("INSERT INTO esp_package (name) VALUES ('doomed')")
        self.referee.execute("UPDATE esp_tenant SET package_id = NULL WHERE package_id IS NOT NULL")
        self.referee.execute("INSERT INTO esp_tenant (email, name) VALUES (?, '')", (f"user {number}",))
        return int(self.found("SELECT id FROM esp_package WHERE name = 'doomed'")[0][0])

    def found(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return list(self.referee.execute(query, values).fetchall())

    def assigned(self, application: Rival, number: int, doomed: int, pause: list[float]) -> bool:
        """The application's side; whether it was told that all is well."""
        time.sleep(pause[0])
        try:
            application.execute("UPDATE esp_tenant SET package_id = ? WHERE email = ?", (doomed, f"user {number}"))
            time.sleep(pause[1])
            application.commit()
        except Exception:  # whatever the driver calls it: the user was not assigned, and the application knows
            application.rollback()
            return False
        return True

    def deleted(self, writer: SqlWriter, pause: list[float]) -> None:
        """Our side, as `engine.apply` does it."""
        time.sleep(pause[2])
        try:
            writer.begin()
            holders = writer.facts(Question(holders=frozenset({DOOMED}), pointers=frozenset({DOOMED}))).holders
            if holders[DOOMED].count:
                self.kept += 1
                return
            time.sleep(pause[3])
            writer.delete("package", ["doomed"])
            writer.commit()
            self.gone += 1
        except (Refused, Retry):
            self.kept += 1
        finally:
            writer.rollback()


def unlocked(writer: SqlWriter, target: NativeTarget) -> SqlWriter:
    """A bug: the same connection, and nothing that it reads is locked."""
    return SqlWriter(Wire(writer.session, writer._wire.place, locking=False), target._system, KINDS)


@pytest.fixture(scope="module")
def arenas() -> dict[str, Arena]:
    return {}


@pytest.fixture(params=SERVERS)
def arena(
    request: pytest.FixtureRequest, lending: Lending, arenas: dict[str, Arena], tmp_path: Path
) -> Iterator[Arena]:
    engine: str = request.param
    if engine not in arenas:
        found = place(engine, lending, tmp_path)
        assert isinstance(found, ServerPlace)
        settings = TargetSettings(
            name="esp", type="native", url=found.url, lock_timeout=5, options={"memory": found.memory}
        )
        target = NATIVE.open(settings, KINDS)
        target.create()
        arenas[engine] = Arena(found, target)
    arenas[engine].kept = arenas[engine].gone = 0
    yield arenas[engine]


def both_win(arena: Arena) -> bool:
    """A race that one side always wins would prove nothing."""
    return min(arena.kept, arena.gone) > 0


GUARDED: dict[str, str] = {"A": CLASS_A, "B": CLASS_B}


@pytest.mark.parametrize("by", GUARDED.values(), ids=GUARDED.keys())
def test_nobody_loses_the_package(arena: Arena, by: str) -> None:
    arena.protected(by)
    assert arena.race(ROUNDS, locking=True) == 0
    assert both_win(arena)


@pytest.mark.torture
@pytest.mark.parametrize("by", GUARDED.values(), ids=GUARDED.keys())
def test_nobody_loses_the_package_in_a_thousand_races(arena: Arena, by: str) -> None:
    arena.protected(by)
    assert arena.race(MANY, locking=True) == 0
    assert both_win(arena)


BUGS: dict[str, tuple[str, bool]] = {
    "no foreign key, no locking recount": ("", False),
    "a foreign key that empties, no locking recount": (CLASS_B, False),
}


def test_triggers_that_lock_guard_as_well_as_a_foreign_key(arena: Arena) -> None:
    arena.protected("")
    for statement in watching(arena.place.engine, locking=True):
        arena.place.sql(statement)
    assert dict(arena.target.doctor())["protection of package"] == "A"
    assert arena.race(ROUNDS, locking=True) == 0
    assert both_win(arena)


def test_triggers_that_do_not_lock_are_no_guard(arena: Arena) -> None:
    arena.protected("")
    for statement in watching(arena.place.engine, locking=False):
        arena.place.sql(statement)
    assert dict(arena.target.doctor())["protection of package"] == "C"


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


@pytest.mark.parametrize(("by", "locking"), BUGS.values(), ids=BUGS.keys())
def test_the_race_catches_a_planted_bug(arena: Arena, by: str, locking: bool) -> None:
    arena.protected(by)
    assert arena.race(ROUNDS, locking=locking) > 0
