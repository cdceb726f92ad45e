"""`# nolint: code reason` in a file takes back a warning or note of that code, on its line or the next. Knows no kind.

A reason is needed. Behind a field it speaks for that field, behind a name for the whole object. Errors stay.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from reconciler.model.finding import Finding, Severity
from reconciler.model.record import Sheet

COMMENT = re.compile(r"(?<!\S)#\s*nolint:\s*(?P<code>[a-z][a-z-]*)\s+\S")
SILENCED = frozenset({Severity.WARNING, Severity.NOTE})

Silenced = set[tuple[str, int]]
"""(code, line) pairs."""


def without_silenced(
    findings: Iterable[Finding], sheets: Mapping[str, Sheet], content: Callable[[str], bytes | None]
) -> Iterator[Finding]:
    """The findings without those that a comment takes back. `content` reads the file of a place."""
    known: dict[str, Silenced] = {}
    codes: dict[str, set[str]] = {}
    for finding in findings:
        if finding.severity not in SILENCED or finding.origin is None:
            yield finding
            continue
        place = finding.origin.place
        if place not in known:
            known[place] = silenced(content(place) or b"")
            codes[place] = {code for code, _ in known[place]}
        # To find the lines of a finding costs more than all the rest.
        if finding.code not in codes[place] or not any(
            (finding.code, line) in known[place] for line in _lines(finding, sheets)
        ):
            yield finding


def silenced(content: bytes) -> Silenced:
    """What the comments of a file take back. A value that looks like such a comment takes back nothing."""
    if b"nolint:" not in content:
        return set()
    text = content.decode("utf-8", "replace")
    values = _values(text)
    taken: Silenced = set()
    waiting: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        comment = next((found for found in COMMENT.finditer(line) if not _inside(values, number, found.start())), None)
        if comment and not line[: comment.start()].strip():
            waiting.add(comment["code"])
            continue
        if comment:
            taken.add((comment["code"], number))
        if line.strip() and not line.lstrip().startswith("#"):
            taken |= {(code, number) for code in waiting}
            waiting.clear()
    return taken


def _values(text: str) -> dict[int, list[tuple[int, int]]]:
    """Line → from which to which column a key or value stands in it; of a broken file as far as it can be read."""
    import yaml  # late: `--help` starts without it

    found: dict[int, list[tuple[int, int]]] = {}
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not isinstance(token, yaml.ScalarToken):
                continue
            start, end = token.start_mark, token.end_mark
            block = token.style in ("|", ">")  # a comment may stand behind its sign
            for line in range(start.line + block, end.line + 1):
                first = start.column if line == start.line else 0
                found.setdefault(line + 1, []).append((first, end.column if line == end.line else sys.maxsize))
    return found


def _inside(values: Mapping[int, list[tuple[int, int]]], line: int, column: int) -> bool:
    return any(first <= column < end for first, end in values.get(line, ()))


def _lines(finding: Finding, sheets: Mapping[str, Sheet]) -> Iterator[int]:
    """The lines that speak for a finding: its own, its field's and its object's."""
    assert finding.origin is not None
    if finding.origin.line is not None:
        yield finding.origin.line
    if finding.ref is not None and finding.ref.kind in sheets:
        lines = sheets[finding.ref.kind].locate(finding.origin.place, finding.ref.key)
        yield from (lines[name] for name in ("", finding.field) if name in lines)
