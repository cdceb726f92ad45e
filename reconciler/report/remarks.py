"""Findings → remarks: masked, made safe to show, and placed in the repository.

What the formats of other programs share. Knows none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.plan import digest_of
from reconciler.model.ref import Origin
from reconciler.report.entries import EntryMaker
from reconciler.report.layout import Row
from reconciler.report.sanitise import safe_text
from reconciler.report.topic import Frame, Topic, masking_in

SETTINGS = "reconciler.yaml"
"""The file that is named where a complaint is about no file."""
_ENDINGS = (".yaml", ".yml")
_BROAD = 1_000_000
"""Characters of a line that is never broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One complaint in safe text. `about`: the object, or empty; `details`: who is hit, and what to do about it.

    `path` is seen from the root of the repository and always a file, `line` counts from 1; `placed` tells whether the
    complaint is about that file, or is only shown there. `mark` is the same for the same complaint in the next run,
    wherever it stands in its file, and no two remarks of a report share it. `weight`: how many complaints it
    stands for.
    """

    code: str
    severity: Severity
    about: str
    message: str
    details: tuple[str, ...]
    path: str
    line: int
    placed: bool
    mark: str
    weight: int = 1

    @property
    def text(self) -> str:
        """`package/Legacy: 30 users are still on it`, and a line for each detail."""
        return "\n".join([f"{self.about}: {self.message}" if self.about else self.message, *self.details])


def remarks(topic: Topic, frame: Frame) -> list[Remark]:
    """Every finding of the topic: the gravest first, then by place."""
    speaker = EntryMaker(vocabulary=frame.vocabulary, masking=masking_in(topic, frame), width=_BROAD)
    seen: Counter[str] = Counter()
    return [_remark(finding, speaker, frame, seen) for finding in sorted(limited(topic.findings), key=_gravest_first)]


def is_file(place: str) -> bool:
    """Whether a place can be opened; a live table and a folder cannot."""
    return place.endswith(_ENDINGS)


def _remark(finding: Finding, speaker: EntryMaker, frame: Frame, seen: Counter[str]) -> Remark:
    entry = speaker.finding(finding)
    about = f"{entry.kind}/{entry.name}" if entry.kind else ""
    said = [line.text for line in entry.lines if isinstance(line, Row)]
    details = [line.text for line in entry.lines if not isinstance(line, Row)]
    path, line, placed = _spot(finding.origin)
    # Of masked text, so that nobody can find a person by trying names.
    mark = digest_of("\n".join((finding.code, path, about, finding.field, *said)))
    seen[mark] += 1
    return Remark(
        code=finding.code,
        severity=finding.severity,
        about=safe_text(about),
        message=safe_text("; ".join(said)),
        details=tuple(map(safe_text, details)),
        path=safe_text(frame.folder + path),
        line=line,
        placed=placed,
        mark=mark if seen[mark] == 1 else digest_of(f"{mark}:{seen[mark]}"),
        weight=finding.weight,
    )


def _spot(origin: Origin | None) -> tuple[str, int, bool]:
    """A file and a line to open: a live row, a folder or nothing at all has none."""
    if origin is None or not is_file(origin.place):
        return SETTINGS, 1, False
    return origin.place, origin.line or 1, True


def _gravest_first(finding: Finding) -> tuple[object, ...]:
    return list(Severity).index(finding.severity), *_by_place(finding)


def _by_place(finding: Finding) -> Iterator[object]:
    place, line, placed = _spot(finding.origin)
    yield from (not placed, place, line, finding.code, str(finding.ref or ""), finding.field, finding.message)
