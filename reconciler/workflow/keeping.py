"""How a result is put into a file. It may hold what customers have, so it is for its owner alone (0600) and appears
whole or not at all. Knows no result."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import ReconcilerError


def keep(path: Path, text: str) -> None:
    """Write the file whole or not at all, for the owner's eyes only. Raises ReconcilerError."""
    if path.exists() and not path.is_file():
        raise ReconcilerError(f"{path} is not a regular file", remedy="write `-` for stdout")
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
