"""What git knows of a folder: its commit, what is not in it, what is ignored. No git or no work tree is no error.

The files, and what lies beside them, are somebody's proposal. So git starts at the nearest `.git`, which nobody can
commit, and never at a repository among the files; it starts no program that a config names; and it is given nothing of
our environment that it could hand on.
"""

from __future__ import annotations

import os
import shutil
import subprocess  # git is asked, never told anything
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 10
"""Seconds before git is taken to be stuck."""

KEPT = ("HOME", "XDG_CONFIG_HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "LANG", "LC_ALL")
"""What git has of our environment, besides the absolute folders of PATH: where its owner's own config is."""

SET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",  # an older git does not know the line above; this one keeps it from fetching as well
}

_OPTIONS = (
    "--no-pager",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
)


@dataclass(frozen=True, slots=True)
class Checkout:
    """`commit`: full hash, empty outside a work tree, before the first commit and where git cannot tell it;
    `dirty`: not all is committed, None where git cannot tell that."""

    commit: str = ""
    dirty: bool | None = False


def checkout(folder: Path) -> Checkout:
    """The state of the work tree that holds this folder; only changes below the folder make it dirty."""
    folder = folder.resolve()
    top = _top(folder)
    if top is None:
        return Checkout()
    told = _git(top, "rev-parse", "--show-toplevel", "--verify", "HEAD^{commit}")
    if told is None or told.stdout.split("\n")[0] != str(top):
        return Checkout(dirty=None)
    commit = told.stdout.split("\n")[1] if told.returncode == 0 else ""
    dirty = _dirty(top, folder)
    return Checkout(commit, dirty if commit or dirty is None else False)


def inside(folder: Path) -> str:
    """Where the folder lies in its work tree, with a `/` at the end; empty for the top, and outside a work tree."""
    try:
        folder = folder.resolve()
    except OSError:  # the current folder was deleted
        return ""
    top = _top(folder)
    return "" if top is None or top == folder else f"{folder.relative_to(top).as_posix()}/"


def exposed(path: Path) -> bool:
    """Whether a file here could be committed by mistake: inside a work tree and not ignored."""
    folder = path.absolute().parent.resolve()
    top = _top(folder)
    if top is None:
        return False
    ignored = _git(top, "check-ignore", "--quiet", "--", f"./{(folder / path.name).relative_to(top)}")
    return ignored is not None and ignored.returncode == 1


def _top(folder: Path) -> Path | None:
    """The nearest folder with a `.git`. Git itself would take a repository among the files before that."""
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), None)


def _dirty(top: Path, folder: Path) -> bool | None:
    """Whether something below the folder is not committed, submodules included; None where git cannot tell."""
    below = str(folder.relative_to(top))
    filters = _without_filters(top)
    if filters is None:
        return None
    words = ("--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty", "--", below)
    changes = _git(top, *filters, "--literal-pathspecs", "status", *words)
    listed = _git(top, "--literal-pathspecs", "ls-files", "--stage", "-z", "--", below)
    if changes is None or listed is None or changes.returncode or listed.returncode:
        return None
    if changes.stdout.strip():
        return True
    entries = (entry.partition("\t") for entry in listed.stdout.split("\0"))
    modules = [top / path for mode, _, path in entries if mode.startswith("160000 ")]
    # Each is asked by itself: git would look into it without the options that keep its filters still.
    states = {checkout(each).dirty for each in modules if os.path.lexists(each / ".git")}
    return True if True in states else None if None in states else False


def _without_filters(top: Path) -> list[str] | None:
    """The options with which git looks into files without the programs that its config names for that."""
    told = _git(top, "config", "--list", "--name-only", "-z")
    if told is None or told.returncode:
        return None
    names = {name.rpartition(".")[0] for name in told.stdout.split("\0") if name.startswith("filter.")}
    if any("=" in name for name in names):  # `-c` cannot say such a name
        return None
    still = ("clean=", "process=", "required=false")
    return [word for name in sorted(names) for setting in still for word in ("-c", f"{name}.{setting}")]


def _git(top: Path, *words: str) -> subprocess.CompletedProcess[str] | None:
    """One question to git; None where there is no git, no such folder, or no answer."""
    # A relative folder of PATH would be one of the files.
    path = os.pathsep.join(filter(os.path.isabs, os.environ.get("PATH", "").split(os.pathsep)))
    program = shutil.which("git", path=path) if path else None
    if program is None:
        return None
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        return subprocess.run(  # noqa: S603  fixed words and a path, no shell
            [program, *_OPTIONS, *words],
            cwd=top,
            env={**kept, **SET, "PATH": path},
            capture_output=True,
            text=True,
            errors="surrogateescape",  # a name goes back to git as it came
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
