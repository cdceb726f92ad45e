"""History, and taking a run back: the run is read, an ordinary plan is made of it, and `apply` does the rest. Knows the
order of the steps and nothing of what they do inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.model.change import Operation
from reconciler.model.errors import ReconcilerError
from reconciler.model.memory import HistoryEntry, RunRow, Session
from reconciler.model.names import folded
from reconciler.model.plan import Plan
from reconciler.model.ref import Ref
from reconciler.model.target import Reader
from reconciler.report.masking import OPEN, Masking
from reconciler.workflow.plan import PlanRequest, Progress, declared, inputs_of, numbered, source_of
from reconciler.workflow.site import Site

if TYPE_CHECKING:
    from reconciler.engine.revert import RunToRevert


_DONE = "done"
_NAMED = 5


def list_runs(site: Site, limit: int) -> Sequence[RunRow]:
    """The newest runs of this project, newest first."""
    with site.target.reader() as reader:
        return site.memory.runs(reader.session, site.project, limit)


def show_run(site: Site, beginning: str) -> tuple[RunRow, Sequence[HistoryEntry]]:
    """The one run of this project whose id begins so, and what it recorded. Raises ReconcilerError when there is none,
    or more than one."""
    with site.target.reader() as reader:
        return _found(site, reader.session, beginning)


def history_masking(site: Site) -> Masking:
    """Hides the people whom no file names (docs/rules.md#rule-40); nobody when the settings show everyone."""
    personal = frozenset(resource.kind for resource in site.vocabulary if resource.personal)
    if not personal or site.settings.policy.privacy == "full":
        return OPEN
    sheets = declared(site).sheets
    return Masking(personal, frozenset(folded(key) for kind in personal for key in sheets.get(kind, ())))


def reverted(site: Site, beginning: str, wish: PlanRequest, progress: Progress) -> Plan:
    """A plan that takes the run back, as far as nothing was changed since. Files are read for the places of remedies
    alone: wrong ones are no hindrance. Raises ReconcilerError when there is no such run or it changed nothing, and
    TargetError when the live system cannot be read."""
    from reconciler.engine import (
        planner,
        revert,  # start-up: `history` compares nothing
    )

    progress("reading the files")
    desired = declared(site)
    target = site.target
    progress(f"reading {target.name}")
    with target.reader() as reader:
        past = _past(site, reader, beginning)
        live = reader.snapshot()
        remembered = site.memory.recall(reader.session, site.project)
        progress("comparing")
        draft = revert.revert(past, inputs_of(site, wish, desired, live, remembered))
        progress("counting users")
        facts = reader.facts(draft.needed)
    progress("running the guards")
    source = source_of(site, desired, remembered, wish, reverts=past.run.id)
    return numbered(planner.complete(draft, facts, source=source, allowances=wish.allowances), remembered)


def _past(site: Site, reader: Reader, beginning: str) -> RunToRevert:
    # Start-up: `history` takes nothing back.
    from reconciler.engine.revert import RunToRevert, restored_memory

    row, entries = _found(site, reader.session, beginning)
    if row.outcome != _DONE:
        raise ReconcilerError(
            f"run {row.run.id} changed nothing (it is {row.outcome})", remedy="see `reconciler history`"
        )
    told = [Ref(entry.ref.kind, key) for entry in entries for _, key, _ in restored_memory(entry)]
    held = site.memory.held(reader.session, site.project, told)
    moved = {ref for entry in entries for ref in _between(entry)}
    members = {ref: reader.members(ref) for ref in sorted(moved) if ref.kind in site.target.supports}
    return RunToRevert(run=row.run, entries=entries, held=held, members=members)


def _between(entry: HistoryEntry) -> Iterator[Ref]:
    """Where an entry moved users from, and where to."""
    if entry.action == Operation.REASSIGN and entry.after is not None:
        yield entry.ref
        yield Ref(entry.ref.kind, str(entry.after.get("to", "")))


def _found(site: Site, session: Session, beginning: str) -> tuple[RunRow, Sequence[HistoryEntry]]:
    near = site.memory.runs(session, site.project, _NAMED, beginning)
    # A database may take `A` for `a`; what is meant is decided here.
    found = [row for row in near if row.run.id.startswith(beginning)]
    exact = [row for row in found if row.run.id == beginning]
    if not beginning or not found:
        raise ReconcilerError(
            f'project {site.project} has no run "{beginning}"', remedy="`reconciler history` lists the runs"
        )
    if len(found) > 1 and not exact:
        names = ", ".join(row.run.id for row in found)
        raise ReconcilerError(f'more than one run begins with "{beginning}": {names}', remedy="write more of the id")
    (row,) = exact or found
    return row, site.memory.entries(session, row.run.id)
