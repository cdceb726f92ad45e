"""A process that is killed at any moment of an apply: the database holds all of it or nothing, and the next apply
marks the run `abandoned` and comes to the same end (docs/rules.md#rule-33). This is SQLite, and some moments; all
moments, and the servers, are in tests/torture/test_kills.py."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.workflow import plan_file
from tests.support import REPOSITORY
from tests.support.esp import FILES, MUCH, RUNS, Dump, Esp, changed
from tests.support.faults import Moments, watched

Moment = tuple[int, bool]


class Killed:
    """A plan of one of everything, and applies of it that were killed."""

    def __init__(self, esp: Esp, folder: Path) -> None:
        self.folder = folder
        self.esp = esp
        esp.declare(changed(FILES, MUCH))
        self.plan = esp.plan()
        self.before = esp.dump()
        esp.copy(folder / "esp")
        (folder / "plan.json").write_text(plan_file.sealed_plan(self.plan, {}), encoding="utf-8")
        with watched(Moments()) as self.moments:
            esp.apply(self.plan)
        self.after = state(esp)

    def at(self, moments: Sequence[Moment]) -> list[Esp]:
        """A database for each moment, as the killed process left it."""
        ended = subprocess.run(
            [sys.executable, "-m", "tests.engines.crash_child", str(self.folder)],
            cwd=REPOSITORY,
            input=json.dumps(moments),
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        lived = [moment for moment, code in zip(moments, json.loads(ended.stdout), strict=True) if code != 9]
        assert not lived, ended.stderr
        return [Esp(self.folder / "cases" / str(case)) for case in range(len(moments))]

    def proves(self, esp: Esp, moment: Moment) -> str:
        """All or nothing; returns what became of the run: `none`, `running` or `done`."""
        committed = moment == (len(self.moments.seen), True)
        if committed:
            assert state(esp) == self.after
        else:
            assert esp.dump() == self.before
        announced = moment[0] > self.announcement or moment == (self.announcement, True)
        outcomes = [row[0] for row in esp.sql("SELECT outcome FROM reconciler_run ORDER BY rowid")][1:]
        assert outcomes == (["done"] if committed else ["running"] if announced else [])
        return outcomes[0] if outcomes else "none"

    def converges(self, esp: Esp, left: str) -> None:
        """The next apply finds what is left and ends like one that was never killed."""
        outcome = esp.apply(self.plan)
        if left == "done":
            assert outcome.already == self.plan.changes[:-1]  # to forget is done again
        else:
            assert outcome.done == self.plan.changes
        found = state(esp)
        assert {name: rows for name, rows in found.items() if name != "reconciler_change"} == {
            name: rows for name, rows in self.after.items() if name != "reconciler_change"
        }
        outcomes = [row[0] for row in esp.sql("SELECT outcome FROM reconciler_run ORDER BY rowid")][1:]
        assert outcomes == {"none": ["done"], "running": ["abandoned", "done"], "done": ["done", "done"]}[left]
        assert not esp.plan().changes
        assert esp.plan().bookkeeping == 0

    @property
    def announcement(self) -> int:
        """The number of the first COMMIT."""
        return self.moments.seen.index("COMMIT") + 1


def state(esp: Esp) -> Dump:
    """All rows that tell no time and no run."""
    dump = esp.dump(RUNS)
    dump["reconciler_managed"] = sorted((row[:-1] for row in dump["reconciler_managed"]), key=repr)
    dump["reconciler_change"] = sorted((row[1:] for row in dump["reconciler_change"]), key=repr)
    dated = {"esp_role": 2, "esp_package": 2, "esp_tenant": 2}
    for name, position in dated.items():
        dump[name] = [row[:position] + row[position + 1 :] for row in dump[name]]
    return dump


@pytest.fixture
def killed(esp: Esp, tmp_path: Path) -> Killed:
    folder = tmp_path / "killed"
    folder.mkdir()
    return Killed(esp, folder)


def test_the_power_fails_before_and_after_every_statement(killed: Killed) -> None:
    """What the files of the database hold at each moment is what a process that ends there leaves behind."""
    esp = Esp(killed.folder / "esp")
    states: dict[tuple[bytes, ...], list[Moment]] = {}

    def look(number: int, after: bool) -> None:
        files = (esp.database, esp.folder / "esp.db-wal")
        content = tuple(path.read_bytes() if path.exists() else b"" for path in files)
        states.setdefault(content, []).append((number, after))

    with watched(Moments(look=look)):
        esp.apply(killed.plan)
    assert sum(map(len, states.values())) == 2 * len(killed.moments.seen)
    seen = set()
    for number, ((database, log), moments) in enumerate(states.items()):
        left_behind = killed.esp.copy(killed.folder / f"left-{number}")
        left_behind.database.write_bytes(database)
        (left_behind.folder / "esp.db-wal").write_bytes(log)
        (left,) = {killed.proves(left_behind, moment) for moment in moments}
        killed.converges(left_behind, left)
        seen.add(left)
    assert seen == {"none", "running", "done"}


@pytest.mark.torture
def test_a_process_is_killed(killed: Killed) -> None:
    """At the announcement, under the lock, at some of the writes, and around the COMMIT that counts."""
    last, writes = len(killed.moments.seen), killed.moments.writes()
    moments = [(killed.announcement, False), (killed.announcement, True), (killed.announcement + 2, True)]
    moments += [(number, True) for number in writes[8:-4:6]] + [(last, False), (last, True)]
    for moment, esp in zip(moments, killed.at(moments), strict=True):
        killed.converges(esp, killed.proves(esp, moment))
