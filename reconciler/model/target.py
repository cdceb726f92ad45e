"""How a live system is read and written, and what a target type offers.

Planning is handed a Reader on a read-only transaction; only `apply` is handed a Writer. A plan has nothing to write
with (docs/architecture.md#decisions).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from reconciler.model.change import Members, Raw
from reconciler.model.facts import Facts, NeededFacts, Snapshot
from reconciler.model.finding import Finding
from reconciler.model.memory import Session
from reconciler.model.record import Record
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Value

NewObject = Mapping[str, "Value | None"]
"""Fields to write; None clears a reference, and gives any other value back to the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """One entry of `targets:` with its secret resolved. `url` never appears in a repr or a message."""

    name: str
    type: str
    url: str = field(repr=False)
    insecure: bool = False
    lock_timeout: float = 10.0
    options: Mapping[str, Any] = field(default_factory=dict)
    max_lock_time: float = 30.0
    timeout: float = 40.0


@dataclass(frozen=True, slots=True)
class Listing:
    """A live table as the admin panel shows it: column titles, then rows of text or numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


class Reader(Protocol):
    """Sees one snapshot and cannot write."""

    @property
    def session(self) -> Session:
        """Opaque; handed on to memory."""
        ...

    def snapshot(self) -> Snapshot:
        """All live objects of every kind the target supports, decoded, never validated. Raises TargetError."""
        ...

    def facts(self, question: NeededFacts) -> Facts:
        """Counts and usage, each by set-based queries; never one a tenant."""
        ...

    def members(self, ref: Ref) -> Members:
        """Every user of `ref`, sub-accounts and those in the bin too; nobody where it is not live."""
        ...

    def listing(self, kind: str, search: str = "") -> Listing:
        """The live table: id, name, created on, users …; `search` is a part of the name, case ignored."""
        ...


class Writer(Protocol):
    """Writes inside one transaction. Everything it reads, it reads locked. Rows are found by id, never by name."""

    @property
    def session(self) -> Session:
        """Opaque; handed on to memory."""
        ...

    def begin(self) -> None:
        """Open the write transaction. Raises Locked when another writer holds it past the time limit."""
        ...

    def read(self, refs: Collection[Ref]) -> Mapping[Ref, Record]:
        """These objects as they are now, locked; those that are not live are missing from the answer."""
        ...

    def facts(self, question: NeededFacts) -> Facts:
        """As a Reader, with locking reads."""
        ...

    def twins(self, refs: Collection[Ref]) -> Mapping[Ref, tuple[str, ...]]:
        """Which of these have twins by now (docs/rules.md#rule-2): live names that agree with theirs when folded,
        sorted, those of `refs` left out; the name itself where two objects have it."""
        ...

    def raw(self, refs: Collection[Ref]) -> Mapping[Ref, Mapping[str, Any]]:
        """Every column of every row of these objects, as JSON-able data: table → list of rows
        (docs/rules.md#rule-37)."""
        ...

    def rename(self, kind: str, names: Mapping[str, str]) -> None:
        """old key → new key."""
        ...

    def insert(self, kind: str, rows: Mapping[str, NewObject]) -> None:
        """key → its values; a field not given takes the system's own value."""
        ...

    def update(self, kind: str, rows: Mapping[str, NewObject]) -> None:
        """key → the fields to write. A whole set, map or `overrides` replaces what is there; of a map that is not
        owned whole, a name whose value is None is taken out."""
        ...

    def reassign(self, ref: Ref, to: str, chosen: Members | None = None) -> int:
        """Move every user of `ref` to the object `to` of the same kind, or only those `chosen` that are still on it;
        how many were moved."""
        ...

    def members(self, ref: Ref) -> Members:
        """As a Reader, locked."""
        ...

    def restore(self, kind: str, rows: Mapping[str, NewObject], raw: Mapping[str, Raw]) -> None:
        """Insert objects that were deleted: key → its values, and its rows as `raw` gave them. Columns that no field
        speaks of come back too, and the id where nothing else has it by now."""
        ...

    def delete(self, kind: str, keys: Sequence[str]) -> None:
        """Remove the rows and what belongs to them alone. Raises TargetError when the system refuses."""
        ...

    def orphans(self) -> Mapping[Ref, Collection[Ref]]:
        """Asked after the COMMIT: what this writer has deleted → who refers to it nevertheless, because the system
        could not prevent it. Mostly nobody."""
        ...

    def commit(self) -> None:
        """All or nothing. Raises Unknown when the answer is lost."""
        ...

    def rollback(self) -> None:
        """Explicitly, after any error (docs/rules.md#rule-33)."""
        ...


class Target(Protocol):
    """One live system."""

    name: str
    type: str

    @property
    def supports(self) -> Mapping[str, frozenset[str]]:
        """kind → the fields it has a place for. A kind that is missing is not held at all."""
        ...

    @property
    def creates(self) -> frozenset[str]:
        """The kinds whose objects it can create."""
        ...

    def reader(self) -> AbstractContextManager[Reader]:
        """A read-only transaction. Raises TargetError when the system is not there or not ours."""
        ...

    def writer(self) -> AbstractContextManager[Writer]:
        """A connection that may write; the transaction opens with `begin`."""
        ...

    def doctor(self) -> Sequence[tuple[str, str]]:
        """What a person asks first: (label, answer) lines on connection, versions, tables, protection class."""
        ...


@runtime_checkable
class Provision(Protocol):
    """What a target whose schema is ours offers besides: the `database` commands."""

    def create(self) -> Sequence[str]:
        """Make the schema; what was done, in words. Raises TargetError where it exists."""
        ...

    def upgrade(self) -> Sequence[str]:
        """Bring it to this version; what was done. Raises TargetError on a newer schema."""
        ...

    def seed(self) -> Sequence[str]:
        """Fill an empty schema like a running ESP; what was done."""
        ...

    def seeded(self) -> Mapping[Ref, Origin]:
        """What the seed's last apply managed though no file states it any more, and where it was stated."""
        ...


Refusal: TypeAlias = Callable[[Value], str]
"""Why a value cannot be held, in words; empty: it can."""


@runtime_checkable
class RefusesValues(Protocol):
    """What a target offers besides that cannot hold every value of every field, or that has not every field in every
    version (docs/rules.md#rule-14, #rule-27)."""

    @property
    def refusals(self) -> Mapping[str, Mapping[str, Refusal]]:
        """kind → field → whether it holds a value. A field that is missing holds all its values."""
        ...

    @property
    def rivals(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """kind → pairs of fields of which one at most can be other than `off`."""
        ...

    def lacking(self, kind: str, field: str) -> str:
        """Why there is no place for a field, in words; empty where nothing more can be said."""
        ...


@runtime_checkable
class HasReminders(Protocol):
    """What a target says that has something to tell once an apply is done."""

    @property
    def afterwards(self) -> tuple[str, ...]:
        """What a person should know then, such as what the application still caches and how to clear it."""
        ...


@runtime_checkable
class KeepsMemory(Protocol):
    """What a target says that has a place of its own for memory (docs/rules.md#rule-32)."""

    memory_schema: str | None
    """The schema that memory lies in; None: with everything else."""

    memory_owner: str
    """The database that this memory is of, where others could find it too; else empty."""


class TargetType(Protocol):
    """What an entry point of group `reconciler.targets` names."""

    name: str

    def open(self, settings: TargetSettings, vocabulary: Vocabulary) -> Target:
        """A target for these settings; connects lazily. Raises TargetError on settings it cannot use."""
        ...

    def check(self, settings: TargetSettings) -> Sequence[Finding]:
        """Complaints about the settings that need no connection."""
        ...
