"""Eight processes apply at once, each its own plan of the same objects (docs/rules.md#rule-33, docs/reliability.md): it
is as if one had come after the other, and who loses leaves nothing. One that is frozen meanwhile commits nothing any
more."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.apply import ApplyResult
from reconciler.model.errors import Locked, Stale
from tests.engines.test_lock_engines import applying, ended
from tests.support import REPOSITORY
from tests.support.engines import ENGINES, SERVERS
from tests.support.esp import FILES, Esp, Objects, changed, without_git
from tests.support.esp_on_servers import Databases, ServerEsp
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.many_rounds import UNDER_LOCK, Round, past, world

pytestmark = pytest.mark.torture

TOGETHER = 8
ROUNDS = count(100, 10)
LONGEST_DELAY = 0.8
"""Seconds, so that some plans are made while others are carried out."""


def wishes(chance: random.Random, mark: int) -> Objects:
    """What one of them declares: always another limit for Growth, and some of the rest. `mark` is its own number."""
    packages: dict[str, Any] = {"Growth": {"sending.daily_limit": mark}}
    for name in ("Starter Plan", "Legacy", "Trial"):
        if chance.random() < 0.5:
            packages[name] = {"sending.daily_limit": mark, "headers": {"X-Tier": f"tier {mark}"}}
    for name in ("Extra 1", "Extra 2", "Extra 3"):
        if chance.random() < 0.5:
            packages[name] = {"role": "Marketing", "limits.contacts": mark}
    allowed = chance.sample(["campaigns.send", "contacts.view", "reports.view"], 2)
    account = {"name": f"Acme {mark}", "package": chance.choice(["Growth", "Starter Plan"])}
    return changed(
        FILES,
        {
            "role": {"Marketing": {"permissions": allowed}},
            "package": packages,
            "tenant": {"ops@acme.example": account},
        },
    )


@dataclass
class Field:
    """One database, and a repository of it for each process."""

    esp: Esp
    folders: list[Path]
    crew: subprocess.Popen[str]
    chance: random.Random = field(default_factory=lambda: random.Random(11))
    seen: Counter[str] = field(default_factory=Counter)

    def round(self, number: int, *, lockless: bool = False) -> Round:
        """All of them at once."""
        before, declared = world(self.esp), None
        for position, folder in enumerate(self.folders):
            if declared is None or self.chance.random() > 0.15:  # else the same as the one before it
                declared = wishes(self.chance, 1_000 + number * TOGETHER + position)
            Esp(folder).declare(declared)
        orders = [self._order(folder) for folder in self.folders]
        assert self.crew.stdin is not None
        assert self.crew.stdout is not None
        self.crew.stdin.write(json.dumps({"orders": orders, "lockless": lockless}) + "\n")
        self.crew.stdin.flush()
        answers = json.loads(self.crew.stdout.readline())
        for answer in answers:
            self.seen[f"exit {answer['code']}" if answer["code"] else "done" if answer["done"] else "already"] += 1
        told = past(self.esp, [answer["run"] for answer in answers])
        return Round(before=before, after=world(self.esp), answers=answers, past=told)

    def of_losers(self) -> list[tuple[Any, ...]]:
        """What memory and history hold of runs that did not end well."""
        schema = f"{self.esp.place.memory}." if isinstance(self.esp, ServerEsp) else ""
        done = f"SELECT id FROM {schema}reconciler_run WHERE outcome = 'done'"
        return [
            row
            for table in ("reconciler_managed", "reconciler_change")
            for row in self.esp.sql(f"SELECT * FROM {schema}{table} WHERE run NOT IN ({done})")
        ]

    def _order(self, folder: Path) -> dict[str, Any]:
        return {
            "folder": str(folder),
            "patience": self.chance.choice([0.05, 20.0, 20.0]),
            "early": self.chance.random() < 0.4,
            "delay": self.chance.random() * LONGEST_DELAY,
        }

    def figures(self, name: str, text: str) -> None:
        engine = self.esp.place.engine if isinstance(self.esp, ServerEsp) else "sqlite"
        each = ", ".join(f"{number} {what}" for what, number in sorted(self.seen.items()))
        record(f"{name}, {engine}", f"{text} ({each})")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def esp(engine: str, databases: Callable[[str], Databases], tmp_path: Path) -> Iterator[Esp]:
    with without_git():
        yield databases(engine).running().copy(tmp_path / "esp")


def repositories(esp: Esp, number: int) -> list[Path]:
    """So many of the same database, for other processes to declare in."""
    folders = [esp.folder.with_name(f"repository-{each}") for each in range(number)]
    for folder in folders:
        shutil.copytree(esp.folder, folder, ignore=shutil.ignore_patterns("esp.db*"))
        file = folder / "reconciler.yaml"
        there = file.read_text(encoding="utf-8").replace("sqlite:///esp.db", f"sqlite:///{esp.database}")
        file.write_text(there, encoding="utf-8")
    return folders


@pytest.fixture
def battle(esp: Esp) -> Iterator[Field]:
    folders = repositories(esp, TOGETHER)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.torture.many_appliers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as crew:
        yield Field(esp, folders, crew)
        assert crew.stdin is not None
        crew.stdin.close()


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_eight_at_once_are_as_if_one_came_after_the_other(battle: Field) -> None:
    for number in range(ROUNDS):
        found = battle.round(number)
        assert list(found.wrongs()) == []
        assert any(answer["done"] for answer in found.answers)
    assert battle.of_losers() == []
    # Rounds that nobody lost would prove nothing.
    assert battle.seen["exit 4"] + battle.seen["exit 5"]
    battle.figures("8 applies at once", f"{ROUNDS} rounds: 0 interleaved, 0 left by a loser")


@pytest.mark.parametrize("engine", SERVERS, indirect=True)
def test_a_lock_that_is_not_taken_is_caught(battle: Field) -> None:
    """A bug: the lock row is left alone."""
    rounds = count(20, 5)
    wrongs = [wrong for number in range(rounds) for wrong in battle.round(number, lockless=True).wrongs()]
    assert "two were at work at the same time" in wrongs
    battle.figures("8 applies at once without the lock", f"{rounds} rounds: {len(wrongs)} wrongs found")


LIMIT = "safety: {block: [], max_lock_time: 2 s}"
PAST_IT = 2.5
"""Seconds."""


@pytest.fixture
def frozen(esp: Esp) -> Esp:
    """Another repository of the same database, for the one that will be frozen; only that one has a short limit."""
    esp.settings(LIMIT)
    folder = repositories(esp, 1)[0]
    esp.settings()
    return Esp(folder)


def overtakes(esp: Esp) -> ApplyResult:
    """Apply while another one is frozen. What that one had sent already may be done meanwhile: then once more."""
    with suppress(Stale):
        return esp.apply(patience=20)
    return esp.apply(patience=20)


def stopped(codes: Counter[int]) -> str:
    each = ", ".join(f"{number} x exit {code}" for code, number in sorted(codes.items()))
    return f"{codes.total()} rounds: 0 committed afterwards ({each})"


@pytest.mark.parametrize("phase", UNDER_LOCK)
@pytest.mark.parametrize("engine", SERVERS, indirect=True)
def test_a_frozen_one_that_was_overtaken_commits_nothing(esp: Esp, frozen: Esp, engine: str, phase: str) -> None:
    """Asleep past `max_lock_time` inside the transaction; awake again it is told, and what it finds is not its own."""
    chance, codes = random.Random(phase), Counter[int]()
    for number in range(count(5, 1)):
        frozen.declare(wishes(chance, 2 * number))
        esp.declare(wishes(chance, 2 * number + 1))
        with applying(frozen, phase, "stop") as asleep:
            assert overtakes(esp).done
            after = esp.dump()
            asleep.send_signal(signal.SIGCONT)
            code, said = ended(asleep)
        assert code in (1, 4), said
        assert esp.dump() == after
        codes[code] += 1
    record(f"frozen while {phase}, {engine}", stopped(codes))


@pytest.mark.parametrize("engine", SERVERS, indirect=True)
def test_one_frozen_at_any_moment_commits_nothing_once_overtaken(esp: Esp, frozen: Esp, engine: str) -> None:
    """Also while it waits for an answer, or when it is all done: what it did, it did before the other one."""
    chance, codes = random.Random(5), Counter[int]()
    for number in range(count(20, 3)):
        frozen.declare(wishes(chance, 2 * number))
        esp.declare(wishes(chance, 2 * number + 1))
        with applying(frozen, UNDER_LOCK[0], "wait") as asleep:
            assert asleep.stdin is not None
            asleep.stdin.write("go on\n")
            asleep.stdin.flush()
            time.sleep(chance.random() * 0.1)
            asleep.send_signal(signal.SIGSTOP)
            assert overtakes(esp).done
            after = esp.dump()
            asleep.send_signal(signal.SIGCONT)
            code, said = ended(asleep)
        assert code in (0, 1, 4), said
        assert esp.dump() == after
        codes[code] += 1
    record(f"frozen at any moment, {engine}", stopped(codes))


@pytest.mark.parametrize("engine", SERVERS, indirect=True)
def test_who_has_patience_may_wait_longer_than_the_lock_may_be_held(esp: ServerEsp) -> None:
    """There may be several before it, each with the lock for that long."""
    esp.settings(LIMIT)
    esp.declare(wishes(random.Random(3), 1))
    with esp.place.session() as holder:
        holder.execute(f"UPDATE {esp.place.memory}.reconciler_lock SET heartbeat = heartbeat + 1")
        gone = threading.Timer(2 * PAST_IT, holder.commit)
        gone.start()
        assert esp.apply(patience=30).done
        gone.join()


@pytest.mark.parametrize("phase", UNDER_LOCK[:-1])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_on_a_file_a_frozen_one_keeps_the_lock_and_then_gives_up(esp: Esp, frozen: Esp, phase: str) -> None:
    """No server ends its transaction: others are told, and awake again it sees the clock and rolls back."""
    frozen.declare(wishes(random.Random(phase), 1))
    esp.declare(wishes(random.Random(phase), 2))
    before = esp.dump()
    with applying(frozen, phase, "stop") as asleep:
        with pytest.raises(Locked):
            esp.apply(patience=0.1)
        time.sleep(PAST_IT)
        asleep.send_signal(signal.SIGCONT)
        code, said = ended(asleep)
    assert (code, "max_lock_time" in said) == (1, True), said
    assert esp.dump() == before
    assert esp.apply().done
