"""The application assigns a user to a package while we delete it (docs/rules.md#rule-26): a database with one package
that goes and one user that is put on it, again and again, and who was left without a package."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.verify import recheck_moved, recheck_start
from reconciler.kinds import KINDS
from reconciler.model.change import Delete
from reconciler.model.errors import ReconcilerError, Refused, Retry
from reconciler.model.plan import Allowance, Plan, Source
from reconciler.model.ref import Ref
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.writer import SqlWriter
from tests.support.engines import Hand, Place, ServerPlace

GOING = Delete(ref=Ref("package", "doomed"), before={})
LONGEST = 0.004
"""Seconds between two steps of either side, at most."""

FOREIGN_KEY = "CONSTRAINT fk_esp_tenant_package_id FOREIGN KEY (package_id) REFERENCES esp_package (id) ON DELETE "
ALTER = "ALTER TABLE esp_tenant ADD " + FOREIGN_KEY
CLASS_A = ALTER + "RESTRICT"
CLASS_B = ALTER + "SET NULL"
CLASS_C = ""
DROPPING = {
    "postgresql": "ALTER TABLE esp_tenant DROP CONSTRAINT",
    "mariadb": "ALTER TABLE esp_tenant DROP FOREIGN KEY",
}
IN_A_FILE = re.compile(
    r"CONSTRAINT fk_esp_tenant_package_id (FOREIGN KEY ?\(.*?\) REFERENCES .*? ON DELETE \w+( NULL)?|CHECK \(1\))"
)


def opened(place: Place, lock_timeout: float = 5) -> NativeTarget:
    """The built-in ESP in this database."""
    options = {"memory": place.memory} if place.memory else {}
    settings = TargetSettings(name="esp", type="native", url=place.url, lock_timeout=lock_timeout, options=options)
    return NATIVE.open(settings, KINDS)


THEIRS_FIRST, OURS_FIRST = 0, 1
"""The numbers of the rounds in which one side is done before the other begins."""


@dataclass
class Arena:
    """`place`: where we delete. `theirs`: where the application assigns; another node of a cluster, or the same.
    `outcomes` counts how our side ended: gone, in-use, unguarded, refused by the database, given up."""

    place: Place
    theirs: Place
    target: NativeTarget
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    outcomes: Counter[str] = field(default_factory=Counter)
    assigned: int = 0
    lasting: float = LONGEST
    """Seconds that our side took the last time: the application comes at any moment of it."""
    referee: Any = None
    """A hand that commits each statement."""

    @property
    def gone(self) -> int:
        return self.outcomes["gone"]

    @property
    def kept(self) -> int:
        return self.outcomes.total() - self.gone

    @property
    def both_win(self) -> bool:
        """A race that one side always wins would prove nothing."""
        return min(self.kept, self.gone) > 0

    @property
    def story(self) -> str:
        return ", ".join(f"{word} {count}" for word, count in sorted(self.outcomes.items()))

    def protected(self, by: str) -> None:
        """Give the user's package this foreign key, and take away what guarded it before."""
        self.place.sql("DELETE FROM esp_tenant")
        if self.place.engine == "sqlite":
            return self._declared_in_the_file(by)
        table = " ON esp_tenant" if self.place.engine == "postgresql" else ""
        for trigger in ("watch", "watch_INSERT", "watch_UPDATE"):
            self.place.sql(f"DROP TRIGGER IF EXISTS {trigger}{table}")
        for (name,) in self.place.sql(
            "SELECT constraint_name FROM information_schema.table_constraints "
            "WHERE constraint_name LIKE 'fk_esp_tenant_package_id%%' AND table_schema = ?",
            "public" if self.place.engine == "postgresql" else self.place.url.rpartition("/")[2].partition("?")[0],
        ):
            self.place.sql(f"{DROPPING[self.place.engine]} {name}")
        if by:
            self.place.sql(by)
        return None

    def _declared_in_the_file(self, by: str) -> None:
        """SQLite cannot alter a constraint; it reads what the table's text says."""
        wanted = by.partition(" ADD ")[2] or "CONSTRAINT fk_esp_tenant_package_id CHECK (1)"
        with self.place.hand() as connection:
            connection.execute("PRAGMA writable_schema = ON")
            (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'esp_tenant'").fetchone()
            new, found = IN_A_FILE.subn(wanted, text)
            assert found == 1, text
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'esp_tenant'", (new,))

    def race(self, rounds: int, *, bug: bool = False, allowed: str = "") -> int:
        """How many users were without a package afterwards. In the first two rounds one side goes first.
        `bug`: what we count is not locked; `allowed`: a class that the plan lifts."""
        self.place.sql("DELETE FROM esp_tenant")
        self.outcomes.clear()
        self.assigned = lost = 0
        lifted = (Allowance(code=allowed, reason="a test"),) if allowed else ()
        plan = Plan(
            target="esp", target_type="native", project="race", changes=(GOING,), source=Source(allowances=lifted)
        )
        with self.target.writer() as writer, session(self.theirs) as application, judging(self.place) as referee:
            self.referee = referee
            deleter = unlocked(writer, self.target) if bug else writer
            for number in range(rounds):
                doomed = self.prepared(number)
                self.sees(application, number)
                pause = [self.chance.random() * LONGEST for _ in range(4)]
                answers = list[bool]()
                thread = threading.Thread(
                    target=lambda d=doomed, p=pause, a=answers, n=number: a.append(self.assign(application, n, d, p))
                )
                if number != OURS_FIRST:
                    thread.start()
                if number == THEIRS_FIRST:
                    thread.join()
                began = time.monotonic()
                self.outcomes[self.delete(deleter, plan, pause, bug=bug)] += 1
                ended = time.monotonic()
                if number == OURS_FIRST:
                    thread.start()
                thread.join()
                self.lasting = ended - began
                self.assigned += answers[0]
                lost += answers[0] and not self.found(
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

    def sees(self, application: Any, number: int) -> None:
        """The user is there for the application too, or no assignment would be one."""
        seen = application.execute("SELECT 1 FROM esp_tenant WHERE email = ?", (f"user {number}",)).fetchall()
        assert seen, "what one node has committed the other does not know"
        application.commit()

    def assign(self, application: Any, number: int, doomed: int, pause: list[float]) -> bool:
        """The application's side; whether it was told that all is well."""
        time.sleep(pause[0] / LONGEST * self.lasting)
        try:
            changed = application.execute(
                "UPDATE esp_tenant SET package_id = ? WHERE email = ?", (doomed, f"user {number}")
            ).rowcount
            time.sleep(pause[1])
            application.commit()
        except Exception:  # whatever the driver calls it: the user was not assigned, and the application knows
            application.rollback()
            return False
        return bool(changed)

    def delete(self, writer: SqlWriter, plan: Plan, pause: list[float], *, bug: bool) -> str:
        """Our side, as `engine.apply` does it; how it ended."""
        time.sleep(pause[2])
        try:
            writer.begin()
            for finding in recheck_start(plan, plan.changes, {}, writer, KINDS):
                if finding.blocks:
                    return finding.code
            for finding in recheck_moved(plan, plan.changes, writer, KINDS):
                return finding.code
            if bug and self.place.engine == "sqlite":  # where every transaction of a writer locks all
                writer.rollback()
            time.sleep(pause[3])
            writer.begin()
            writer.delete(GOING.ref.kind, [GOING.ref.key])
            writer.commit()
        except Refused:
            return "refused"
        except Retry:
            return "given up"
        except ReconcilerError as error:
            return error.message
        else:
            return "gone"
        finally:
            writer.rollback()


def unlocked(writer: SqlWriter, target: NativeTarget) -> SqlWriter:
    """A bug: the same connection, and nothing that it reads is locked."""
    return SqlWriter(Connection(writer.session, writer._wire.place, locking=False), target._system, KINDS)


@contextmanager
def session(place: Place) -> Iterator[Any]:
    """The application's connection, with transactions of its own."""
    if isinstance(place, ServerPlace):
        with place.session() as application:
            yield application
        return
    connection = sqlite3.connect(place.url.removeprefix("sqlite:///"), check_same_thread=False)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection
    finally:
        connection.close()


@contextmanager
def judging(place: Place) -> Iterator[Any]:
    """A hand whose every statement is committed by itself."""
    with place.hand() as connection:
        if isinstance(place, ServerPlace):
            yield Hand(connection)
        else:
            connection.isolation_level = None
            yield connection
