"""Applies and plans of one who may not write: `python -m tests.torture.disk_child FOLDER [early]`, as kills_child.

An order says what is in the way: `largest` (bytes that a file may have, as on a disk that is full), `pages` (that the
database may have), `user` (who it is; root may write everywhere).
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Pool, event

from reconciler.model.errors import ReconcilerError
from reconciler.workflow import plan_file
from tests.support.esp import Esp, without_git
from tests.torture.kills_child import commit_early
from tests.torture.kills_warm import Order, serve


def hindered(order: Order) -> None:
    """Put in this process's way what the order says."""
    if "largest" in order:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails, as one to a full disk does
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"], order["largest"]))
    if "pages" in order:

        def limit(connection: sqlite3.Connection, _: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {order['pages']}")

        event.listen(Pool, "connect", limit)
    if "user" in order:
        os.setgroups([])
        os.setgid(order["user"])
        os.setuid(order["user"])


def main() -> None:
    folder = Path(sys.argv[1])
    if "early" in sys.argv[2:]:
        commit_early()
    with without_git():
        esp = Esp(folder / "esp")
        plan = plan_file.read_plan_file(folder / "plan.json", {})
        esp.plan()

        def act(order: Order) -> dict[str, Any]:
            hindered(order)
            try:
                if order["command"] == "plan":
                    return {"changes": len(esp.plan().changes)}
                return {"done": len(esp.apply(plan).done)}
            except ReconcilerError as error:
                return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}

        serve(act)


if __name__ == "__main__":
    main()
