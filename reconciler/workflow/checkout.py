"""What git knows of a folder: its commit, whether it is dirty, what it ignores. No git or no work tree is no error."""

from __future__ import annotations

import os
import shutil
import subprocess  # git is asked, never told anything
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 10
"""Seconds before git is taken to be stuck."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """`commit`: full hash, empty outside a work tree or before the first commit; `dirty`: not all is committed."""

    commit: str = ""
    dirty: bool = False


def checkout(folder: Path) -> Checkout:
    """The state of the work tree that holds this folder; only changes below the folder make it dirty."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None or head.returncode != 0:
        return Checkout()
    changes = _git(folder, "status", "--porcelain", "--", ".")
    return Checkout(head.stdout.strip(), changes is None or bool(changes.stdout.strip()))


def inside(folder: Path) -> str:
    """Where the folder lies in its work tree, with a `/` at the end; empty for the top, and outside a work tree."""
    place = _git(folder, "rev-parse", "--show-prefix")
    return place.stdout.rstrip("\n") if place is not None and place.returncode == 0 else ""


def exposed(path: Path) -> bool:
    """Whether a file here could be committed by mistake: inside a work tree and not ignored."""
    folder = path.absolute().parent
    tree = _git(folder, "rev-parse", "--is-inside-work-tree")
    if tree is None or tree.stdout.strip() != "true":
        return False
    ignored = _git(folder, "check-ignore", "--quiet", "--", path.name)
    return ignored is not None and ignored.returncode == 1


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str] | None:
    """One question to git; None where there is no git, no such folder, or no answer."""
    program = shutil.which("git")
    if program is None:
        return None
    try:
        return subprocess.run(  # noqa: S603  fixed words and a path, no shell
            [program, *words],
            cwd=folder,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
