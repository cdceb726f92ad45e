"""The application puts a client on a package, or gives a package a role, while we delete it. Mumara has no foreign key
(class C); the triggers that `doctor` prints make it class A, and nobody is left with what is gone."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import Refused, Retry
from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.target import SystemTarget
from reconciler.targets.sql.writer import SqlWriter
from tests.support.engines import Hand, Rival, ServerPlace
from tests.support.mumara import Mumara, target

ROUNDS, MANY = 60, 1_000
LONGEST = 0.004
"""Seconds between two steps of either side, at most."""

NEW_PACKAGE = (
    "INSERT INTO packages (package_name, user_id, sending_domain_limit, evergreen_campaigns, trigger_actions, "
    "tracking_restrictions) VALUES ('doomed', 1, -1, -1, -1, '{}')"
)


@dataclass(frozen=True)
class Prey:
    """What goes, and how the application comes to use it. `lost`: counts what names nothing any more."""

    ref: Ref
    again: str
    table: str
    name: str
    free: str
    take: str
    lost: str


PACKAGE = Prey(
    Ref("package", "doomed"),
    NEW_PACKAGE,
    "packages",
    "package_name",
    "UPDATE users SET package_id = NULL WHERE id = 104",
    "UPDATE users SET package_id = ? WHERE id = 104",
    "SELECT count(*) FROM users u LEFT JOIN packages p ON p.id = u.package_id "
    "WHERE u.id = 104 AND u.package_id IS NOT NULL AND p.id IS NULL",
)
ROLE = Prey(
    Ref("role", "doomed"),
    "INSERT INTO roles (name, is_staff, type) VALUES ('doomed', 0, 'web')",
    "roles",
    "name",
    "UPDATE packages SET role_id = 3 WHERE id = 7",
    "UPDATE packages SET role_id = ? WHERE id = 7",
    "SELECT count(*) FROM packages p LEFT JOIN roles r ON r.id = p.role_id "
    "WHERE p.id = 7 AND p.role_id IS NOT NULL AND r.id IS NULL",
)
USER_ROLE = Prey(
    ROLE.ref,
    ROLE.again,
    ROLE.table,
    ROLE.name,
    "UPDATE users SET role_id = NULL WHERE id = 104",
    "UPDATE users SET role_id = ? WHERE id = 104",
    "SELECT count(*) FROM users u LEFT JOIN roles r ON r.id = u.role_id "
    "WHERE u.id = 104 AND u.role_id IS NOT NULL AND r.id IS NULL",
)
PREYS = {"a package of users": PACKAGE, "a role of packages": ROLE, "a role of users": USER_ROLE}


@dataclass
class Arena:
    """One race after another over the same prey."""

    place: ServerPlace
    esp: SystemTarget
    prey: Prey
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    kept: int = 0
    gone: int = 0

    def race(self, rounds: int, *, locking: bool = True) -> int:
        """How often what the application assigned named nothing afterwards."""
        lost = 0
        with self.esp.writer() as writer, self.place.session() as application, self.place.hand() as hand:
            referee = Hand(hand)
            deleter = writer if locking else unlocked(writer, self.esp)
            for _ in range(rounds):
                referee.execute(self.prey.free)
                query = f"SELECT id FROM {self.prey.table} WHERE {self.prey.name} = 'doomed'"
                if not referee.execute(query).fetchall():
                    referee.execute(self.prey.again)
                doomed = referee.execute(query).fetchall()[0][0]
                pause = [self.chance.random() * LONGEST for _ in range(4)]
                thread = threading.Thread(target=self.assign, args=(application, doomed, pause))
                thread.start()
                self.delete(deleter, pause)
                thread.join()
                lost += referee.execute(self.prey.lost).fetchall()[0][0]
        return lost

    def assign(self, application: Rival, doomed: int, pause: list[float]) -> None:
        """The application's side."""
        time.sleep(pause[0])
        try:
            application.execute(self.prey.take, (doomed,))
            time.sleep(pause[1])
            application.commit()
        except Exception:  # whatever the driver calls it: it was not assigned, and the application knows
            application.rollback()

    def delete(self, writer: SqlWriter, pause: list[float]) -> None:
        """Our side, as `engine.apply` does it."""
        ref = self.prey.ref
        time.sleep(pause[2])
        try:
            writer.begin()
            asked = NeededFacts(holders=frozenset({ref}), pointers=frozenset({ref}))
            facts = writer.facts(asked)
            if facts.holders[ref].count or facts.pointers[ref]:
                self.kept += 1
                return
            time.sleep(pause[3])
            writer.delete(ref.kind, [ref.key])
            writer.commit()
            self.gone += 1
        except (Refused, Retry):
            self.kept += 1
        finally:
            writer.rollback()


def unlocked(writer: SqlWriter, esp: SystemTarget) -> SqlWriter:
    """A bug: the same connection, and nothing that it reads is locked."""
    return SqlWriter(Connection(writer.session, writer._wire.place, locking=False), esp._found.system, KINDS)


def install(place: ServerPlace) -> list[str]:
    """What doctor prints, run."""
    printed = [text for label, text in target(place).doctor() if label.startswith("class A of")]
    for statement in printed:
        place.sql(statement)
    return printed


@pytest.fixture
def arena(mumara: Mumara) -> Callable[[Prey], Arena]:
    return lambda prey: Arena(mumara.place, target(mumara.place), prey)


def test_without_anything_deletes_are_class_c_and_must_be_allowed(mumara: Mumara) -> None:
    said = dict(target(mumara.place).doctor())
    assert (said["protection of package"], said["protection of role"]) == ("C", "C")
    mumara.settings("external: ['role/*']")
    mumara.sql(NEW_PACKAGE)
    mumara.write("package", "doomed: {lifecycle: removed}\n")
    assert [f.code for f in mumara.plan().findings if f.blocks] == ["unguarded"]
    mumara.apply("unguarded")
    assert mumara.sql("SELECT count(*) FROM packages WHERE package_name = 'doomed'") == [(0,)]


@pytest.mark.every_run
def test_the_printed_triggers_make_class_a(mumara: Mumara) -> None:
    assert len(install(mumara.place)) == 3 * len(
        ("users.package_id", "packages.role_id", "users.role_id", "api_tokens")
    )
    said = dict(target(mumara.place).doctor())
    assert (said["protection of package"], said["protection of role"]) == ("A", "A")
    assert not [label for label in said if label.startswith("class A of")]
    mumara.settings("external: ['role/*']")
    mumara.sql(NEW_PACKAGE)
    mumara.write("package", "doomed: {lifecycle: removed}\n")
    mumara.apply()
    assert mumara.sql("SELECT count(*) FROM packages WHERE package_name = 'doomed'") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM packages WHERE id = 1",
        "DELETE FROM roles WHERE id = 3",
        "DELETE FROM roles WHERE id = 8",
        "UPDATE users SET package_id = 77 WHERE id = 104",
        "UPDATE packages SET role_id = 77 WHERE id = 2",
        "INSERT INTO users (email, package_id) VALUES ('x', 77)",
        "INSERT INTO api_tokens (role_id) VALUES (77)",
    ],
)
def test_with_triggers_nobody_else_breaks_it_either(mumara: Mumara, statement: str) -> None:
    install(mumara.place)
    before = mumara.place.dump()
    with pytest.raises(Exception, match=r"names it|names nothing"):
        mumara.sql(statement)
    assert mumara.place.dump() == before


def test_with_triggers_what_was_wrong_before_may_stay_and_nothing_may_be_named(mumara: Mumara) -> None:
    mumara.sql("UPDATE users SET package_id = 77 WHERE id = 103")
    install(mumara.place)
    mumara.sql("UPDATE users SET status = 'active' WHERE id = 103")
    mumara.sql("UPDATE users SET package_id = 0, role_id = NULL WHERE id = 103")
    mumara.sql("UPDATE users SET package_id = 1 WHERE id = 103")
    mumara.sql("DELETE FROM packages WHERE id = 4")


@pytest.mark.every_run
def test_our_own_delete_is_refused_by_a_trigger_in_plain_words(mumara: Mumara) -> None:
    install(mumara.place)
    with target(mumara.place).writer() as writer:
        writer.begin()
        with pytest.raises(Refused, match="package/Growth"):
            writer.delete("package", ["Growth"])
        writer.rollback()


@pytest.mark.parametrize("prey", PREYS.values(), ids=PREYS.keys())
def test_nobody_loses_what_he_is_on(arena: Callable[[Prey], Arena], prey: Prey) -> None:
    found = arena(prey)
    install(found.place)
    assert found.race(ROUNDS) == 0
    assert min(found.kept, found.gone) > 0, "a race that one side always wins would prove nothing"


@pytest.mark.torture
@pytest.mark.parametrize("prey", PREYS.values(), ids=PREYS.keys())
def test_nobody_loses_what_he_is_on_in_a_thousand_races(arena: Callable[[Prey], Arena], prey: Prey) -> None:
    found = arena(prey)
    install(found.place)
    assert found.race(MANY) == 0
    assert min(found.kept, found.gone) > 0


def test_the_race_catches_what_has_no_guard(arena: Callable[[Prey], Arena]) -> None:
    """No triggers and no locks: somebody is left with what is gone."""
    assert arena(PACKAGE).race(4 * ROUNDS, locking=False) > 0


def test_triggers_that_do_not_lock_are_no_guard(mumara: Mumara) -> None:
    for label, statement in target(mumara.place).doctor():
        if label.startswith("class A of"):
            mumara.sql(statement.replace(" LOCK IN SHARE MODE", ""))
    assert dict(target(mumara.place).doctor())["protection of package"] == "C"
