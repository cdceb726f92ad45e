"""What a report for another program tells of, and how it is framed. Knows no format.

A format is one module with `report(topic, frame)`, and one line in `REPORTS` of `cli/delivery.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.change import Change, Update
from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.plan import Plan
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.report.deltas import rows_of
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
