"""Applies and plans of one who may not write: `python disk_child.py FOLDER [early]`, as kills_child.py.

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

from kills_child import commit_early
from kills_warm import Order, serve
from sqlalchemy import Pool, event

sys.path.insert(0, str(Path(__file__).parent.parent / "live"))

from esp_place import Esp, without_git

from reconciler.model.errors import ReconcilerError
from reconciler.workflow import plan_file


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
