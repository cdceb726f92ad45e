"""Plays the story of a demo: drives the real command and prints each call before its output. A story fails when a step
does not end as it says."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # the servers and rows of the tests

if TYPE_CHECKING:
    from tests.support.engines import ServerPlace

Act = Callable[[Path], Iterable[str]]
"""What somebody does besides, in the folder of the operator's files; returns the lines to print."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is announced, what is done (a command line of the reconciler, or an act), the exit code it must have."""

    title: str
    run: str | Act
    expected: int = 0


class Database(Protocol):
    """The live system of a story."""

    def sql(self, statement: str) -> Sequence[Any]:
        """Run one statement; its rows."""


def play(steps: Sequence[Step], folder: Path) -> int:
    """Every step in `folder`; 1 when one did not end as expected."""
    started = time.monotonic()
    for step in steps:
        if step.title:
            print(f"\n# {step.title}", flush=True)
        code = _run(step, folder)
        if code != step.expected:
            print(f"demo: exit {code}, expected {step.expected}", file=sys.stderr)
            return 1
    print(f"\ndemo: all {len(steps)} steps ended as expected", flush=True)
    print(f"demo: {time.monotonic() - started:.1f} seconds; the files are in {folder}", file=sys.stderr)
    return 0


def _run(step: Step, folder: Path) -> int:
    if callable(step.run):
        print("\n".join(step.run(folder)), flush=True)
        return 0
    print(f"$ reconciler {step.run}", flush=True)
    command = [sys.executable, "-m", "reconciler", *shlex.split(step.run)]
    environment = _environment(folder)
    code = subprocess.run(command, cwd=folder, env=environment, stderr=subprocess.STDOUT, check=False).returncode
    print(f"[exit {code}]", flush=True)
    return code


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's settings, and no git work tree above: the demo's copy is not what is checked out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    ours = {"GIT_CEILING_DIRECTORIES": folder.parent, "PYTHONPATH": REPOSITORY, "XDG_CACHE_HOME": folder / "var"}
    return kept | {name: str(place) for name, place in ours.items()}


def edit(name: str, *pairs: tuple[str, str]) -> Act:
    """Texts of a file replaced in an editor, each once."""

    def edited(folder: Path) -> Iterable[str]:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        yield f"--- {name}"
        for old, new in pairs:
            if old not in text:
                raise SystemExit(f"demo: {name} has no {old!r}")
            text = text.replace(old, new, 1)
            yield f"- {old.strip()}"
            yield "+ " + new.strip().replace("\n", "\n+ ")
        path.write_text(text, encoding="utf-8")

    return edited


def delete(name: str) -> Act:
    """A file deleted."""

    def deleted(folder: Path) -> Iterable[str]:
        (folder / name).unlink()
        yield f"$ rm {name}"

    return deleted


def tombstone(key: str, reassign_to: str, file: str, *others: str) -> Act:
    """The remedy of a refused deletion: an entry that says where the users go; in `others` its name is replaced."""

    def written(folder: Path) -> Iterable[str]:
        (folder / file).write_text(f"{key}:\n  lifecycle: removed\n  reassign_to: {reassign_to}\n", encoding="utf-8")
        for other in others:
            path = folder / other
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(f": {key}\n", f": {reassign_to}\n"), encoding="utf-8")
        yield f"{file}: lifecycle: removed, reassign_to: {reassign_to}; and who named {key} names {reassign_to}"

    return written


def statement(database: Database, name: str, text: str, shown: str = "") -> Act:
    """What somebody does with a database client. `shown`: the statement as it is printed, if it differs."""

    def done(_: Path) -> Iterable[str]:
        rows = database.sql(text)
        yield f"$ mariadb {name} -e {shlex.quote(shown or text)}"
        yield from (str(row) for row in rows or ())

    return done


@contextmanager
def mariadb(folder: Path) -> Iterator[ServerPlace]:
    """An empty database on a MariaDB of the demo's own, which ends with it."""
    from tests.support.engines import ServerPlace, place  # the demo of the built-in ESP needs no server
    from tests.support.server_pool import ServerPool

    pool = ServerPool()
    try:
        found = place("mariadb", pool, folder)
        assert isinstance(found, ServerPlace)
        yield found
    finally:
        pool.end()


def emptied(default: str) -> Path:
    """The folder that the command line names, else `default` below var/; new and empty."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "var" / default
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
