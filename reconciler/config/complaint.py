"""What is wrong at one place of a document, before it is known whose document it is. Knows no kind and no YAML."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
    """`path`: keys from the top of the document; list items by number. `line`: given where the path has none.
    `more`: it stands for so many complaints that are not told of."""

    code: str
    message: str
    remedy: str = ""
    path: FieldPath = ()
    line: int | None = None
    more: int = 0

    def finding(self, place: str, lines: Lines, kind: str = "") -> Finding:
        """The complaint as a Finding. With a `kind`, the first key names the object and the rest its field."""
        line = self.line if self.line is not None else line_of(self.path, lines)
        found = Finding(
            code=self.code, message=self.message, remedy=self.remedy, origin=Origin(place, line), at_files=True
        )
        if self.more:
            return rest(found, self.more)
        # A name without end would be repeated in each complaint about what is under it.
        steps = tuple(step if len(step) <= LONGEST else shortened(step) for step in self.path)
        ref = Ref(kind, steps[0]) if kind and steps else None
        return replace(found, ref=ref, field=".".join(steps[1:] if ref else steps))


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
        told = Counter(complaint.code for complaint in self._kept)
        for code, number in (self._numbers - told).items():
            yield Complaint(code=code, message="more of these", more=number)


def capped(complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    """The complaints about one thing, the first MOST_ALIKE of a code as they come and the rest as a number."""
    told: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for complaint in complaints:
        if complaint.more or told[complaint.code] >= MOST_ALIKE:
            left[complaint.code] += complaint.more or 1
        else:
            told[complaint.code] += 1
            yield complaint
    for code, number in left.items():
        yield Complaint(code=code, message="more of these", more=number)


class ItemLines(Mapping[FieldPath, int]):
    """Path → line. The items of a list are kept as numbers: a list may have a hundred thousand."""

    def __init__(self, keys: dict[FieldPath, int]) -> None:
        self._keys = keys
        self._items: dict[FieldPath, array[int]] = {}

    def __getitem__(self, path: FieldPath) -> int:
        line = self._keys.get(path)
        if line is not None:
            return line
        if path not in self:
            raise KeyError(path)
        return self._items[path[:-1]][int(path[-1])]

    def __setitem__(self, path: FieldPath, line: int) -> None:
        self._keys[path] = line

    def __contains__(self, path: object) -> bool:
        if path in self._keys:
            return True
        if not isinstance(path, tuple) or not path or path[:-1] not in self._items:
            return False
        return path[-1].isdecimal() and int(path[-1]) < len(self._items[path[:-1]])

    def __iter__(self) -> Iterator[FieldPath]:
        yield from self._keys
        for path, lines in self._items.items():
            yield from ((*path, str(number)) for number in range(len(lines)))

    def __len__(self) -> int:
        return len(self._keys) + sum(map(len, self._items.values()))

    def append(self, path: FieldPath, line: int) -> None:
        """The line of one more item of the list at `path`."""
        self._items.setdefault(path, array("L")).append(line)


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
