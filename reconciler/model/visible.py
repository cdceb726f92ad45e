"""Text from files, live rows and drivers made safe to show: nothing in it can move a cursor, turn a line round, hide,
or give a secret away. Everything that any renderer prints goes through `safe_text`."""

from __future__ import annotations

import re

from reconciler.model.secrecy import hidden_in

# Letters and marks by category, yet nothing is seen of them.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def safe_text(text: str) -> str:
    """The same text on one line, with whatever is not seen written out, and secrets veiled. Markup of any terminal
    library stays literal: nobody here interprets it."""
    return visible(hidden_in(text))


def visible(text: str) -> str:
    """The same text on one line, with whatever is not seen written out: `\\x1b`, `\\u202e`, `\\U000e0041`.

    Control characters, line breaks, format and bidi characters, blanks other than the space, lone surrogates,
    private and unassigned code points.
    """
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return text
    return "".join(char if char.isprintable() and not _INVISIBLE.match(char) else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
