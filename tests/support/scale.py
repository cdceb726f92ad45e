"""How much of a torture is done: all of it, or what CI has time for (`RECONCILER_TORTURE=short`)."""

from __future__ import annotations

import os


def count(long: int, short: int) -> int:
    """`short` where RECONCILER_TORTURE says so, else `long`."""
    asked = os.environ.get("RECONCILER_TORTURE", "")
    if asked not in {"", "long", "short"}:
        raise ValueError(f"RECONCILER_TORTURE is {asked!r}, not short or long")
    return short if asked == "short" else long
