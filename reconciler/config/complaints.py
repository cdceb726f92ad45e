"""What is wrong at one place of a file, before it is known whose file it is; and how places and values are written.

Complaints become Findings (`model/finding.py`) where the file is known. `yaml.py` makes them of the text, `explain.py`
of the values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from reconciler.model.finding import MOST_ALIKE, Finding, rest
from reconciler.model.names import LONGEST
from reconciler.model.ref import Origin, Ref

FieldPath: TypeAlias = tuple[str, ...]
Lines: TypeAlias = Mapping[FieldPath, int]

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong, with one of CODES and what to write instead."""

    code: str
    message: str
    remedy: str = ""
    path: FieldPath = ()
    """Keys from the top of the document; list items by number."""
    line: int | None = None
    """Given where the path has none."""
    more: int = 0
    """So many complaints that are not listed, for which this one stands."""

    def finding(self, place: str, lines: Lines, kind: str = "") -> Finding:
        """The complaint as a Finding. With a `kind`, the first key names the object and the rest its field."""
        line = self.line if self.line is not None else line_of(self.path, lines)
        finding = Finding(
            code=self.code, message=self.message, remedy=self.remedy, origin=Origin(place, line), at_files=True
        )
        if self.more:
            return rest(finding, self.more)
        # A name without end would be repeated in each complaint about what is under it.
        steps = tuple(step if len(step) <= LONGEST else shortened(step) for step in self.path)
        ref = Ref(kind, steps[0]) if kind and steps else None
        return replace(finding, ref=ref, field=".".join(steps[1:] if ref else steps))


@dataclass(slots=True)
class Capped:
    """Complaints as they come: of each code the first MOST_ALIKE, the rest as a number."""

    total: int = 0
    _kept: list[Complaint] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)

    def add(self, complaint: Complaint) -> None:
        """One more."""
        number = complaint.more or 1
        if not complaint.more and self._numbers[complaint.code] < MOST_ALIKE:
            self._kept.append(complaint)
        self._numbers[complaint.code] += number
        self.total += number

    def __iter__(self) -> Iterator[Complaint]:
        """Those that are kept, then how many more there are."""
        yield from self._kept
        kept = Counter(complaint.code for complaint in self._kept)
        for code, number in (self._numbers - kept).items():
            yield Complaint(code=code, message="more of these", more=number)


def line_of(path: FieldPath, lines: Lines) -> int | None:
    """The line of the path, or of the nearest thing around it that has one."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def value_text(value: Any) -> str:
    """A value from a file in words, short enough for one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f'"{shortened(value)}"'
        case list():
            return "a list"
        case _:
            return "a mapping"


def shortened(text: str) -> str:
    """The text, or its beginning."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
