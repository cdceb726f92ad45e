"""A system of somebody else as a target: its mapping is bound to what the live schema has, it is read and written like
every SQL target, and its schema is never ours to make. What differs from system to system is a SystemAdapter.

The database that the settings of a target name, and what is wrong with them. Connects to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from reconciler.database import (
    Database,
    Mode,
    connect,
    database,
    engine_version,
    memory_owner,
    memory_schema,
    server_settings,
)
from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.facts import ApplicationMoves, Snapshot
from reconciler.model.finding import Finding
from reconciler.model.names import did_you_mean
from reconciler.model.privileges import Rights
from reconciler.model.resource import Removal, Vocabulary
from reconciler.model.target import Refusal, TargetSettings
from reconciler.targets.sql.binding import Binder, BoundMapping, bind, refusals, rivals
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.least_privilege import accounts, is_allowed, needed_rights
from reconciler.targets.sql.live_schema import LiveSchema, flaws_told, half_sight, refuse, refuse_half_sight
from reconciler.targets.sql.mapping import System
from reconciler.targets.sql.reader import SqlReader
from reconciler.targets.sql.version import version
from reconciler.targets.sql.writer import SqlWriter

UNSEEN: Final = " (as far as this account sees: triggers are shown only to who has TRIGGER)"

TargetOptions = Mapping[str, Any]
"""What reconciler.yaml says of the target besides its URL."""


def nothing_wanders(
    wire: Connection, system: System, live: Snapshot, options: TargetOptions
) -> Mapping[str, ApplicationMoves]:
    """Of a system that moves nobody by itself."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAdapter:
    """What one system is like besides its tables."""

    type: str
    """The type in reconciler.yaml."""
    system: System
    """Its tables and fields."""
    creates: frozenset[str]
    """The kinds whose objects we may create."""
    wanderings: Callable[[Connection, System, Snapshot, TargetOptions], Mapping[str, ApplicationMoves]] = (
        nothing_wanders
    )
    """See Snapshot; given what is live and the settings."""
    homeless: Mapping[str, str] = field(default_factory=dict)
    """`kind.field` → why no version has a place for it."""
    afterwards: tuple[str, ...] = ()
    """What a person should know once an apply is done, such as what the application still caches."""


class SystemReader(SqlReader):
    """A reader that knows what the application does by itself."""

    wander: Callable[[Snapshot], Mapping[str, ApplicationMoves]]

    def snapshot(self) -> Snapshot:
        """All live objects, and where the application moves them."""
        live = super().snapshot()
        return replace(live, wanderings=self.wander(live))


@dataclass
class SystemTarget:
    """model.target.Target over one SystemAdapter. Looks at the live schema when first asked what it supports."""

    name: str
    place: Database
    vocabulary: Vocabulary
    adapter: SystemAdapter
    options: TargetOptions = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The type in reconciler.yaml."""
        return self.adapter.type

    @property
    def memory_schema(self) -> str | None:
        """The schema of memory."""
        return memory_schema(self.place, str(self.options.get("memory", "")))

    @property
    def memory_owner(self) -> str:
        """The database that this memory is of."""
        return memory_owner(self.place)

    @cached_property
    def _found(self) -> BoundMapping:
        with connect(self.place, Mode.READ) as connection:
            return self._bound(Connection(connection, self.place, locking=False))

    def _bound(self, wire: Connection) -> BoundMapping:
        refuse_half_sight(wire)
        return bind(self.adapter.system, Binder(wire), self.vocabulary, self.options)

    @property
    def supports(self) -> Mapping[str, frozenset[str]]:
        """The fields that this version has a place for. Raises TargetError when the system cannot be read."""
        return {name: frozenset(kind.fields) for name, kind in self._found.system.kinds.items()}

    @property
    def creates(self) -> frozenset[str]:
        """The kinds whose objects can be created in this version."""
        return self.adapter.creates - self._found.barred.keys()

    @cached_property
    def refusals(self) -> Mapping[str, Mapping[str, Refusal]]:
        """kind → field → whether it holds a value."""
        return refusals(self._found.system)

    @property
    def rivals(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """kind → pairs of fields of which it holds one at most."""
        return rivals(self._found.system)

    def lacking(self, kind: str, field: str) -> str:
        """The column that this version has not, or why no version has any."""
        column = self._found.lacking.get(kind, {}).get(field, "")
        if column:
            return f"this version has no {column}"
        homeless = self.adapter.homeless.get(f"{kind}.{field}", "")
        return homeless or (_could_be_named(self.adapter.system) if field in _nameable(self.adapter, kind) else "")

    @property
    def afterwards(self) -> tuple[str, ...]:
        """What a person should know once an apply is done."""
        return self.adapter.afterwards

    @contextmanager
    def reader(self) -> Iterator[SqlReader]:
        """One snapshot. Raises TargetError when the database is not there or of no version we know."""
        with connect(self.place, Mode.READ) as connection:
            wire = Connection(connection, self.place, locking=False)
            system = self._found.system
            reader = SystemReader(wire, system, self.vocabulary)
            reader.wander = lambda live: self.adapter.wanderings(wire, system, live, self.options)
            yield reader

    @contextmanager
    def writer(self) -> Iterator[SqlWriter]:
        """A connection whose every transaction may write. Raises as `reader`."""
        system = self._found.system
        with connect(self.place, Mode.READ) as connection:
            refuse(Connection(connection, self.place, locking=False), system)
        with connect(self.place, Mode.WRITE) as connection:
            yield SqlWriter(Connection(connection, self.place, locking=True), system, self.vocabulary)

    def doctor(self) -> Sequence[tuple[str, str]]:
        """Connection, versions, what this version lacks, protection class of each kind, what to know afterwards."""
        with connect(self.place, Mode.READ) as connection:
            wire = Connection(connection, self.place, locking=False)
            lines = [("connection", self.place.shown), ("engine", engine_version(connection))]
            half = half_sight(wire)
            if half:
                return (*lines, ("tables that are not seen", half))  # nothing more would be true
            schema = LiveSchema(wire)
            system = self._found.system
            unseen = UNSEEN if system.by_triggers and not is_allowed(connection, "TRIGGER") else ""
            lines += [
                ("system", f"{self.type}, {version(wire, self.adapter.system, system)}"),
                *server_settings(connection),
            ]
            lines += flaws_told(wire, system)
            for kind in system.kinds:
                lines += [(f"{kind}: no place for {n}", why) for n, why in self._found.lacking[kind].items()]
                if kind in self._found.barred and kind in self.adapter.creates:
                    lines.append((f"{kind}: cannot be created", self._found.barred[kind]))
                if kind not in self.adapter.creates:
                    continue  # nobody of ours deletes it
                lines.append((f"protection of {kind}", schema.protection(system, kind) + unseen))
                lines += [(f"class A of {kind} by", statement) for statement in schema.raising(system, kind)]
            lines += [("after an apply", line) for line in self.adapter.afterwards]
        return tuple(lines)

    def accounts(self, memory: Rights) -> tuple[tuple[str, str], ...]:
        """What the account in use may, and the GRANTs of the two accounts that are enough. What it may not see itself
        is taken for missing."""
        with connect(self.place, Mode.READ) as connection:
            wire = Connection(connection, self.place, locking=False)
            schema, system = LiveSchema(wire), self._found.system
            going = [kind for kind in system.kinds.values() if self.vocabulary[kind.kind].removal is Removal.DELETE]
            own = needed_rights(
                system,
                self.vocabulary,
                self.creates,
                besides=self._found.besides,
                reached=[place for kind in going for place in schema.reached(system, kind)],
            )
            return accounts(connection, own, memory)


class SystemType:
    """model.target.TargetType over one SystemAdapter."""

    def __init__(self, adapter: SystemAdapter) -> None:
        self.name = adapter.type
        self._adapter = adapter

    def open(self, settings: TargetSettings, vocabulary: Vocabulary) -> SystemTarget:
        """Connects lazily. Raises TargetError on a URL or on columns it cannot use."""
        for finding in self._wrong_columns(settings.options):
            raise TargetError(finding.message, remedy=finding.remedy)
        return SystemTarget(settings.name, place_of(settings), vocabulary, self._adapter, dict(settings.options))

    def check(self, settings: TargetSettings) -> Sequence[Finding]:
        """Complaints about the settings that need no connection."""
        return (*self._wrong_columns(settings.options), *unusable(settings))

    def _wrong_columns(self, options: TargetOptions) -> Iterator[Finding]:
        named = sorted(str(each) for each in options.get("columns") or {})
        for kind in self._adapter.system.kinds:
            known = _nameable(self._adapter, kind)
            for name in named if known else ():
                if name not in known:
                    said = f'columns: "{name}" is no field of a {kind} that a column can hold'
                    yield Finding(
                        code="type",
                        message=f"{said}{did_you_mean(name, known)}",
                        remedy=f"write a field as {kind}s have it, such as {known[0]}",
                        field="columns",
                        at_files=True,
                    )


def _nameable(adapter: SystemAdapter, kind: str) -> list[str]:
    """The fields that a column named in the settings can hold, sorted."""
    codecs = adapter.system.kinds[kind].nameable if kind in adapter.system.kinds else {}
    return sorted(field.name for field in KINDS.held[kind] if type(field.type) in codecs)


def _could_be_named(system: System) -> str:
    told = f"{system.name} {system.known} has no column for it"
    return f"{told}; where yours has one, name it under `columns` of this target"


def place_of(settings: TargetSettings) -> Database:
    """The database of a target. Raises TargetError on a URL that cannot be used."""
    return database(
        settings.url,
        settings.lock_timeout,
        insecure=settings.insecure,
        held=settings.max_lock_time,
        timeout=settings.timeout,
    )


def unusable(settings: TargetSettings) -> tuple[Finding, ...]:
    """A complaint about a URL that cannot be used, as `check` tells it; nothing where it can."""
    try:
        place_of(settings)
    except TargetError as error:
        return (Finding(code="type", message=error.message, remedy=error.remedy, field="url", at_files=True),)
    return ()
