"""Numbers with a unit, as people write them: `10 %`, `30 s`, `16 MiB`. Knows no setting by name."""

from __future__ import annotations

import re

AMOUNT = re.compile(r"(\d{1,18})\s*([A-Za-z%]*)", re.ASCII)

PERCENT = {"": 1, "%": 1}
SECONDS = {"": 1, "s": 1, "sec": 1, "min": 60, "h": 3600}
BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def quantity(stated: object, units: dict[str, int]) -> int:
    """The number in the smallest unit. Raises ValueError when it is not a whole number with one of these units."""
    if isinstance(stated, bool) or not isinstance(stated, (int, str)):
        raise ValueError("neither a number nor text")
    match = AMOUNT.fullmatch(str(stated).strip())
    if match is None or match[2] not in units:
        raise ValueError("no such quantity")
    return int(match[1]) * units[match[2]]


def pattern(units: dict[str, int]) -> str:
    """The same rule as a pattern for JSON Schema."""
    words = "|".join(re.escape(unit) for unit in units if unit)
    return rf"^\s*[0-9]{{1,18}}\s*(?:{words})?\s*$"
