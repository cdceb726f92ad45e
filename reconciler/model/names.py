"""The law of names (RULES 1, 2): when two are nearly the same, and which ones a file may not have. Knows only text."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from reconciler.model.values import RESERVED

LONGEST = 255
LONGEST_NORMAL = 4 * LONGEST
"""A longer text is no name, and is not brought into the composed form."""


def folded(name: str) -> str:
    """The form under which two names are twins: NFC, casefold, blanks at the ends off (RULES 1)."""
    if name.isascii():
        return name.strip().lower()
    # The time that normalising takes grows with the square of the marks on one letter.
    if len(name) > LONGEST_NORMAL:
        return name.strip().casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def all_folded(names: Collection[str]) -> list[str]:
    """The folded form of each name, in their order; ordinary names in a few passes over one long text."""
    together = "\n".join(names)
    if together.isascii() and together.count("\n") == len(names) - 1:
        return list(map(str.strip, together.lower().split("\n")))
    return [folded(name) for name in names]


def lawless(names: Collection[str]) -> list[str]:
    """The names with a fault, in their order; where all are ordinary, that takes a few passes over all of them."""
    together = "".join(names)
    ordinary = together.isascii() and together.isprintable() and RESERVED.isdisjoint(names)
    if ordinary and all(names) and all(map(str.__eq__, names, map(str.strip, names))):
        return [name for name in names if len(name) > LONGEST]
    return [name for name in names if fault(name)]


def fault(name: str) -> str:
    """What the law has against a name, in words; empty for a good one (RULES 2)."""
    if not name:
        return "is empty"
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if name != name.strip():
        return "begins or ends with a blank"
    if name in RESERVED:
        return f'is "{name}", a word that means something of its own'
    if name.isascii() and name.isprintable():
        return ""
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        return "holds a control, format or direction character"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in the composed form (NFC)"
    return ""
