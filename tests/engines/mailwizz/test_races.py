"""MailWizz assigns a customer to a group while we delete it. Its foreign key would let go of the customer without a
word (class B), so what keeps everybody is the locked recount; and an apply that is killed at any statement did all or
nothing."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import Refused, Retry
from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.writer import SqlWriter
from tests.support.engines import Hand, Rival, ServerPlace, place
from tests.support.faults import Moments, watched
from tests.support.mailwizz import OLD, Mailwizz
from tests.support.mailwizz_filled import fill
from tests.support.server_pool import ServerPool

ROUNDS, MANY = 60, 1_000
DOOMED = Ref("package", "doomed")
LONGEST = 0.004
"""Seconds between two steps of either side, at most."""


@dataclass
class Arena:
    """One group that goes, and one customer that is put on it."""

    mail: Mailwizz
    locking: bool = True
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    kept: int = 0
    gone: int = 0
    lost: int = 0

    def race(self, rounds: int) -> Arena:
        user = self.mail.customer("user@x.example")
        with (
            self.mail.site.target.writer() as writer,
            self.mail.place.session() as application,
            self.mail.place.hand() as hand,
        ):
            assert isinstance(writer, SqlWriter)
            deleter = writer if self.locking else unlocked(writer)
            for _ in range(rounds):
                doomed = self.prepared(Hand(hand), user)
                pause = [self.chance.random() * LONGEST for _ in range(4)]
                assigned = list[bool]()
                thread = threading.Thread(
                    target=lambda d=doomed, p=pause, a=assigned: a.append(self.assigned(application, user, d, p))
                )
                thread.start()
                self.deleted(deleter, pause)
                thread.join()
                now = Hand(hand).execute("SELECT group_id FROM mw_customer WHERE customer_id = ?", (user,)).fetchone()
                self.lost += assigned[0] and now[0] is None
        return self

    def prepared(self, hand: Hand, user: int) -> int:
        hand.execute("UPDATE mw_customer SET group_id = NULL WHERE customer_id = ?", (user,))
        if not hand.execute("SELECT 1 FROM mw_customer_group WHERE name = 'doomed'").fetchall():
            dates = (OLD, OLD)
            hand.execute(
                "INSERT INTO mw_customer_group (name, date_added, last_updated) VALUES ('doomed', ?, ?)", dates
            )
        return int(hand.execute("SELECT group_id FROM mw_customer_group WHERE name = 'doomed'").fetchone()[0])

    def assigned(self, application: Rival, user: int, doomed: int, pause: list[float]) -> bool:
        """The application's side; whether it was told that all is well."""
        time.sleep(pause[0])
        try:
            application.execute("UPDATE mw_customer SET group_id = ? WHERE customer_id = ?", (doomed, user))
            time.sleep(pause[1])
            application.commit()
        except Exception:  # whatever the driver calls it: the customer was not assigned, and the application knows
            application.rollback()
            return False
        return True

    def deleted(self, writer: SqlWriter, pause: list[float]) -> None:
        """Our side, as `engine.apply` does it."""
        time.sleep(pause[2])
        try:
            writer.begin()
            holders = writer.facts(NeededFacts(holders=frozenset({DOOMED}), pointers=frozenset({DOOMED}))).holders
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


def unlocked(writer: SqlWriter) -> SqlWriter:
    """A bug: the same connection, and nothing that it reads is locked."""
    return SqlWriter(Connection(writer.session, writer._wire.place, locking=False), writer._system, KINDS)


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return Mailwizz(empty_database, tmp_path / "repository").installed()


def test_nobody_loses_the_group(mail: Mailwizz) -> None:
    arena = Arena(mail).race(ROUNDS)
    assert arena.lost == 0
    assert min(arena.kept, arena.gone) > 0


@pytest.mark.torture
def test_nobody_loses_the_group_in_a_thousand_races(mail: Mailwizz) -> None:
    arena = Arena(mail).race(MANY)
    assert arena.lost == 0
    assert min(arena.kept, arena.gone) > 0


def test_the_race_catches_a_planted_bug(mail: Mailwizz) -> None:
    assert Arena(mail, locking=False).race(ROUNDS).lost > 0


CHANGES: dict[str, dict[str, dict[str, Any]]] = {
    "package": {
        "Starter": {"quota": {"emails": 2000, "time_unit": "week"}},
        "Growth": {"assets.sending_nodes": ["spare.host"], "options": {"ext.crm.colour": "red"}},
        "New": {"quota": {"action": "move", "move_to": "Starter"}},
        "Espresso": {"previously": ["Cafe"]},
        "Trial": {"lifecycle": "removed", "reassign_to": "New"},
    },
    "tenant": {"ops@acme.example": {"package": "New", "status": "suspended"}},
    "platform": {"default": {"quota.emails": 1}},
}


@dataclass
class Killed:
    """A plan of one of everything, and a database that it is run on anew for each moment."""

    origin: Mailwizz
    mail: Mailwizz

    def __post_init__(self) -> None:
        fill(self.origin)
        fill(self.mail)
        for each in (self.origin, self.mail):
            each.declare(CHANGES)
        with watched(Moments()) as self.moments:
            self.mail.apply()
        self.after = said(self.mail)
        self.before = said(self.origin)

    def at(self, number: int, after: bool) -> dict[str, Any]:
        """What is there once the process died at this statement."""
        self.mail.place.take(self.origin.place)
        child = os.fork()
        if not child:
            self._dies(number, after)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        return said(self.mail)

    def _dies(self, number: int, after: bool) -> None:
        try:
            with watched(Moments(at=number, after=after, stop=lambda: os._exit(9))):
                self.mail.apply()
        finally:
            os._exit(1)


def said(mail: Mailwizz) -> dict[str, Any]:
    """Every row, without ids of new rows and the time of day."""
    groups: dict[Any, Any] = dict(mail.sql("SELECT group_id, name FROM {customer_group}"))  # type: ignore[arg-type]
    options = mail.sql("SELECT group_id, code, value FROM {customer_group_option}")
    moves = "system.customer_sending.move_to_group_id"
    return {
        "groups": sorted(groups.values()),
        "options": sorted(
            (groups[number], code, repr(groups.get(int(value), "") if code == moves else value))
            for number, code, value in options
        ),
        "customers": [
            (email, groups.get(number), status)
            for email, number, status in mail.sql("SELECT email, group_id, status FROM {customer} ORDER BY email")
        ],
        "links": mail.sql("SELECT server_id FROM {delivery_server_to_customer_group} ORDER BY 1"),
        "platform": mail.sql("SELECT category, `key`, value FROM {option} ORDER BY 1, 2"),
    }


@pytest.fixture
def killed(pool: ServerPool, tmp_path: Path) -> Killed:
    def made(name: str) -> Mailwizz:
        found = place("mariadb", pool, tmp_path)
        assert isinstance(found, ServerPlace)
        return Mailwizz(found, tmp_path / name).installed()

    return Killed(made("origin"), made("copy"))


def proven(killed: Killed, choose: Callable[[int], bool]) -> int:
    """All or nothing at every chosen moment; the next apply ends like one that was never killed."""
    count = len(killed.moments.seen)
    tried = 0
    for number in range(1, count + 1):
        for after in (False, True):
            if not choose(number):
                continue
            tried += 1
            found = killed.at(number, after)
            assert found in (killed.before, killed.after)
            killed.mail.apply()
            assert said(killed.mail) == killed.after
            assert not killed.mail.plan().changes
    return tried


def test_an_apply_that_is_killed_did_all_or_nothing(killed: Killed) -> None:
    count = len(killed.moments.seen)
    assert proven(killed, lambda number: number % 25 == 0 or number >= count - 1) >= 6


@pytest.mark.torture
def test_an_apply_that_is_killed_at_any_write_did_all_or_nothing(killed: Killed) -> None:
    writes = frozenset(killed.moments.writes())
    assert proven(killed, writes.__contains__) == 2 * len(writes)
