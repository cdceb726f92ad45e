"""What is wrong at one place of a document, before it is known whose document it is. Knows no kind and no YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.model.finding import Finding
from reconciler.model.ref import Origin, Ref

Path: TypeAlias = tuple[str, ...]
Lines: TypeAlias = Mapping[Path, int]

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`path`: keys from the top of the document; list items by number. `line`: given where the path has none."""

    code: str
    message: str
    remedy: str = ""
    path: Path = ()
    line: int | None = None

    def finding(self, place: str, lines: Lines, kind: str = "") -> Finding:
        """The complaint as a Finding. With a `kind`, the first key names the object and the rest its field."""
        ref = Ref(kind, self.path[0]) if kind and self.path else None
        field = self.path[1:] if ref else self.path
        line = self.line if self.line is not None else line_of(self.path, lines)
        return Finding(
            code=self.code,
            message=self.message,
            remedy=self.remedy,
            ref=ref,
            field=".".join(field),
            origin=Origin(place, line),
            at_files=True,
        )


def line_of(path: Path, lines: Lines) -> int | None:
    """The line of the path, or of the nearest thing around it that has one."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def shown(value: Any) -> str:
    """A value from a file in words, short enough for one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            short = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
            return f'"{short}"'
        case list():
            return "a list"
        case _:
            return "a mapping"
