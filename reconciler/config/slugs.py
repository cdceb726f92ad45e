"""File names for objects of any name: short, readable, safe on every system, and never one that is taken."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from pathlib import Path

LONGEST = 60
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""Names that Windows keeps for devices."""


class FileNames:
    """Hands out file stems for one folder; what lies in it already counts as taken, whatever its case."""

    def __init__(self, folder: Path) -> None:
        self._last: dict[str, int] = {}
        self._taken = {path.stem.lower() for path in folder.glob("*")} if folder.is_dir() else set()

    def free(self, name: str) -> str:
        """A stem like this name that nothing has yet."""
        stem = slug(name)
        number = self._last.get(stem, 1)
        while (numbered := stem if number == 1 else f"{stem}-{number}") in self._taken:
            number += 1
        self._last[stem] = number
        self._taken.add(numbered)
        return numbered


def slug(name: str) -> str:
    """`Café & Co` → `cafe-co`; a name without Latin letters or digits gets a short hash."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", letters)[:LONGEST].strip("-")
    if stem and stem not in DEVICES:
        return stem
    return f"{stem or 'object'}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
