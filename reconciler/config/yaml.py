"""YAML text → plain data that remembers the line of every key: the judge of every file. Knows no kind and no folder.

PyYAML splits the text into events; what they mean is decided here, by YAML 1.2 and with limits, before anything is
built that a hostile file could blow up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.config.complaint import Complaint, FieldPath
from reconciler.config.composing import Composer, TooMuch
from reconciler.config.limits import MEBIBYTE, Limits
from reconciler.model.errors import FileErrors

# Not allowed by YAML, or a line break to one reader and an ordinary character to another.
UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BYTE_ORDER_MARK = "\ufeff"

KNOWN_TROUBLE = (
    ("'\\t'", "a tab where only blanks may stand", "indent with blanks"),
    ("a tab character", "a tab where only blanks may stand", "indent with blanks"),
    ("mapping values are not allowed", "a second `: ` in one line", "put the value in quotes, or on a line of its own"),
    ("could not find expected ':'", "a line without `key: value`", "write `key: value`, indented like its neighbours"),
    ("did not find expected key", "a line that is not indented like its neighbours", "align it with the lines around"),
    ("found unexpected end of stream", "a quote is opened and never closed", "close it"),
    ("',' or", "a bracket is not closed, or a comma is missing in it", "close it, and put commas between"),
    (
        "expected <document start>",
        "what begins here is neither a name nor a comment",
        "write `name:` and its fields under it",
    ),
    ("cannot start any token", "an unquoted text cannot begin with @, %, a backtick or a tab", "put it in quotes"),
    ("non-alphabetical character", "an unquoted text cannot begin with %", "put it in quotes"),
    ("'@'", "an unquoted value cannot begin with @", "put it in quotes"),
    ("'`'", "an unquoted value cannot begin with a backtick", "put it in quotes"),
    ("'%'", "an unquoted value cannot begin with %", "put it in quotes"),
)

BEGUN_BEFORE = ("could not find expected ':'", "unexpected end of stream", "',' or")
"""Trouble that the parser meets only later; the line to look at is where it began."""


@dataclass(frozen=True, slots=True)
class Document:
    """`data`: dict, list, str, int, float, bool; an empty file is an empty dict. `lines`: path → 1-based line of the
    key, list items by number, the document itself under the empty path."""

    data: Any
    lines: Mapping[FieldPath, int] = field(default_factory=dict)


def read(content: bytes, place: str, limits: Limits = Limits()) -> Document:  # noqa: B008  frozen
    """Judge one file. `place` is how complaints call it. Raises FileErrors with every complaint about it."""
    document, complaints = judge(content, limits)
    if complaints:
        findings = tuple(complaint.finding(place, document.lines) for complaint in complaints)
        raise FileErrors(f"{place} cannot be read", findings=findings)
    return document


def judge(content: bytes, limits: Limits = Limits()) -> tuple[Document, list[Complaint]]:  # noqa: B008  frozen
    """What the file says, and every complaint. Keys that are complained of are left out of the data; a file that
    cannot be followed to its end is empty."""
    if len(content) > limits.file_bytes:
        return Document({}), [too_large(len(content), limits)]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Document({}), [_syntax("the file is not UTF-8", "save it as UTF-8", line)]
    unreadable = UNREADABLE.search(text)
    if text.startswith(BYTE_ORDER_MARK):
        return Document({}), [_syntax("the file begins with a byte order mark", "save it as UTF-8 without BOM", 1)]
    if unreadable:
        return Document({}), [_unreadable(text, unreadable.start())]
    return _composed(text, limits)


def _composed(text: str, limits: Limits) -> tuple[Document, list[Complaint]]:
    import yaml  # late: `--help` starts without it

    composer = Composer(limits, len(text))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except TooMuch as error:
        return Document({}), [*composer.complaints, error.complaint]
    except yaml.MarkedYAMLError as error:
        return Document({}), [*composer.complaints, _trouble(error.problem or "", _line(error, text))]
    except yaml.YAMLError as error:
        return Document({}), [*composer.complaints, _trouble(str(error), None)]
    return Document(composer.root, composer.lines), list(composer.complaints)


def _line(error: Any, text: str) -> int | None:
    begun = any(part in (error.problem or "") for part in BEGUN_BEFORE)
    mark = error.context_mark if begun and error.context_mark else error.problem_mark
    # A parser that waits for more stands behind the last line break.
    return min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else None


def _trouble(problem: str, line: int | None) -> Complaint:
    for part, message, remedy in KNOWN_TROUBLE:
        if part in problem:
            return _syntax(message, remedy, line)
    return _syntax(f"not readable as YAML: {problem}", "compare it with a file that validates", line)


def _unreadable(text: str, position: int) -> Complaint:
    number = ord(text[position])
    escape = f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"
    line = text.count("\n", 0, position) + 1
    return _syntax(f"the character {escape} may not stand in a file", "take it out", line)


def too_large(size: int, limits: Limits) -> Complaint:
    """The complaint about a file of so many bytes."""
    return Complaint(
        code="too-large",
        message=f"{size / MEBIBYTE:.1f} MiB, over the limit of {limits.file_bytes / MEBIBYTE:.1f} MiB a file",
        remedy="split it into several files",
    )


def _syntax(message: str, remedy: str, line: int | None) -> Complaint:
    return Complaint(code="syntax", message=message, remedy=remedy, line=line)
