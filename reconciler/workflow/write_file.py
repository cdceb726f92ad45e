"""How a file is written: whole or not at all, so that a full disk never costs what was there.

Only regular files are replaced, and new names made. A link or a device in the place of a file is refused; the name of
an open descriptor, as `/dev/stderr` or what a shell gives for `>(command)`, stands for that descriptor.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import ReconcilerError

OWNER_ONLY = 0o600
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})")


def descriptor_of(path: Path) -> int | None:
    """The number of the open descriptor that this path names; None for any other path."""
    named = DESCRIPTOR.fullmatch(str(path))
    return int(named[1]) if named else _STANDARD.get(str(path))


def check(path: Path) -> None:
    """Raise ReconcilerError where no result can be written: a link, a folder, a device, a pipe with a name."""
    if descriptor_of(path) is not None:
        return
    try:
        sort = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
    if stat.S_ISLNK(sort):
        raise ReconcilerError(f"{path} is a symbolic link", remedy="give the path of the file itself")
    if not stat.S_ISREG(sort):
        raise ReconcilerError(f"{path} is not a regular file", remedy="write `-` for stdout")


def write_private(path: Path, text: str) -> None:
    """Write a result that may hold what customers have, for the owner's eyes only. Raises ReconcilerError."""
    _replaced(path, text, lambda: OWNER_ONLY)


def append(path: Path, text: str) -> None:
    """Add lines to the end of a file that others write to as well. Raises ReconcilerError."""
    try:
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error


def write_public(path: Path, text: str) -> None:
    """Write a file of the repository, with the mode it has or that of any new file. Raises ReconcilerError."""
    _replaced(path, text, lambda: stat.S_IMODE(path.stat().st_mode) if path.exists() else None)


def _replaced(path: Path, text: str, mode: Callable[[], int | None]) -> None:
    check(path)
    descriptor = descriptor_of(path)
    try:
        if descriptor is None:
            _put_in_place(path, text, mode())
        else:
            with os.fdopen(os.dup(descriptor), "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error


def _put_in_place(path: Path, text: str, mode: int | None) -> None:
    # Hidden, so that one that is left behind by a kill is no file of anybody's.
    beside = path.absolute().with_name(f".{path.name}.{secrets.token_hex(4)}")
    created = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else OWNER_ONLY)
    try:
        with os.fdopen(created, "w", encoding="utf-8", newline="") as stream:  # line ends stay as they are
            if mode is not None:
                os.fchmod(created, mode)
            stream.write(text)
            stream.flush()
            os.fsync(created)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
