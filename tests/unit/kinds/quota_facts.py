"""What MailWizz does with a quota, written from its fact sheet row by row. The product's own rules are not asked."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from reconciler.kinds.quota import Quota, State

LIMIT, PERIOD = 1_000, 1
EMAILS = {"0": 0, "N": LIMIT, "∞": None}
TIME = {"0": 0, "T": PERIOD, "∞": None}

# `*`: whatever it is. Every combination agrees with exactly one row.
TABLE = """
emails  time  wait  action  expired  over    what happens
0       *     *     *       *        *       BLOCKED
N       0     *     *       *        *       BLOCKED
∞       0     *     *       *        *       BLOCKED
∞       ∞     *     *       *        *       SENDS

∞       T     *     *       no       *       SENDS
∞       T     *     none    yes      *       BLOCKED
∞       T     *     reset   yes      *       RENEWS
∞       T     *     move    yes      *       MOVES

N       ∞     *     *       *        no      SENDS
N       ∞     yes   *       *        yes     HELD
N       ∞     no    none    *        yes     BLOCKED
N       ∞     no    reset   *        yes     RENEWS
N       ∞     no    move    *        yes     MOVES

N       T     yes   none    no       no      SENDS
N       T     yes   none    no       yes     HELD
N       T     yes   none    yes      no      BLOCKED
N       T     yes   none    yes      yes     BLOCKED
N       T     yes   reset   no       no      SENDS
N       T     yes   reset   no       yes     HELD
N       T     yes   reset   yes      no      RENEWS
N       T     yes   reset   yes      yes     RENEWS
N       T     yes   move    no       no      SENDS
N       T     yes   move    no       yes     HELD
N       T     yes   move    yes      no      MOVES
N       T     yes   move    yes      yes     MOVES
N       T     no    none    no       no      SENDS
N       T     no    none    no       yes     BLOCKED
N       T     no    none    yes      no      BLOCKED
N       T     no    none    yes      yes     BLOCKED
N       T     no    reset   no       no      SENDS
N       T     no    reset   no       yes     RENEWS
N       T     no    reset   yes      no      RENEWS
N       T     no    reset   yes      yes     RENEWS
N       T     no    move    no       no      SENDS
N       T     no    move    no       yes     MOVES
N       T     no    move    yes      no      MOVES
N       T     no    move    yes      yes     MOVES
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:] if line]


class Situation(NamedTuple):
    """A quota and where a customer stands, in the words of the table."""

    emails: str
    time: str
    wait: str
    action: str
    expired: str
    over: str


SETTINGS = tuple(product(EMAILS, TIME, ("yes", "no"), ("none", "reset", "move")))
SITUATIONS = tuple(Situation(*settings, *where) for settings in SETTINGS for where in product(("no", "yes"), repeat=2))


def rows_for(situation: Situation) -> list[State]:
    """What the rows that agree with it say."""
    return [State[says] for *row, says in ROWS if all(a in ("*", b) for a, b in zip(row, situation, strict=True))]


def fact(situation: Situation) -> State:
    (found,) = rows_for(situation)
    return found


def quota_in(emails: str, time: str, wait: str, action: str, *, unit: str = "month", times: int = PERIOD) -> Quota:
    """The quota of these words. `times`: how long a period is where it is neither zero nor unlimited."""
    return Quota(
        emails=EMAILS[emails],
        time_value=times if time == "T" else TIME[time],
        time_unit=unit,
        wait=wait == "yes",
        action=action,
        move_to="Basic" if action == "move" else "",
    )
