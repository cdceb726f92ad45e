"""What the reconciler remembers, as values, and the protocol of whoever keeps it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Values

Session = Any
"""Opaque: only `memory` and `targets` look inside (docs/rules.md#rule-32)."""


@dataclass(frozen=True, slots=True)
class Memo:
    """One managed object: what its file stated at the last apply, as canonical JSON, and where."""

    ref: Ref
    stated: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Pause:
    """Applies are refused until `resume`. `since` is ISO 8601, UTC."""

    reason: str
    actor: str
    since: str


@dataclass(frozen=True, slots=True)
class Held:
    """What memory holds of one object at this moment: as a Memo, and the run that wrote it. `origin`: place:line."""

    stated: str
    origin: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What memory holds for one project. `objects`: kind → key → (stated as canonical JSON, place:line).

    `foreign`: objects of other projects in the same database. `finished`: one apply of this project has finished.
    `instance`: the database's own id, empty before `database create` or the first apply. `tables`: memory exists.
    `reverted`: fingerprint of a plan → how often a run of it was taken back.
    """

    objects: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    foreign: Mapping[Ref, str] = field(default_factory=dict)
    finished: bool = False
    instance: str = ""
    paused: Pause | None = None
    tables: bool = False
    reverted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One apply, as history keeps it. `plan`: the plan's digest; times are ISO 8601, UTC."""

    id: str
    project: str
    actor: str
    host: str
    started: str
    plan: str
    commit: str = ""
    command: str = "apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of a run. A field that only one of `before` and `after` has came or went. `raw`: the whole live rows
    of a deleted object, every column (docs/rules.md#rule-37); of users that were moved, who they are.

    An entry whose action is one of ASIDE is no change. MEMORY: its `raw` says what memory held before, `ref` has a kind
    and no key. ALLOWED: its `raw` says what was lifted, each class → the reason, and `ref` names nothing.
    """

    ref: Ref
    action: str
    before: Values | None
    after: Values | None
    raw: Mapping[str, Any] | None = None

    @property
    def is_change(self) -> bool:
        """Whether it tells of a change of the live system."""
        return self.action not in ASIDE


MEMORY = "memory"
"""The action of an entry that keeps what memory held: `remembered` and `dropped`, each key → [stated, origin] or
null where there was nothing."""
ALLOWED = "allowed"
"""The action of an entry that keeps what `--allow` lifted, and why."""
REVERT = "revert "
"""How the command of a run begins that takes another one back; its id follows."""
ASIDE = frozenset({MEMORY, ALLOWED})
"""Actions that a run records beside its changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run and how it ended. `finished` is None while it runs; `changes`: how many it recorded."""

    run: Run
    outcome: str
    finished: str | None
    changes: int


class Memory(Protocol):
    """Keeps memory in the session of the target's transaction. Only `announce` commits by itself."""

    def recall(self, session: Session, project: str) -> Remembered:
        """Everything about one project; an empty answer with `tables=False` where there are no tables."""
        ...

    def paused(self, session: Session, project: str) -> Pause | None:
        """The pause in force, if any."""
        ...

    def instance(self, session: Session) -> str:
        """The database's own id; empty where there are no tables."""
        ...

    def foreign(self, session: Session, project: str) -> Mapping[Ref, str]:
        """What other projects manage, and which (docs/rules.md#rule-32)."""
        ...

    def reverted(self, session: Session, project: str) -> Mapping[str, int]:
        """Fingerprint of a plan → how often a finished run of it was taken back by another finished one."""
        ...

    def announce(self, session: Session, run: Run) -> None:
        """Write the run as `running` in a short transaction of its own and COMMIT (docs/rules.md#rule-33). Once: a run
        that starts over is announced already."""
        ...

    def holder(self, session: Session, run: Run) -> Run | None:
        """The newest run announced as `running` other than this one, to name it when the lock is not to be had."""
        ...

    def lock(self, session: Session, run: Run) -> None:
        """Change the lock row, so that any other apply waits; mark other `running` runs `abandoned`.
        Raises Locked when it is held past the session's time limit, naming the announced holder."""
        ...

    def outcome(self, session: Session, run: Run) -> str:
        """The run's outcome, read under the lock, so that a transaction in doubt is over by then; empty for a run that
        is not known. Raises Locked. The caller rolls back."""
        ...

    def held(self, session: Session, project: str, refs: Collection[Ref]) -> Mapping[Ref, Held]:
        """What is remembered of these objects now; those that are not managed are missing from the answer."""
        ...

    def remember(self, session: Session, project: str, run: Run, memos: Iterable[Memo]) -> None:
        """Insert or replace."""
        ...

    def drop(self, session: Session, project: str, refs: Iterable[Ref]) -> None:
        """No longer managed."""
        ...

    def record(self, session: Session, run: Run, entries: Sequence[HistoryEntry]) -> None:
        """Append to the run's changes."""
        ...

    def finish(self, session: Session, run: Run, outcome: str) -> None:
        """Write the run's outcome: `done`, `failed` or `refused`."""
        ...
