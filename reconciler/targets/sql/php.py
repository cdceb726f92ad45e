"""PHP's own form of plain values, as applications leave it in their options: `i:5;`, `s:3:"yes";`. Lists and objects
stay as they are. Knows no table."""

from __future__ import annotations

import re
from typing import Final

SCALAR: Final = re.compile(r"(?:i:(?P<int>-?\d+)|d:(?P<float>[-+.\deE]+)|b:(?P<bool>[01])|(?P<null>N));\s*", re.DOTALL)
STRING: Final = re.compile(r's:(?P<size>\d+):"(?P<text>.*)";\s*', re.DOTALL)


def plain(stored: str) -> str | None:
    """The text that PHP would make of it: true is 1, false empty. None: its NULL. What is no plain value in this form
    is given back as it is."""
    found = SCALAR.fullmatch(stored)
    if found:
        if found["null"]:
            return None
        if found["bool"]:
            return "1" if found["bool"] == "1" else ""
        return found["int"] or found["float"]
    text = STRING.fullmatch(stored)
    if text and len(text["text"].encode()) == int(text["size"]):
        return text["text"]
    return stored
