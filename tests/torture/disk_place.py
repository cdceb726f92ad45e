"""A database in a file, a plan of one of everything, and what is left when its apply may not write."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from reconciler.workflow import plan_file
from tests.support.esp import FILES, MUCH, Esp, changed, running
from tests.support.faults import Moments, watched
from tests.torture.kills_rows import CHANGES, Rows, called, layout, outcomes, read, without_runs

NOBODY = 65_534


class Disk:
    """`largest`: bytes of the largest file that a whole apply makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pristine = running(folder / "pristine").database
        self.esp = Esp(folder / "pristine").copy(folder / "esp")
        self.esp.declare(changed(FILES, MUCH))
        self._layout = layout(None)
        self.plan = self.esp.plan()
        (folder / "plan.json").write_text(plan_file.sealed_plan(self.plan, {}), encoding="utf-8")
        self.before = without_runs(self._rows())
        with watched(Moments()) as moments:
            self.esp.apply(self.plan)
        assert moments.writes()
        self.largest = self.esp.database.stat().st_size
        self.after = called(self._rows(), self._layout)

    def reset(self) -> None:
        """As before the apply, and everybody may write."""
        self.esp.folder.chmod(0o777)
        for path in self.esp.folder.glob("esp.db*"):
            path.unlink()
        shutil.copyfile(self._pristine, self.esp.database)
        self.esp.database.chmod(0o666)

    def left(self) -> str:
        """What the sound file holds: `done`, `undone` or `half`."""
        connection = sqlite3.connect(self.esp.database)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
        rows = self._rows()
        if without_runs(rows) == self.before:
            return "undone"
        return "done" if called(rows, self._layout) == self.after else "half"

    def converges(self) -> None:
        """The same plan again, now that nothing is in the way, comes to the end."""
        self.esp.apply(self.plan)
        rows = self._rows()
        found = called(rows, self._layout)
        assert {**found, CHANGES: []} == {**self.after, CHANGES: []}
        assert outcomes(rows)[-1] == "done"
        again = self.esp.plan()
        assert not again.changes
        assert again.bookkeeping == 0

    def _rows(self) -> Rows:
        with self.esp.hand() as connection:
            return read(connection, self._layout)


def somebody() -> dict[str, Any]:
    """For an order: a user whom modes bind. Root they do not."""
    return {"user": NOBODY} if os.geteuid() == 0 else {}
