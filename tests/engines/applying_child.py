"""A process that applies, and does something to itself when a phase begins.

`python -m tests.engines.applying_child FOLDER PHASE ACTION`: `stop` freezes it, `kill` ends it, `wait` waits for a line
on stdin. It says `there` when it is so far; ends with the exit code that a command would have.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from reconciler.model.errors import ReconcilerError
from reconciler.workflow import plan
from reconciler.workflow.plan import PlanRequest
from reconciler.workflow.site import Choices, open_site


def main() -> int:
    folder, phase, action = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    site = open_site(Choices(config=folder / "reconciler.yaml", lock_timeout=20), {}, folder)

    def progress(begun: str) -> None:
        if begun == phase:
            sys.stdout.write("there\n")
            sys.stdout.flush()
            match action:
                case "stop":
                    os.kill(os.getpid(), signal.SIGSTOP)
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "wait":
                    sys.stdin.readline()

    try:
        plan.applied(site, plan.planned(site, PlanRequest(), lambda begun: None), progress)
    except ReconcilerError as error:
        sys.stdout.write(f"{error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
