"""The fast lane: large files of ordinary YAML through a Rust parser, with the judge's values or no answer at all.

The parser keeps no lines and is laxer than the judge: it drops tags, joins documents, keeps the byte order mark, reads
`1_000` and `0X1F` as numbers, and falls over lists nested without end. So it sees a file only when nothing in the text
could lead there. Whatever it or the types then refuse, the judge reads again. Knows no kind.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.config.limits import Limits

SMALLEST = 4096
"""Bytes. Below, loading the parser costs more than the judge does."""

ORDINARY = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n:.-@_+/(),=;#'\""
DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")

REFUSED = re.compile(
    rb"""
      [\x00-\x09\x0b-\x1f\x7f\\|>%`?]     # tabs, returns, escapes, block texts, directives, long keys
    | \$\{ | <<                           # what the judge complains of
    | (?:^|[\s\[{(,:-])[!&*]              # tags, anchors, aliases
    | \xc2[\x80-\x9f] | \xe2\x80[\xa8\xa9] | \xef   # line breaks to one reader only; the marks of byte order
    | [\[{][^\]}\n]*$                     # a flow collection over several lines
    | [\[{][^\]}\n]*[\[{][^\]}\n]*[\[{]   # or three deep
    """,
    re.VERBOSE | re.MULTILINE,
)
NUMBER_OF_A_SORT = re.compile(
    rb"""
    (?:^|[\s\[{,:])
    [-+]?(?: 0[xXoObB] | [._0-9][-+._0-9a-fA-FxXoO]*_ | _[0-9] )[-+._0-9a-fA-FxXoO]*
    (?=[\s\]},:]|$)
    """,
    re.VERBOSE | re.MULTILINE,
)
TOO_DEEP = b" " * 24
DOCUMENT_MARKS = (b"---", b"...")


def parse(content: bytes, limits: Limits) -> dict[Any, Any] | None:
    """The data of a file, equal to the judge's; None where only the judge can tell."""
    if not SMALLEST <= len(content) <= limits.file_bytes or not ordinary(content):
        return None
    import yaml_rs  # late: a small repository never needs it

    try:
        data: Any = yaml_rs.loads(content.decode("utf-8"), parse_datetime=False)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in Rust is no Exception
        return None
    return data if isinstance(data, dict) else None


def ordinary(content: bytes) -> bool:
    """Whether nothing in the text is read differently, or not survived, by the fast parser. Cheap tests go first."""
    if content.startswith(DOCUMENT_MARKS) or any(b"\n" + mark in content for mark in DOCUMENT_MARKS):
        return False
    if b"- -" in content or TOO_DEEP in content:
        return False
    if content.translate(None, ORDINARY) and REFUSED.search(content):
        return False
    alike = content.translate(DIGITS_ALIKE)
    peculiar = any(
        hint in alike for hint in (b"0_", b"_0", b"0x", b"0X", b"0o", b"0O", b"0b", b"0B", b"._", b"-_", b"+_")
    )
    return not (peculiar and NUMBER_OF_A_SORT.search(content))
