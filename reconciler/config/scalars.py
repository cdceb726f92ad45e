"""What an unquoted word of YAML means, by the core schema of YAML 1.2. Knows no structure and no place.

`no`, `on`, `12:30` and `2026-01-31` are text, `010` is ten: what PyYAML's own resolver makes of them is YAML 1.1.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Plain: TypeAlias = str | int | float | bool | None

LONGEST_NUMBER = 40
"""Digits. Every field ends at 19; and Python refuses to read a decimal of more than 4,300."""

WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
DECIMAL = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
NUMERIC_START = frozenset("0123456789+-.")


def meaning(word: str) -> Plain:
    """The value of an unquoted scalar. Raises OverflowError for an integer of more than LONGEST_NUMBER digits."""
    if word in WORDS:
        return WORDS[word]
    if word[0] not in NUMERIC_START:
        return word
    for pattern, base in ((DECIMAL, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(word):
            if len(word) > LONGEST_NUMBER:
                raise OverflowError(f"a number of {len(word):,} digits")
            return int(word, base)
    if FLOAT.fullmatch(word):
        return float(word)
    if ENDLESS.fullmatch(word):
        return float(word.replace(".", "", 1))
    return word
