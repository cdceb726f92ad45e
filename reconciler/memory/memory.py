"""Memory kept in SQL tables, inside the session of the target's transaction.

Implements `model.memory.Memory`. Nothing here commits but `announce`; nothing here makes tables but `install` and
`upgrade`. Workflow imports this module late: SQLAlchemy would slow down `--help` and `validate`.

Runs and their changes as rows, and rows as runs.

What history and memory say of single runs and objects: the SELECTs of `history` and `revert`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, Table, and_, delete, func, insert, select, update

from reconciler.memory import versions
from reconciler.memory.tables import MemoryTables, rights
from reconciler.memory.trouble import explained
from reconciler.model.errors import TargetError
from reconciler.model.memory import ASIDE, REVERT, Held, HistoryEntry, Memo, Pause, Remembered, Run, RunRow
from reconciler.model.privileges import Rights
from reconciler.model.ref import Ref
from reconciler.model.values import Values, from_json

RUN_FIELDS = tuple(field.name for field in fields(Run))


def run_row(run: Run) -> dict[str, Any]:
    """Column → value. The columns are named like the fields of a Run."""
    return asdict(run)


def run_from_row(row: Mapping[str, Any]) -> Run:
    """The Run in a row that may hold other columns besides."""
    return Run(**{name: row[name] for name in RUN_FIELDS})


def change_row(run: Run, seq: int, entry: HistoryEntry) -> dict[str, Any]:
    """Column → value of one change; `seq` orders the changes of a run."""
    return {
        "run": run.id,
        "seq": seq,
        "kind": entry.ref.kind,
        "key": entry.ref.key,
        "action": entry.action,
        "before": _json(entry.before),
        "after": _json(entry.after),
        "raw": _json(entry.raw),
    }


def entry_from_row(row: Mapping[str, Any]) -> HistoryEntry:
    """The Entry in a row. What a hand has spoiled reads as nothing."""
    raw = _parsed(row["raw"])
    return HistoryEntry(
        ref=Ref(row["kind"], row["key"]),
        action=row["action"],
        before=_values(row["before"]),
        after=_values(row["after"]),
        raw=raw if isinstance(raw, dict) else None,
    )


def _values(text: str | None) -> Values | None:
    try:
        found = from_json(_parsed(text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


# One encoder for all: `json.dumps` would make one a row. Escaped to ASCII, because raw rows may hold text that a
# server's character set refuses.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else _encode(content)


MANY = 2_000
"""Objects of one kind above which all of the kind are read at once."""


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
    ours = select(run.c.command).where(run.c.project == project, run.c.outcome == _DONE)
    commands = session.execute(ours.where(run.c.command.startswith(REVERT))).scalars()
    times = Counter(command.removeprefix(REVERT) for command in commands)
    found: Counter[str] = Counter()
    for some in _chunks(sorted(times)):
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
        chunks = [ours] if len(keys) > MANY else [ours.where(table.c.key.in_(some)) for some in _chunks(sorted(keys))]
        for chunk in chunks:
            for key, stated, origin, run in session.execute(chunk):
                if key in keys:
                    found[Ref(kind, key)] = Held(stated, origin, run)
    return found


RUNNING: Final = "running"
_DONE: Final = "done"
_ABANDONED: Final = "abandoned"

_CHUNK: Final = 500
"""Rows a statement: below every engine's limit of parameters."""

HANDFUL: Final = 5_000
"""Rows that are read at a time: fewer take longer, more need memory twice."""

T = TypeVar("T")


def utc_now() -> str:
    """The time as memory writes it: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SqlMemory:
    """Memory in the schema given, or in the connection's own; `owner`: the database that it is of, where several could
    find it. `clock` tells when a run ends."""

    def __init__(self, schema: str | None = None, owner: str = "", *, clock: Callable[[], str] = utc_now) -> None:
        self._tables = MemoryTables(schema, owner)
        self._clock = clock

    @property
    def rights(self) -> Rights:
        """What plan and apply do with these tables."""
        return rights(self._tables)

    def version(self, session: Connection) -> int | None:
        """The version of the tables, whatever it is; None where there are none."""
        with explained("be read"):
            present = versions.version_found(session, self._tables)
        return None if present is None else present[0]

    def unsafe(self, session: Connection) -> list[tuple[str, str]]:
        """(table, why nothing can be rolled back in it, and the SQL that mends it)."""
        with explained("be read"):
            return [
                (name, f"{kept} has no transactions: {statement}")
                for name, kept, statement in versions.unsafe(session, self._tables)
            ]

    def install(self, session: Connection) -> list[str]:
        """As `versions.install`."""
        with explained("make its tables"):
            versions.refuse_unsafe(session, self._tables)
            return versions.install(session, self._tables)

    def upgrade(self, session: Connection) -> list[str]:
        """As `versions.upgrade`."""
        with explained("change its tables"):
            versions.refuse_unsafe(session, self._tables)
            return versions.upgrade(session, self._tables)

    def recall(self, session: Connection, project: str) -> Remembered:
        """Everything about one project. Raises TargetError on a memory of another version, or one that no apply could
        write to."""
        with explained("be read"):
            instance = versions.usable(session, self._tables)
            if instance is None:
                return Remembered()
            versions.refuse_unsafe(session, self._tables)
            return Remembered(
                objects=self._objects(session, project),
                foreign=self.foreign(session, project),
                finished=self._has_finished(session, project),
                instance=instance,
                paused=self.paused(session, project),
                tables=True,
                reverted=self.reverted(session, project),
            )

    def foreign(self, session: Connection, project: str) -> Mapping[Ref, str]:
        """What other projects manage, and which."""
        table = self._tables.managed
        others = select(table.c.kind, table.c.key, table.c.project).where(table.c.project != project)
        with explained("be read"):
            return {Ref(kind, key): owner for kind, key, owner in session.execute(others)}

    def reverted(self, session: Connection, project: str) -> Mapping[str, int]:
        """Fingerprint of a plan → how often a finished run of it was taken back by another finished one."""
        with explained("be read"):
            return reverted(session, self._tables, project)

    def instance(self, session: Connection) -> str:
        """The database's own id; empty where there is no memory. Raises TargetError on one of another version."""
        with explained("be read"):
            return versions.usable(session, self._tables) or ""

    def remember(self, session: Connection, project: str, run: Run, memos: Iterable[Memo]) -> None:
        """Insert or replace."""
        with explained("be written"):
            for chunk in _chunks(memos):
                # Delete and insert: the engines have no word in common for "insert or replace".
                self._delete(session, project, (memo.ref for memo in chunk))
                rows = [
                    {
                        "project": project,
                        "kind": memo.ref.kind,
                        "key": memo.ref.key,
                        "stated": memo.stated,
                        "origin": str(memo.origin),
                        "run": run.id,
                    }
                    for memo in chunk
                ]
                _insert(session, self._tables.managed, rows)

    def drop(self, session: Connection, project: str, refs: Iterable[Ref]) -> None:
        """No longer managed; what was not is no error."""
        with explained("be written"):
            for chunk in _chunks(refs):
                self._delete(session, project, chunk)

    def announce(self, session: Connection, run: Run) -> None:
        """Write the run as `running` and COMMIT. Raises Locked, and TargetError where there is no memory."""
        with explained("announce this run", lambda: self._in_the_way(session, run)):
            versions.refuse_unsafe(session, self._tables)
            if versions.usable(session, self._tables) is None:
                raise TargetError("there is no memory in this database", remedy="run `reconciler database create`")
            runs = self._tables.run
            # A run that starts over is there already; `lock` marks it `running` again.
            if session.execute(select(runs.c.id).where(runs.c.id == run.id)).first() is None:
                session.execute(insert(runs).values(**run_row(run), outcome=RUNNING))
            session.commit()

    def holder(self, session: Connection, run: Run) -> Run | None:
        """The newest run announced as `running` other than this one; None where that cannot be told."""
        table = self._tables.run
        running = select(table).where(table.c.outcome == RUNNING)
        rows = _read_beside(session, running.order_by(table.c.started.desc(), table.c.id.desc()))
        return next((run_from_row(row) for row in rows if row["id"] != run.id), None)

    def lock(self, session: Connection, run: Run) -> None:
        """Change the lock row, so that any other apply waits; mark other `running` runs `abandoned`. Raises Locked."""
        lock, runs = self._tables.lock, self._tables.run
        others = and_(runs.c.outcome == RUNNING, runs.c.id != run.id)
        with explained("take the lock", lambda: self._in_the_way(session, run)):
            session.execute(update(lock).values(heartbeat=lock.c.heartbeat + 1, run=run.id))
            # One that only waits is marked too. It is marked `running` again when its turn comes, so nothing is lost.
            session.execute(update(runs).where(others).values(outcome=_ABANDONED, finished=self._clock()))
            session.execute(update(runs).where(runs.c.id == run.id).values(outcome=RUNNING, finished=None))

    def outcome(self, session: Connection, run: Run) -> str:
        """The run's outcome once no other transaction holds the lock; empty for one that is not known. Raises Locked.
        The caller rolls back."""
        lock, runs = self._tables.lock, self._tables.run
        with explained("take the lock", lambda: self._in_the_way(session, run)):
            session.execute(update(lock).values(heartbeat=lock.c.heartbeat + 1))
            ended = session.execute(select(runs.c.outcome).where(runs.c.id == run.id).with_for_update()).scalar()
        return str(ended or "")

    def record(self, session: Connection, run: Run, entries: Sequence[HistoryEntry]) -> None:
        """Append to the run's changes."""
        table = self._tables.change
        with explained("be written"):
            last = session.execute(select(func.max(table.c.seq)).where(table.c.run == run.id)).scalar()
            for chunk in _chunks(enumerate(entries, start=(last or 0) + 1)):
                _insert(session, table, [change_row(run, seq, entry) for seq, entry in chunk])

    def finish(self, session: Connection, run: Run, outcome: str) -> None:
        """Write the run's outcome and the time. The caller commits."""
        table = self._tables.run
        ended = update(table).where(table.c.id == run.id).values(outcome=outcome, finished=self._clock())
        with explained("write the outcome of the run"):
            session.execute(ended)

    def runs(self, session: Connection, project: str, limit: int, beginning: str = "") -> list[RunRow]:
        """The newest runs of a project whose id begins so, newest first; none where there is no memory."""
        with explained("be read"):
            if versions.usable(session, self._tables) is None:
                return []
            return read_runs(session, self._tables, project, limit, beginning)

    def entries(self, session: Connection, run: str) -> list[HistoryEntry]:
        """Everything that a run recorded, in the order done."""
        with explained("be read"):
            return read_entries(session, self._tables, run)

    def held(self, session: Connection, project: str, refs: Collection[Ref]) -> dict[Ref, Held]:
        """What is remembered of these objects now; those that are not managed are missing."""
        with explained("be read"):
            return read_held(session, self._tables, project, refs)

    def pause(self, session: Connection, project: str, pause: Pause) -> None:
        """Refuse every apply of the project until `resume`; a pause before this one is replaced. The caller commits."""
        table = self._tables.pause
        with explained("be written"):
            versions.refuse_unsafe(session, self._tables)
            session.execute(delete(table).where(table.c.project == project))
            session.execute(
                insert(table).values(project=project, reason=pause.reason, actor=pause.actor, since=pause.since)
            )

    def paused(self, session: Connection, project: str) -> Pause | None:
        """The pause in force, if any."""
        table = self._tables.pause
        pause = select(table.c.reason, table.c.actor, table.c.since).where(table.c.project == project)
        with explained("be read"):
            row = session.execute(pause).first()
        return None if row is None else Pause(row.reason, row.actor, row.since)

    def resume(self, session: Connection, project: str) -> bool:
        """Let applies run again; whether they were paused. The caller commits."""
        table = self._tables.pause
        with explained("be written"):
            versions.refuse_unsafe(session, self._tables)
            return session.execute(delete(table).where(table.c.project == project)).rowcount > 0

    def _objects(self, session: Connection, project: str) -> dict[str, dict[str, tuple[str, str]]]:
        table = self._tables.managed
        kinds = session.execute(select(table.c.kind).distinct().where(table.c.project == project)).scalars().all()
        rows = select(table.c.key, table.c.stated, table.c.origin).where(table.c.project == project)
        # A query a kind, tuples, and rows in handfuls: there may be a hundred thousand.
        return {
            kind: {
                key: (stated, origin)
                for handful in session.execute(rows.where(table.c.kind == kind)).partitions(HANDFUL)
                for key, stated, origin in handful
            }
            for kind in kinds
        }

    def _has_finished(self, session: Connection, project: str) -> bool:
        table = self._tables.run
        done = select(table.c.id).where(table.c.project == project, table.c.outcome == _DONE).limit(1)
        return session.execute(done).first() is not None

    def _delete(self, session: Connection, project: str, refs: Iterable[Ref]) -> None:
        table = self._tables.managed
        keys: dict[str, list[str]] = {}
        for ref in refs:
            keys.setdefault(ref.kind, []).append(ref.key)
        for kind, those in keys.items():
            session.execute(
                delete(table).where(table.c.project == project, table.c.kind == kind, table.c.key.in_(those))
            )

    def _in_the_way(self, session: Connection, run: Run) -> Run | None:
        session.rollback()  # explicitly: MariaDB's lock timeout leaves the transaction open (docs/rules.md#rule-33)
        return self.holder(session, run)


def _read_beside(session: Connection, query: Select[Any]) -> list[Mapping[str, Any]]:
    """Rows as mappings, read without opening a transaction; none where the driver refuses.

    Where every transaction is a writer's (SQLite's BEGIN IMMEDIATE), one that waits for the lock cannot open any.
    """
    dialect = session.dialect
    text = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    cursor = session.connection.cursor()
    try:
        cursor.execute(text)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except dialect.loaded_dbapi.Error:
        return []  # naming the holder is a courtesy; that the lock is held is what counts
    finally:
        cursor.close()


def _insert(session: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns, past SQLAlchemy's work on each: they hold only numbers and text,
    which no driver wants converted."""
    names = list(rows[0])
    compiled = insert(table).inline().compile(dialect=session.dialect, column_keys=names)
    order = compiled.positiontup
    sent: Any = rows if order is None else list(map(itemgetter(*order), rows))
    session.exec_driver_sql(str(compiled), sent)


def _chunks(these: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(these)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
