"""What a report for another program tells of, and how it is framed.

A format is one module with `report(topic, frame)`, and one line in `REPORTS` of `cli/output.py`.

Findings → remarks: masked, made safe to show, and placed in the repository.

What the formats of other programs share.

How many changes of the live system a plan has, in the three words that other programs count in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.change import Change, Operation, Update
from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.plan import Plan, digest_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.visible import safe_text
from reconciler.report.entries import EntryMaker, rows_of
from reconciler.report.layout import Row
from reconciler.report.masking import OPEN, Masking, masking_of
from reconciler.report.sections import UNDONE
from reconciler.report.summary import drift_summary, summary
from reconciler.report.words import counted

PLAN, DRIFT, VALIDATE = "plan", "drift", "validate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What was looked at: `command` names who looked, `verdict` says it in one line of safe text.

    `plan`: None where no live system was read; then `checked` are the files that were read.
    """

    command: str
    verdict: str
    findings: tuple[Finding, ...]
    plan: Plan | None = None
    checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a report is told besides its topic. `masked`: hide people whom no file names; `folder`: where the files lie
    in their repository, empty or with a `/` at its end; `token`: random, so that nobody can have written it before."""

    vocabulary: Vocabulary
    masked: bool = True
    folder: str = ""
    token: str = ""


def topic_of_plan(plan: Plan) -> Topic:
    """A plan with what its guards said, each at the line that it is about where the plan knows one."""
    places = {change.ref: change for change in plan.changes}
    placed = (replace(f, origin=_asked_at(f, places)) if f.origin is None else f for f in plan.findings)
    return Topic(command=PLAN, verdict=summary(plan), findings=tuple(limited(placed, spared=places)), plan=plan)


def topic_of_files(findings: Sequence[Finding], files: Iterable[str] = (), command: str = VALIDATE) -> Topic:
    """The files and all that is wrong with them. `files`: those that declare something; `command`: who read them."""
    faulty = (finding.origin.place for finding in findings if finding.origin is not None)
    errors = sum(finding.weight for finding in findings if finding.blocks)
    others = sum(finding.weight for finding in findings) - errors
    counts = ", ".join(counted(n, noun) for n, noun in ((errors, "error"), (others, "remark")) if n)
    return Topic(
        command=command,
        verdict=f"The files are {'wrong' if errors else 'right'}{f': {counts}' if counts else ''}.",
        findings=tuple(limited(findings)),
        checked=tuple(sorted({*files, *faulty})),
    )


def topic_of_drift(plan: Plan, vocabulary: Vocabulary) -> Topic:
    """What happened in the database since the last apply, each drifted field as a complaint of its own."""
    absent = (finding for finding in plan.findings if finding.severity is Severity.LEFT_OUT)
    found = (finding for change in plan.drifted for finding in _complaints(change, vocabulary))
    return Topic(command=DRIFT, verdict=drift_summary(plan), findings=(*found, *limited(absent)), plan=plan)


def masking_in(topic: Topic, frame: Frame) -> Masking:
    """Whom a report on this may name. Complaints about files alone hide nobody: the files name them anyway."""
    return masking_of(topic.plan, frame.vocabulary, masked=frame.masked) if topic.plan else OPEN


def _asked_at(finding: Finding, changes: Mapping[Ref, Change]) -> Origin | None:
    """The line that asks for the change a finding is about: that of the field, else that of the object."""
    change = None if finding.ref is None else changes.get(finding.ref)
    if change is None:
        return None
    deltas = change.fields if isinstance(change, Update) else ()
    return next((d.origin for d in deltas if d.origin and d.name == finding.field), change.origin)


def _complaints(change: Change, vocabulary: Vocabulary) -> Iterator[Finding]:
    if not isinstance(change, Update):
        message = "deleted by hand; an apply will create it again"
        yield Finding(code="drift", message=message, ref=change.ref, origin=change.origin)
        return
    fields = vocabulary.fields.get(change.ref.kind, {})
    for delta in change.fields:
        if delta.cause not in UNDONE:
            continue
        declared = fields.get(delta.name)
        rows = rows_of(delta, declared.type if declared else None)
        said = "; ".join(row.text if row.what == delta.name else f"{row.what} {row.text}" for row in rows)
        origin = delta.origin or change.origin
        yield Finding(code="drift", message=said, ref=change.ref, field=delta.name, origin=origin)


_SETTINGS = "reconciler.yaml"
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
        return _SETTINGS, 1, False
    return origin.place, origin.line or 1, True


def _gravest_first(finding: Finding) -> tuple[object, ...]:
    return list(Severity).index(finding.severity), *_by_place(finding)


def _by_place(finding: Finding) -> Iterator[object]:
    place, line, placed = _spot(finding.origin)
    yield from (not placed, place, line, finding.code, str(finding.ref or ""), finding.field, finding.message)


_COUNTED = [each.action for each in (Operation.CREATE, Operation.UPDATE, Operation.DELETE)]
"""To stop managing an object changes nothing in the live system, so it is not counted."""


def tally(topic: Topic) -> dict[str, int]:
    """`create`, `update`, `delete` → how many, each always there. Of drift: what an apply would put back."""
    plan = topic.plan
    changes = () if plan is None else plan.drifted if topic.command == DRIFT else plan.changes
    counts = Counter(change.operation.action for change in changes)
    return {word: counts[word] for word in _COUNTED}
