"""PHP's own form of values, as applications leave it in their options: `i:5;`, `s:3:"yes";`. Plain values are read;
lists are only known for what they are."""

from __future__ import annotations

import re
from typing import Final

SCALAR: Final = re.compile(r"(?:i:(?P<int>-?\d+)|d:(?P<float>[-+.\deE]+)|b:(?P<bool>[01])|(?P<null>N));\s*", re.DOTALL)
_NUMBER: Final = re.compile(rb"i:-?\d+;|d:[-+.\deE]+;|b:[01];|N;")
_TEXT: Final = re.compile(rb's:(?P<size>\d{1,9}):"')
LIST: Final = re.compile(rb"a:(?P<size>\d{1,6}):\{")
DEEPEST: Final = 20
"""Lists in lists; what goes deeper is nobody's setting."""

STRING: Final = re.compile(r's:(?P<size>\d+):"(?P<text>.*)";\s*', re.DOTALL)


def php_text(stored: str) -> str | None:
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


def is_structure(stored: str) -> bool:
    """Whether a text is a whole list in PHP's form, which only the form can say: `a:1:{i:0;s:4:"smtp";}`."""
    content = stored.encode()
    return content.startswith(b"a:") and _end(content, 0, DEEPEST) == len(content)


def _end(content: bytes, start: int, depth: int) -> int | None:
    """Where the value that begins here ends; None: it is none."""
    if found := _TEXT.match(content, start):
        end = found.end() + int(found["size"])
        return end + 2 if content[end : end + 2] == b'";' else None
    if found := _NUMBER.match(content, start):
        return found.end()
    found = LIST.match(content, start)
    if found is None or not depth or content.count(b";", start) < int(found["size"]):
        return None
    at: int | None = found.end()
    for _ in range(2 * int(found["size"])):
        at = None if at is None else _end(content, at, depth - 1)
    return at + 1 if at is not None and content[at : at + 1] == b"}" else None
