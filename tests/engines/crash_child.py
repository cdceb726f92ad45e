"""A process of its own that kills applies: for each moment a copy of the repository, a fork, an apply, and the end.

`python -m tests.engines.crash_child FOLDER` with `[[number, after], …]` on stdin; FOLDER holds esp/ and plan.json,
and gets cases/0, cases/1 … A fork instead of a new process, because starting Python takes longer than an apply.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from pathlib import Path

from reconciler.workflow import plan_file
from tests.support.esp import Esp, without_git
from tests.support.faults import Moments, watched

KILLED = 9


def killed(folder: Path, number: int, after: bool) -> int:
    """Apply the plan in this folder and die at the moment. Returns the exit code: KILLED, or 0 at its end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        plan = plan_file.read_plan_file(folder.parent.parent / "plan.json", {})
        with watched(Moments(at=number, after=after, stop=lambda: os._exit(KILLED))):
            Esp(folder).apply(plan)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def main() -> None:
    folder = Path(sys.argv[1])
    codes = []
    with without_git():
        for case, (number, after) in enumerate(json.load(sys.stdin)):
            place = folder / "cases" / str(case)
            shutil.copytree(folder / "esp", place)
            codes.append(killed(place, number, after))
    sys.stdout.write(json.dumps(codes))


if __name__ == "__main__":
    main()
