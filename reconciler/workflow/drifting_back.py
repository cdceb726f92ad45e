"""`drift --write-back`: what was changed in the database goes into the files, so that a person can propose it.

Only drift is written. Changes of the files that wait to be applied stay; so does every field that both sides moved,
and an object that was deleted by hand stays declared: those are for a person to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.errors import ReconcilerError
from reconciler.model.facts import Snapshot
from reconciler.model.finding import Finding
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value
from reconciler.report.traces import DriftedField
from reconciler.workflow.drifting import DriftCheck
from reconciler.workflow.exporting import ExportResult
from reconciler.workflow.journey import declared
from reconciler.workflow.site import Site


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
