"""The law of names (RULES 1, 2): when two are nearly the same, and which ones a file may not have. Knows only text."""

from __future__ import annotations

import unicodedata

from reconciler.model.values import RESERVED

LONGEST = 255


def folded(name: str) -> str:
    """The form under which two names are twins: NFC, casefold, blanks at the ends off (RULES 1)."""
    if name.isascii():
        return name.strip().lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


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
