"""How a file is written: whole or not at all, so that a full disk never costs what was there. Knows no result."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import ReconcilerError

OWNER_ONLY = 0o600


def keep(path: Path, text: str) -> None:
    """Write a result that may hold what customers have, for the owner's eyes only. Raises ReconcilerError."""
    _replaced(path, text, lambda: OWNER_ONLY)


def append(path: Path, text: str) -> None:
    """Add lines to the end of a file that others write to as well. Raises ReconcilerError."""
    try:
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error


def renew(path: Path, text: str) -> None:
    """Write a file of the repository, with the mode it has or that of any new file. Raises ReconcilerError."""
    _replaced(path, text, lambda: stat.S_IMODE(path.stat().st_mode) if path.exists() else None)


def _replaced(path: Path, text: str, mode: Callable[[], int | None]) -> None:
    # Hidden, so that one that is left behind by a kill is no file of anybody's.
    beside = path.absolute().with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists() and not path.is_file():
            raise ReconcilerError(f"{path} is not a regular file", remedy="write `-` for stdout")
        wanted = mode()
        try:
            created = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if wanted is None else OWNER_ONLY)
            with os.fdopen(created, "w", encoding="utf-8", newline="") as stream:  # line ends stay as they are
                if wanted is not None:
                    os.fchmod(created, wanted)
                stream.write(text)
                stream.flush()
                os.fsync(created)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
