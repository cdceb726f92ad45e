"""The built-in ESP as a target: opens its two doors and answers `doctor`. The entry point `native`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from reconciler.database import (
    Database,
    Mode,
    connect,
    engine_version,
    memory_owner,
    memory_schema,
    server_settings,
)
from reconciler.model.errors import TargetError
from reconciler.model.finding import Finding
from reconciler.model.privileges import Rights
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Removal, Vocabulary
from reconciler.model.target import TargetSettings
from reconciler.targets.native import provision
from reconciler.targets.native.mapping import system
from reconciler.targets.native.tables import SCHEMA, tables
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.least_privilege import accounts, needed_rights
from reconciler.targets.sql.live_schema import LiveSchema, flaws_told, half_sight, refuse, refuse_half_sight
from reconciler.targets.sql.reader import SqlReader
from reconciler.targets.sql.target import place_of, unusable

if TYPE_CHECKING:
    from reconciler.targets.sql.writer import SqlWriter


class NativeTarget:
    """model.target.Target and model.target.Provision over one database."""

    type = "native"

    def __init__(self, name: str, place: Database, vocabulary: Vocabulary, memory: str = "") -> None:
        self.name = name
        self.memory_schema = memory_schema(place, memory)
        self.memory_owner = memory_owner(place)
        self._place = place
        self._vocabulary = vocabulary
        self._metadata = tables(vocabulary)
        self._system = system(vocabulary, self._metadata)

    @property
    def supports(self) -> Mapping[str, frozenset[str]]:
        """Every live field of every kind."""
        return {name: frozenset(kind.fields) for name, kind in self._system.kinds.items()}

    @property
    def creates(self) -> frozenset[str]:
        """Every kind."""
        return frozenset(self._system.kinds)

    @contextmanager
    def reader(self) -> Iterator[SqlReader]:
        """One snapshot. Raises TargetError when the database is not there, not ours or of another version."""
        with connect(self._place, Mode.READ) as connection:
            wire = Connection(connection, self._place, locking=False)
            self._check(wire)
            yield SqlReader(wire, self._system, self._vocabulary)

    @contextmanager
    def writer(self) -> Iterator[SqlWriter]:
        """A connection whose every transaction may write. Raises as `reader`."""
        from reconciler.targets.sql.writer import SqlWriter  # start-up: a plan writes nothing

        # Looked at through the other door: a transaction on this one would already wait for the lock.
        with connect(self._place, Mode.READ) as connection:
            wire = Connection(connection, self._place, locking=False)
            self._check(wire)
            refuse(wire, self._system)
        with connect(self._place, Mode.WRITE) as connection:
            yield SqlWriter(Connection(connection, self._place, locking=True), self._system, self._vocabulary)

    def _check(self, wire: Connection) -> None:
        """Raise TargetError unless these are the tables of this version, with all that the kinds have."""
        provision.check_version(wire.connection)
        lacking = provision.lacking(wire.connection, self._metadata)
        if lacking:
            refuse_half_sight(wire)  # what is not seen is not known to be missing
            raise TargetError(f"the database lacks {lacking}, which this reconciler knows", remedy=provision.UPGRADE)

    def create(self) -> Sequence[str]:
        """Make the database. Raises TargetError where it exists."""
        with connect(self._place, Mode.CREATE) as connection:
            refuse(Connection(connection, self._place, locking=False), self._system)  # what broke off may be there
            done = provision.create(connection, self._metadata)
        with connect(self._place, Mode.WRITE):
            return done  # opening it for writing once settles the journal's mode, which readers cannot

    def upgrade(self) -> Sequence[str]:
        """Bring the tables to this version. Raises TargetError on a newer schema."""
        with connect(self._place, Mode.READ) as connection:
            provision.version_of(connection)  # a file that is not ours is not opened for writing
            refuse(Connection(connection, self._place, locking=False), self._system)
        with connect(self._place, Mode.WRITE) as connection:
            return provision.upgrade(connection, self._metadata)

    def seed(self) -> Sequence[str]:
        """Fill an empty database like a running ESP. Raises TargetError when it is not empty."""
        from reconciler.targets.native import seed  # start-up: once in the life of a database

        with self.writer() as writer:
            return seed.fill(writer, self._metadata, self._vocabulary)

    def seeded(self) -> Mapping[Ref, Origin]:
        """What the seed's last apply managed though no file states it any more, and where it was stated."""
        from reconciler.targets.native.seed import FORGOTTEN

        return FORGOTTEN

    def doctor(self) -> Sequence[tuple[str, str]]:
        """Connection, versions, tables with their row counts, switches, protection class of each kind."""
        with connect(self._place, Mode.READ) as connection:
            wire = Connection(connection, self._place, locking=False)
            schema = LiveSchema(wire)
            version = provision.version_of(connection)
            lines = [
                ("connection", self._place.shown),
                ("engine", engine_version(connection)),
                ("schema version", f"{version} (this reconciler knows {provision.VERSION})"),
            ]
            half, flaws = half_sight(wire), dict(flaws_told(wire, self._system))
            lacking = provision.lacking(connection, self._metadata)
            for name in sorted(self._metadata.tables):
                label, absent = f"table {name}", "not seen" if half else "missing"
                there = flaws.get(label) or _rows_in(connection, name) if name in schema.tables else absent
                gone = ", ".join(column.name for column in lacking.columns if column.table.name == name)
                lines.append((label, f"{there}; lacks {gone}: {provision.UPGRADE}" if gone else there))
            lines += [("tables that are not seen", half)] if half else []
            lines += server_settings(connection)
            for kind in self._system.kinds:
                lines.append((f"protection of {kind}", schema.protection(self._system, kind)))
                lines += [(f"class A of {kind} by", statement) for statement in schema.raising(self._system, kind)]
        return tuple(lines)

    def accounts(self, memory: Rights) -> tuple[tuple[str, str], ...]:
        """What the account in use may, and the GRANTs of the two accounts that are enough; none on a file."""
        schema = self._metadata.tables[SCHEMA]
        with connect(self._place, Mode.READ) as connection:
            live = LiveSchema(Connection(connection, self._place, locking=False))
            going = [
                kind for kind in self._system.kinds.values() if self._vocabulary[kind.kind].removal is Removal.DELETE
            ]
            reached = [place for kind in going for place in live.reached(self._system, kind)]
            own = needed_rights(self._system, self._vocabulary, self.creates, besides=schema.c, reached=reached)
            return accounts(connection, own, memory)


class NativeType:
    """model.target.TargetType of the built-in ESP."""

    name = "native"

    def open(self, settings: TargetSettings, vocabulary: Vocabulary) -> NativeTarget:
        """Connects lazily. Raises TargetError on a URL it cannot use."""
        schema = str(settings.options.get("memory", ""))
        return NativeTarget(settings.name, place_of(settings), vocabulary, schema)

    def check(self, settings: TargetSettings) -> Sequence[Finding]:
        """Complaints about the settings that need no connection."""
        return unusable(settings)


NATIVE = NativeType()


def _rows_in(connection: sa.Connection, table: str) -> str:
    try:
        with connection.begin_nested():
            count = connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar()
    except sa.exc.DBAPIError:
        return "cannot be read"
    return f"{count:,} rows"
