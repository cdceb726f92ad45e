"""Entries → aligned lines of safe text. Text becomes output here alone, so here it is made safe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from unicodedata import combining, east_asian_width

from reconciler.model.visible import safe_text
from reconciler.report.words import listed

GROUPED_FROM = 4
"""So many alike are shown as one."""
NAMED = 3
"""How many of a group are named."""
WIDTH = 120
_UNUSUAL = re.compile("[^\x00-\u02ff\u2010-\u205e\u2190-\u21ff\u2212]")
"""Outside of these a character may take no column or two."""
_GAP = "  "
_WIDEST_LABEL = 36
_WIDEST_WHAT = 34


class Row(NamedTuple):
    """A line in columns: `what` (a field or a verb), `text`, and `tail` (a code) at the right."""

    what: str
    text: str
    tail: str = ""


class Detail(NamedTuple):
    """An indented line below."""

    text: str


Line: TypeAlias = Row | Detail


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in a section. `kind` and `name` are empty where it is about no object; `places` says for each line
    where to look. Entries that differ in name and places only are alike. `count`: how many it stands for."""

    marker: str
    kind: str
    name: str
    lines: tuple[Line, ...]
    places: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A titled block of entries; `hint` explains the title."""

    title: str
    entries: Sequence[Entry]
    hint: str = ""


class Style(StrEnum):
    """ANSI: select graphic rendition."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    MAGENTA = "35"
    CYAN = "36"


_MARKED = {"-": Style.RED, "+": Style.GREEN, "~": Style.YELLOW, "!": Style.MAGENTA, "→": Style.CYAN}


@dataclass(frozen=True, slots=True)
class Page:
    """How wide the text is at best, in characters, and whether it may be coloured. Nothing is ever wrapped."""

    width: int = WIDTH
    colour: bool = False

    def paint(self, text: str, style: Style) -> str:
        """The text, coloured where that is wanted."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text


class _Drawn(NamedTuple):
    """A line ready to be laid out: label, what and text are columns; a detail has text only."""

    marker: str
    label: str
    line: Line
    place: str


def render(parts: Iterable[Part], page: Page) -> Iterator[str]:
    """The parts that have entries, each with its title and a blank line after it, columns aligned over all of them."""
    drawn = [(part, [line for group in _groups(part.entries) for line in _drawn(group)]) for part in parts]
    rows = [line for _, lines in drawn for line in lines if isinstance(line.line, Row)]
    label = min(max((_wide(row.label) for row in rows), default=0), _WIDEST_LABEL)
    what = min(max((_wide(row.line.what) for row in rows if isinstance(row.line, Row)), default=0), _WIDEST_WHAT)
    for part, lines in drawn:
        if not lines:
            continue
        yield page.paint(f"{part.title}  {sum(entry.count for entry in part.entries):,}", Style.BOLD) + (
            f"   ({part.hint})" if part.hint else ""
        )
        lefts = [_left(line, label, what) for line in lines]
        tails = list(map(_tail, lines))
        stop = _tab_stop(lefts, tails, page.width)
        for line, left, tail in zip(lines, lefts, tails, strict=True):
            yield _finished(line, left, tail, stop, page)
        yield ""


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int], page: Page) -> Iterator[str]:
    """A plain table; the columns numbered in `right` are set to the right."""
    table = [[safe_text(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(_wide, column)) for column in zip(*table, strict=True)]
    for number, row in enumerate(table):
        cells = (
            _padded(cell, width, right=column in right)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        line = (_GAP + " ").join(cells).rstrip()
        yield line if number else page.paint(line, Style.BOLD)


def _groups(entries: Iterable[Entry]) -> Iterable[list[Entry]]:
    """Entries that are alike together, where the first of them stood."""
    alike: dict[tuple[object, ...], list[Entry]] = {}
    for number, entry in enumerate(entries):
        # What is about no object is never alike: its text is all it has.
        key = (entry.marker, entry.kind or number, entry.lines)
        alike.setdefault(key, []).append(entry)
    return alike.values()


def _drawn(group: list[Entry]) -> Iterator[_Drawn]:
    if len(group) < GROUPED_FROM:
        for entry in group:
            label = safe_text(f"{entry.kind}/{entry.name}") if entry.kind else ""
            yield from _lines(entry, label, entry.places)
        return
    first = group[0]
    places = tuple(_together(each) for each in zip(*(entry.places for entry in group), strict=True))
    yield from _lines(first, safe_text(f"{first.kind} × {len(group):,}"), places)
    names = listed([entry.name for entry in group[:NAMED]], len(group) - NAMED)
    yield _Drawn("", "", Detail(safe_text(names)), "")


def _together(places: Sequence[str]) -> str:
    """`tenants.d/eu.yaml:5, :9, :13 …`: the first few of many places."""
    ordered = sorted({_in_order(place) for place in places if place})
    if not ordered:
        return ""
    file = ordered[0][0]
    here = [str(line) for place, line in ordered if place == file and line]
    lines = ", :".join(here[:NAMED])
    return (f"{file}:{lines}" if lines else file) + (" …" if len(ordered) > max(1, min(len(here), NAMED)) else "")


def _in_order(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else (place, 0)


def _lines(entry: Entry, label: str, places: tuple[str, ...]) -> Iterator[_Drawn]:
    marker, last = entry.marker, None
    for line, place in zip(entry.lines, places, strict=True):
        safe: Line
        if isinstance(line, Row):
            what = line.what
            # A field of several items is named once.
            safe = Row(" " if what and what == last else safe_text(what), safe_text(line.text), safe_text(line.tail))
            last = what
        else:
            safe = Detail(safe_text(line.text))
        yield _Drawn(marker, label, safe, safe_text(place))
        marker, label = "", label and " "


def _left(drawn: _Drawn, label: int, what: int) -> str:
    match drawn.line:
        case Detail(text):
            return f"      {text}"
        case Row(verb, text, _):
            head = f"  {drawn.marker or ' '} "
            if drawn.label:
                head += _padded(drawn.label, label) + _GAP
            return head + (_padded(verb, what) + _GAP + text if verb else text)


def _tail(drawn: _Drawn) -> str:
    code = drawn.line.tail if isinstance(drawn.line, Row) else ""
    return _GAP.join(filter(None, (code, drawn.place)))


def _tab_stop(lefts: Sequence[str], tails: Sequence[str], width: int) -> int:
    """The column where the tails of a part begin, so that most of them fit into the width."""
    widths = [(_wide(left), _wide(tail)) for left, tail in zip(lefts, tails, strict=True) if tail]
    if not widths:
        return 0
    room = width - max(tail for _, tail in widths)
    return max((left for left, _ in widths if left <= room - 3), default=0) + 3


def _finished(drawn: _Drawn, left: str, tail: str, stop: int, page: Page) -> str:
    left = left.rstrip()
    gap = " " * max(stop - _wide(left), 3) if tail else ""
    if page.colour and drawn.marker in _MARKED:
        left = f"  {page.paint(drawn.marker, _MARKED[drawn.marker])}{left[3:]}"
    return f"{left}{gap}{page.paint(tail, Style.DIM)}"


def _padded(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * max(width - _wide(text), 0)
    return blanks + text if right else text + blanks


def _wide(text: str) -> int:
    """How many columns of a terminal it takes."""
    if text.isascii() or not _UNUSUAL.search(text):
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
