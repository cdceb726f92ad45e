"""Applies that are killed: `python -m tests.torture.kills_child FOLDER [early]`.

FOLDER holds esp/ and plan.json. `early` plants the bug that all of this is to find: a COMMIT after the first step.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from reconciler.engine.write import Writing
from reconciler.workflow import plan_file
from tests.support.esp import Esp, without_git
from tests.support.faults import Moments, watched
from tests.torture.kills_warm import Order, serve


def commit_early() -> None:
    """The planted bug."""
    arrive = Writing.arrive

    def planted(writing: Writing) -> None:
        arrive(writing)
        writing.writer.commit()
        writing.writer.begin()

    Writing.arrive = planted  # type: ignore[method-assign, assignment]


def main() -> None:
    folder = Path(sys.argv[1])
    if "early" in sys.argv[2:]:
        commit_early()
    with without_git():
        esp = Esp(folder / "esp")
        plan = plan_file.read_plan_file(folder / "plan.json", {})
        esp.plan()  # imports the drivers, and leaves no connection

        def act(order: Order) -> None:
            moments = Moments(
                at=order.get("at", 0),
                after=order.get("after", False),
                stop=lambda: os.kill(os.getpid(), signal.SIGKILL),
            )
            if moments.at:
                with watched(moments):
                    esp.apply(plan)
            else:
                esp.apply(plan)

        serve(act)


if __name__ == "__main__":
    main()
