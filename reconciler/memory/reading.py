"""What history and memory say of single runs and objects: the SELECTs of `history` and `revert`. Knows no kind and
writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from reconciler.memory.history import entry_from_row, run_from_row
from reconciler.memory.tables import MemoryTables
from reconciler.model.memory import ASIDE, REVERT, Held, HistoryEntry, RunRow
from reconciler.model.ref import Ref

DONE = "done"
MANY = 2_000
"""Objects of one kind above which all of the kind are read at once."""
CHUNK = 500


def read_runs(session: Connection, tables: MemoryTables, project: str, limit: int, beginning: str = "") -> list[RunRow]:
    """The newest runs of a project whose id begins so, newest first. Only its changes are counted."""
    run, change = tables.run, tables.change
    ours = change.c.run == run.c.id
    changes = select(func.count()).where(ours, change.c.action.not_in(sorted(ASIDE))).scalar_subquery()
    wanted = select(run, changes.label("changes")).where(run.c.project == project)
    if beginning:
        wanted = wanted.where(run.c.id.startswith(beginning, autoescape=True))
    found = session.execute(wanted.order_by(run.c.started.desc(), run.c.id.desc()).limit(limit))
    return [
        RunRow(run=run_from_row(row._asdict()), outcome=row.outcome, finished=row.finished, changes=row.changes)
        for row in found
    ]


def read_entries(session: Connection, tables: MemoryTables, run: str) -> list[HistoryEntry]:
    """Everything that a run recorded, in the order done."""
    change = tables.change
    found = session.execute(select(change).where(change.c.run == run).order_by(change.c.seq))
    return [entry_from_row(row._asdict()) for row in found]


def reverted(session: Connection, tables: MemoryTables, project: str) -> dict[str, int]:
    """Fingerprint of a plan → how often a finished run of it was taken back by another finished one."""
    run = tables.run
    ours = select(run.c.command).where(run.c.project == project, run.c.outcome == DONE)
    commands = session.execute(ours.where(run.c.command.startswith(REVERT))).scalars()
    times = Counter(command.removeprefix(REVERT) for command in commands)
    found: Counter[str] = Counter()
    for some in _chunks(times):
        for number, plan in session.execute(select(run.c.id, run.c.plan).where(run.c.id.in_(some))):
            found[plan] += times[number]
    return dict(found)


def read_held(session: Connection, tables: MemoryTables, project: str, refs: Collection[Ref]) -> dict[Ref, Held]:
    """What is remembered of these objects now; those that are not managed are missing."""
    table = tables.managed
    kinds: dict[str, set[str]] = {}
    for ref in refs:
        kinds.setdefault(ref.kind, set()).add(ref.key)
    found: dict[Ref, Held] = {}
    for kind, keys in kinds.items():
        rows = select(table.c.key, table.c.stated, table.c.origin, table.c.run)
        ours = rows.where(table.c.project == project, table.c.kind == kind)
        chunks = [ours] if len(keys) > MANY else [ours.where(table.c.key.in_(some)) for some in _chunks(keys)]
        for chunk in chunks:
            for key, stated, origin, run in session.execute(chunk):
                if key in keys:
                    found[Ref(kind, key)] = Held(stated, origin, run)
    return found


def _chunks(keys: Collection[str]) -> list[list[str]]:
    ordered = sorted(keys)
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
