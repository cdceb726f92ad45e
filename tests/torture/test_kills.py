"""`kill -9` of an apply at any moment, on every engine: all of it is there or nothing, and the next apply comes to the
same end (docs/rules.md#rule-33, docs/reliability.md).

The plan creates, updates, renames, reassigns, deletes and forgets, and writes memory and history. What is left is
judged by a dump of every table: byte for byte what was there before, or in everything what a whole apply leaves; only
the row that announces the run may differ. There are two sorts of moments: before and after each statement, where the
process kills itself; and any time, also inside the driver or a write to the disk, where its parent kills it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.engines import ENGINES
from tests.support.esp import without_git
from tests.support.esp_on_servers import Databases
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.kills_range import Range, Tally

pytestmark = pytest.mark.torture

SEED = 20_261
AT_ANY_TIME = count(200, 15)
AT_STATEMENTS = count(10_000, 15)
"""At most as many, spread over the whole apply."""

KILLED = -9


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shooting(engine: str, databases: Callable[[str], Databases], tmp_path: Path) -> Iterator[Range]:
    with without_git(), Range(databases(engine).running(), tmp_path) as shooting:
        yield shooting


def moments_of(shooting: Range) -> list[tuple[int, bool]]:
    """Before and after each statement; the COMMIT that counts is always among them."""
    every = [(number, after) for number in range(1, shooting.statements + 1) for after in (False, True)]
    step = max(1, -(-len(every) // AT_STATEMENTS))
    return sorted({*every[::step], *every[-2:]})


def test_killed_before_and_after_every_statement(shooting: Range, engine: str) -> None:
    tally = Tally()
    moments = moments_of(shooting)
    with shooting.warm() as warm:
        for number, after in moments:
            shooting.reset()
            assert warm.order(at=number, after=after)["code"] == KILLED
            left = shooting.judged(f"{'after' if after else 'before'} statement {number}", tally)
            assert left in ("half", shooting.expected(number, after))
            shooting.converges(left, tally)
    record(f"killed at {len(moments)} moments of {shooting.statements} statements, {engine}", str(tally))
    assert not tally.half


def test_killed_at_any_time(shooting: Range, engine: str) -> None:
    """SIGKILL from outside, wherever the process is then."""
    chance, tally, survived = random.Random(SEED), Tally(), 0
    with shooting.warm() as warm:
        shooting.reset()
        ended = warm.order()
        assert ended["code"] == 0
        longest = ended["seconds"]
        for shot in range(AT_ANY_TIME):
            shooting.reset()
            seconds = chance.uniform(0, longest)
            code = warm.order(kill_after=seconds)["code"]
            assert code in (KILLED, 0)
            survived += code == 0
            longest *= 0.9 if code == 0 else 1.01  # about one in ten comes to its end, however busy the machine is
            left = shooting.judged(f"shot {shot}, after {seconds:.4f} s", tally)
            assert code == KILLED or left == "done"
            shooting.converges(left, tally)
    text = f"{tally}; {survived} had ended before the signal"
    record(f"killed at {AT_ANY_TIME} random times (seed {SEED}), {engine}", text)
    assert not tally.half


def test_a_commit_in_the_middle_is_found(shooting: Range) -> None:
    """The planted bug: the first step of the writing is committed by itself."""
    tally = Tally()
    with shooting.warm("early") as warm:
        for number in range(shooting.statements - 20, shooting.statements, 4):
            shooting.reset()
            assert warm.order(at=number)["code"] == KILLED
            shooting.judged(f"before statement {number}", tally)
    assert len(tally.half) == 5
