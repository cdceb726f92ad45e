"""What `drift` looks at: the plan, what is new in it since the last look, and what the watch over it counts besides.

Knows the order of the steps and nothing of channels: `notify` sends, `drift_state` remembers.

`drift --write-back`: what was changed in the database goes into the files, so that a person can propose it.

Only drift is written. Changes of the files that wait to be applied stay; so does every field that both sides moved, and
an object that was deleted by hand stays declared: those are for a person to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.model.change import STRENGTH, Change, Create, Update
from reconciler.model.errors import ReconcilerError
from reconciler.model.facts import Snapshot
from reconciler.model.finding import Finding
from reconciler.model.memory import Remembered
from reconciler.model.plan import Plan
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Reader
from reconciler.model.values import NONE, Value
from reconciler.report.metrics import Watched
from reconciler.report.sections import UNDONE
from reconciler.report.traces import DriftedField, drifted_fields
from reconciler.workflow.export import ExportResult
from reconciler.workflow.plan import PlanRequest, Progress, declared, planned
from reconciler.workflow.site import Site

_RUNNING = "running"
LATEST = 20
"""Runs looked through for one that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    """One look at the live system. `lost`: objects deleted by hand that this target does not create; `live`: what was
    there; `watched`: what only the metrics say."""

    plan: Plan
    live: Snapshot
    lost: frozenset[Ref]
    watched: Watched

    @property
    def traces(self) -> tuple[DriftedField, ...]:
        """Everything that was changed behind our back, one for each field."""
        return tuple(drifted_fields(self.plan, self.lost))

    def not_in(self, seen: frozenset[str]) -> tuple[DriftedField, ...]:
        """The traces whose fingerprints are not in `seen`."""
        found = self.traces
        return tuple(trace for trace in found if trace.fingerprint not in seen) if seen else found

    def unseen(self, seen: frozenset[str]) -> Plan:
        """The plan with only that drift in it that is not in `seen`. Pending changes stay, for they are counted."""
        fresh = {(trace.ref, trace.field) for trace in self.not_in(seen)}
        lost = frozenset(ref for ref in self.lost if (ref, "") in fresh)
        return replace(
            self.plan,
            changes=tuple(_remaining(self.plan, fresh)),
            findings=tuple(found for found in self.plan.findings if found.ref in lost),
            counts=replace(self.plan.counts, lost=len(lost)),
        )


def check_drift(site: Site, progress: Progress, *, measured: bool = False) -> DriftCheck:
    """Look once. `measured`: also find out what only the metrics say. Raises what `planned` raises."""
    seen: list[tuple[Snapshot, Remembered, str]] = []

    def witness(reader: Reader, live: Snapshot, remembered: Remembered) -> None:
        rows = site.memory.runs(reader.session, site.project, LATEST) if measured else ()
        started = next((row.run.started for row in rows if row.outcome == _RUNNING), "")
        seen.append((live, remembered, started))

    plan = planned(site, PlanRequest(), progress, witness)
    [(live, remembered, started)] = seen
    lost = frozenset(
        found.ref
        for found in plan.findings
        if found.ref and found.code == "absent" and found.ref.key in remembered.objects.get(found.ref.kind, {})
    )
    lonely = orphans(live, site.vocabulary) if measured else 0
    watched = Watched(orphans=lonely, locked=_seconds_since(started) if started else 0.0)
    return DriftCheck(plan=plan, live=live, lost=lost, watched=watched)


def orphans(live: Snapshot, vocabulary: Vocabulary) -> int:
    """How many users hold a membership of something that is not live."""
    memberships = (
        (kind, field.name, reference.kind)
        for kind, references in vocabulary.references.items()
        for field, reference in references
        if reference.membership and reference.kind in live.sheets
    )
    found = 0
    for kind, field_name, of in memberships:
        there = {NONE, *_named(live, of)}
        found += sum(value not in there for value in _held(live, kind, field_name))
    return found


def _held(live: Snapshot, kind: str, field: str) -> Iterator[object]:
    sheet = live.sheets.get(kind)
    for block in sheet.blocks if sheet else ():
        if field in block.fields:
            at = block.fields.index(field)
            yield from (row[at] for row in block.rows.values() if row[at] is not None)


def _named(live: Snapshot, kind: str) -> Iterator[str]:
    """Everything of this kind that is live, whatever it is called."""
    yield from live.sheets[kind].keys()
    yield from live.unnameable.get(kind, ())
    for twins in live.twins.get(kind, ()):
        yield from twins


def _remaining(plan: Plan, fresh: set[tuple[Ref, str]]) -> Iterator[Change]:
    drifted = {id(change) for change in plan.drifted}
    for change in plan.changes:
        if id(change) not in drifted or (isinstance(change, Create) and (change.ref, "") in fresh):
            yield change
        elif isinstance(change, Update):
            fields = tuple(d for d in change.fields if d.cause not in UNDONE or (change.ref, d.name) in fresh)
            if any(delta.cause in UNDONE for delta in fields):
                yield replace(change, fields=fields, cause=max((d.cause for d in fields), key=STRENGTH.__getitem__))


def _seconds_since(started: str) -> float:
    """By the clocks of two machines, so never less than nothing."""
    then = datetime.fromisoformat(started)
    return max((datetime.now(UTC) - then).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBack:
    """`files`: the names of those that were changed, below the root; `left`: what a person has to decide; `findings`:
    what no file may say."""

    files: tuple[str, ...]
    left: tuple[DriftedField, ...]
    findings: tuple[Finding, ...]


def write_back(site: Site, look: DriftCheck) -> WrittenBack:
    """Put the drift of this look into the files, comments and order kept. Raises ReconcilerError when a file cannot be
    read or written."""
    from reconciler.config import export  # start-up: only this writes YAML

    left = tuple(trace for trace in look.traces if not _ours(trace))
    try:
        done = export.export(
            site.settings.root,
            _moved_only(site, look),
            declared(site).sheets,
            site.vocabulary,
            external=site.settings.policy.external,
        )
    except OSError as error:
        raise ReconcilerError(f"{error.filename} cannot be read: {error.strerror}") from error
    files = ExportResult(root=site.settings.root, files=done.files, findings=done.findings).write()
    return WrittenBack(files=tuple(files), left=left, findings=done.findings)


def _ours(trace: DriftedField) -> bool:
    return bool(trace.field) and not trace.conflict and trace.found is not None


def _moved_only(site: Site, look: DriftCheck) -> Snapshot:
    """A live system in which nothing but the drift has moved, under the names that the files use."""
    moved: dict[Ref, dict[str, Value]] = {}
    for trace, value in _values(look):
        moved.setdefault(trace.ref, {})[trace.field] = value
    sheets = {
        resource.kind: sheet_of(
            resource.kind,
            {
                ref.key: Record(kind=ref.kind, key=ref.key, values=values, origin=Origin(look.plan.target))
                for ref, values in moved.items()
                if ref.kind == resource.kind
            },
        )
        for resource in site.vocabulary
    }
    return Snapshot(sheets=sheets, catalogues=look.live.catalogues)


def _values(look: DriftCheck) -> Iterator[tuple[DriftedField, Value]]:
    """As the live row has them: a plan knows of a map only what the files state of it."""
    for trace in look.traces:
        if _ours(trace) and trace.found is not None:
            sheet = look.live.sheets.get(trace.ref.kind)
            held = sheet.values_of(trace.ref.key) if sheet is not None and trace.ref.key in sheet else {}
            yield trace, held.get(trace.field, trace.found)
