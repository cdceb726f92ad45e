"""Where words leave the program. What stderr does not take is lost, and nothing else comes of it: whether anybody reads
a log decides nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

import click


def tell(text: str, *, end: str = "\n") -> None:
    """Write to stderr, as far as it takes it. Raises nothing: its reader may be gone, its disk full."""
    try:
        click.echo(text + end, err=True, nl=False)
    except (OSError, ValueError):  # ValueError: it was closed
        discard(sys.stderr)


def settle(stream: TextIO) -> None:
    """Write what a stream still holds, or throw it away: it must not fail when the interpreter ends."""
    try:
        stream.flush()
    except (OSError, ValueError):
        discard(stream)


def discard(stream: TextIO) -> None:
    """Throw away what a stream holds and cannot write, or each later word would fail for its sake. What comes next is
    tried again: a disk may have room by then."""
    with suppress(OSError, ValueError):
        number = stream.fileno()
        place, nowhere = os.dup(number), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, number)
            stream.flush()
        finally:
            os.dup2(place, number)
            os.close(place)
            os.close(nowhere)
