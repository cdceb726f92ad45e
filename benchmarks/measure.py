"""One command in a process of its own: how long it took and how much memory it held. Knows no command."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

PATIENCE = 300
"""Seconds after which a command is killed."""

KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1
"""getrusage counts bytes on macOS and KiB elsewhere."""


def nothing() -> None:
    """What a case prepares that needs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command to measure. `prepare` runs before each time, unmeasured; any other exit code than `expect` is an
    error."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    expect: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing


@dataclass(frozen=True, slots=True)
class Sample:
    """Wall time of the whole process, the most memory it held at once, and how long it kept a processor busy."""

    seconds: float
    peak_mib: float = 0.0
    busy: float = 0.0


class Broken(Exception):
    """A command that did not do what a measurement of it needs."""


def usual_environment() -> dict[str, str]:
    """Without switches of the interpreter, such as the one that has it compile every module anew."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def measure(case: Case) -> Sample:
    """Run it once. Raises Broken on another exit code than the one expected.

    The parent stays small on purpose: Linux counts what it holds at the fork to the child's peak.
    """
    case.prepare()
    with TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            case.argv,
            cwd=case.folder,
            env={**usual_environment(), **case.environ},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        killer = threading.Timer(PATIENCE, child.kill)
        killer.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        killer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != case.expect:
            said.seek(max(0, said.tell() - 2_000))
            raise Broken(
                f"{case.name}: exit code {child.returncode}, expected {case.expect}\n"
                f"{said.read().decode(errors='replace')}"
            )
    return Sample(seconds, usage.ru_maxrss * KIB_PER_UNIT / 1024, usage.ru_utime + usage.ru_stime)
