"""One database, a plan of one of everything, and what is left when its apply is killed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from reconciler.model.change import Create, Delete, Reassign, Update
from reconciler.workflow import plan_file
from tests.support.engines import Hand
from tests.support.esp import FILES, MUCH, Esp, changed
from tests.support.esp_on_servers import ServerEsp
from tests.support.faults import Moments, watched
from tests.torture.kills_rows import CHANGES, Rows, called, layout, outcomes, read, without_runs, write
from tests.torture.kills_warm import Warm

GONE = 30.0
"""Seconds in which a server must notice that its client is gone."""

OTHERS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}


@dataclass
class Tally:
    """What became of the applies. `half`: descriptions of those of which a part was found."""

    applied: int = 0
    undone: int = 0
    unannounced: int = 0
    converged: int = 0
    half: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{len(self.half)} half-applied, {self.applied} applied, {self.undone} undone "
            f"({self.unannounced} of them not announced yet); the next run converged {self.converged} times"
        )


class Range:
    """Where it is done. The database is made like that of `pristine` before each shot."""

    def __init__(self, pristine: Esp, folder: Path) -> None:
        self.folder = folder
        self._pristine = pristine
        self.esp = pristine.copy(folder / "esp")
        self._layout = layout(self.esp.place.memory if isinstance(self.esp, ServerEsp) else None)
        # On a server one connection watches all the time; SQLite's would be in the way of what is tested.
        self._standing: AbstractContextManager[Any] = nullcontext()
        self._connection: Hand | None = None

    def __enter__(self) -> Self:
        if isinstance(self.esp, ServerEsp):
            self._standing = self.esp.place.hand(lawless=True)
            self._connection = Hand(self._standing.__enter__())
        self.esp.declare(changed(FILES, MUCH))
        self.before = self._look()
        self.plan = self.esp.plan()
        assert {Create, Update, Reassign, Delete} <= {type(change) for change in self.plan.changes}
        assert self.plan.remember
        assert self.plan.drop
        (self.folder / "plan.json").write_text(plan_file.sealed_plan(self.plan, {}), encoding="utf-8")
        with watched(Moments()) as moments:
            self.esp.apply(self.plan)
        self.statements = len(moments.seen)
        self.announced = moments.seen.index("COMMIT") + 1
        self.after = called(self._look(), self._layout)
        return self

    def __exit__(self, *_: object) -> None:
        self._standing.__exit__(None, None, None)

    @contextmanager
    def warm(self, *planted: str) -> Iterator[Warm]:
        """The process that applies and is killed."""
        self.reset()
        with Warm("kills_child", str(self.folder), *planted) as warm:
            yield warm

    def reset(self) -> None:
        """As before the apply."""
        if self._connection is not None:
            write(self._connection, self._layout, self._look(), self.before)
            return
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.esp.database}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._pristine.database, self.esp.database)

    def expected(self, number: int, after: bool) -> str:
        """What is left, in the words of `judged`, by one killed before or after the statement of this number."""
        if (number, after) == (self.statements, True):
            return "done"
        return "none" if (number, after) < (self.announced, True) else "running"

    def judged(self, where: str, tally: Tally) -> str:
        """What is left, counted: `done`, `running` (announced, nothing applied), `none` (not even that) or `half`."""
        self._alone()
        found = self._look()
        runs = self._runs(found)
        left = "half"
        if without_runs(found) == without_runs(self.before) and runs in ([], ["running"]):
            left = runs[0] if runs else "none"
            tally.undone += 1
            tally.unannounced += not runs
        elif runs == ["done"] and called(found, self._layout) == self.after:
            left = "done"
            tally.applied += 1
        else:
            different = [name for name, rows in without_runs(found).items() if rows != self.before[name]]
            tally.half.append(f"{where}: the run is {runs}, other rows in {different}")
        return left

    def converges(self, left: str, tally: Tally) -> None:
        """The same plan again comes to the end; then there is nothing to do. What is half done is left alone."""
        if left == "half":
            return
        outcome = self.esp.apply(self.plan)
        if left == "done":
            assert outcome.already == self.plan.changes[:-1]  # to forget is done again
        else:
            assert outcome.done == self.plan.changes
        rows = self._look()
        found, wanted = called(rows, self._layout), dict(self.after)
        if left == "done":
            del found[CHANGES], wanted[CHANGES]
        assert found == wanted
        runs = {"none": ["done"], "running": ["abandoned", "done"], "done": ["done", "done"]}
        assert self._runs(rows) == runs[left]
        again = self.esp.plan()
        assert not again.changes
        assert again.bookkeeping == 0
        tally.converged += 1

    def _look(self) -> Rows:
        if self._connection is not None:
            return read(self._connection, self._layout)
        with self.esp.hand() as connection:
            return read(connection, self._layout)

    def _runs(self, rows: Rows) -> list[str]:
        """The outcomes of those that came since."""
        return outcomes(rows)[len(outcomes(self.before)) :]

    def _alone(self) -> None:
        """Wait until the killed one's transaction is over on the server too."""
        if self._connection is None or not isinstance(self.esp, ServerEsp):
            return
        deadline = time.monotonic() + GONE
        while self._connection.execute(OTHERS[self.esp.place.engine]).fetchall()[0][0]:
            assert time.monotonic() < deadline, "the server keeps the session of a dead process"
            time.sleep(0.002)
