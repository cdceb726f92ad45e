"""The fast reader: larger files of ordinary YAML through a Rust parser, with the strict reader's values or no answer.

The parser keeps no lines and is laxer than `yaml.py`: it drops tags, joins documents, keeps the byte order mark, reads
`1_000` and `0X1F` as numbers, and falls over lists nested without end. So it sees a file only when nothing in the text
could lead there. Whatever it or the types then refuse, the strict reader reads again.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.config.yaml import LONGEST_NUMBER, Limits

SMALLEST = 4096
"""Bytes. Below, loading the parser costs more than the strict reader does."""

MANY_SMALL = 4 * SMALLEST
"""Bytes of small files that the strict reader has read; from then on the parser is worth loading for small ones too."""

_ORDINARY = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n:.-@_+/(),=;#'\""
NOT_ORDINARY = frozenset(b"\\|>%`\xef") | frozenset(range(0x20)) - frozenset(b"\n") | {0x7F}
"""Escapes, block texts, directives, tabs, returns; what may be a byte order mark."""

PECULIAR: dict[bytes, re.Pattern[bytes]] = {
    b"$": re.compile(rb"\$\{"),
    b"<": re.compile(rb"<<"),
    b"!&*": re.compile(rb"(?:^[ -]*|[\[{,] *|[:?-] +|['\"]:)[!&*]", re.MULTILINE),
    b"?": re.compile(rb"(?:^|[ \[{,:])\?(?:[ ,\]}]|$)", re.MULTILINE),
    b"[{": re.compile(rb"[\[{](?:[^\]}\n]*$|[^\]}\n]*[\[{][^\]}\n]*[\[{])", re.MULTILINE),
    b"{[": re.compile(rb"(?:[\[{,] *|['\"]:)[?:]"),
    b"]}": re.compile(rb": +[?:]"),
    b"\xc2": re.compile(rb"\xc2[\x80-\x9f]"),
    b"\xe2": re.compile(rb"\xe2\x80[\xa8\xa9]"),
}
"""Characters → where they are peculiar: what the strict reader complains of, tags, anchors and aliases, long keys, flow
collections over several lines or three deep, words in them that begin with `?` or `:`, line breaks to one reader."""

UNDERSCORED = re.compile(rb"_(?:(?<=[0-9.]_)|(?=[0-9.]))")
BASED = re.compile(rb"0(?<![0-9A-Za-z.@]0)[xXoObB]")
ODD_NUMBER = re.compile(
    rb"(?:^|[\s\[{,:])[-+]?+(?=0[xXoObB]|[.0-9][-+.0-9a-fA-FxXoO]*+_|_[._]*+[0-9])[-+._0-9a-fA-FxXoO]*+(?=[\s\]},:]|$)",
    re.MULTILINE,
)
"""A number to the parser and a text to the strict reader. Slow to look for, so the two before it say whether to."""

ZERO_FOR_DIGIT = bytes(ord("0") if chr(byte).isdecimal() and byte < 0x80 else byte for byte in range(0x100))
LONG_NUMBER = b"0" * LONGEST_NUMBER
"""With leading zeros it is a small number to the parser; the strict reader refuses it for its length."""

TOO_DEEP = (b" " * 24, b"- -", b"-  ")
"""Lists directly inside lists: some thousands of them overflow the parser's stack."""
MARKS = (b"---", b"...")


def parse_fast(content: bytes, limits: Limits, before: int = 0) -> dict[Any, Any] | None:
    """The data of a file, equal to the strict reader's; None where only the strict reader can tell. `before`: bytes
    that the strict reader has read already."""
    too_small = len(content) < SMALLEST and before < MANY_SMALL
    if too_small or len(content) > limits.file_bytes or not ordinary(content):
        return None
    import yaml_rs  # late: a small repository never needs it

    try:
        data: Any = yaml_rs.loads(content.decode("utf-8"), parse_datetime=False)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in Rust is no Exception
        return None
    return data if isinstance(data, dict) else None


def certain(data: Any) -> bool:
    """Whether the strict reader would say the same of it: of other scalars and keys they have different views."""
    match data:
        case dict():
            return all(isinstance(key, str) for key in data) and all(map(certain, data.values()))
        case list():
            return all(map(certain, data))
        case _:
            return isinstance(data, (str, int))


def ordinary(content: bytes) -> bool:
    """Whether nothing in the text is read differently, or not survived, by the fast parser. Cheap tests go first."""
    if any(nested in content for nested in TOO_DEEP):
        return False
    for mark in MARKS:
        if mark in content and (content.startswith(mark) or b"\n" + mark in content):
            return False
    rest = frozenset(content.translate(None, _ORDINARY))
    if rest & NOT_ORDINARY:
        return False
    if any(not rest.isdisjoint(characters) and where.search(content) for characters, where in PECULIAR.items()):
        return False
    if LONG_NUMBER in content.translate(ZERO_FOR_DIGIT):
        return False
    odd = UNDERSCORED.search(content) or BASED.search(content)
    return not (odd and ODD_NUMBER.search(content))
