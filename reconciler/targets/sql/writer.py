"""Writing: one transaction over a mapping. Rows are found by ids read under lock, never by name (docs/rules.md#rule-2,
#rule-30). Decides nothing and proves nothing: that is the engine's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from reconciler.database import is_odd, roll_back, speaking
from reconciler.model.change import Members, Raw
from reconciler.model.errors import Lost, Refused, TargetError, Unknown
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.memory import Session
from reconciler.model.names import all_folded
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import NewObject
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.connection import CHUNK, Connection, Query, chunks
from reconciler.targets.sql.facts import FactReader, by_kind, memberships, users_on
from reconciler.targets.sql.mapping import Col, KindMap, Mirror, Options, System, mapped
from reconciler.targets.sql.reader import record, twins_of
from reconciler.targets.sql.restore import restore, restore_beside, rows_to_json
from reconciler.targets.sql.row_writer import RowWriter, _table, delete_where
from reconciler.targets.sql.rows import RowReader


class SqlWriter:
    """model.target.Writer over a mapping."""

    def __init__(self, wire: Connection, system: System, vocabulary: Vocabulary) -> None:
        self._wire = wire
        self._system = system
        self._vocabulary = vocabulary
        self._gone: dict[str, dict[int, str]] = {}
        self._guarded: set[str] = set()
        self._witness = FactReader(wire, system, vocabulary)
        self._mirrors: dict[Mirror, bool] | None = None

    @property
    def session(self) -> Session:
        """The SQLAlchemy Connection."""
        return self._wire.connection

    def begin(self) -> None:
        """Open the write transaction. Raises Locked when another writer holds it past the time limit."""
        with speaking(self._wire.place):
            if not self._wire.connection.in_transaction():
                self._wire.connection.begin()
                self._mirrors = None

    def read(self, refs: Collection[Ref]) -> Mapping[Ref, Record]:
        """These objects as they are now, locked; those that are not live are missing."""
        found: dict[Ref, Record] = {}
        rows = RowReader(self._wire, self._system)
        for name, keys in by_kind(refs).items():
            kind = self._system.kinds[name]
            packed = rows.these(kind, list(self._wire.ids(kind, keys).values()))
            for key, values in zip(packed.keys, packed.values, strict=True):
                found[Ref(name, key)] = record(name, kind.table.name, packed, key, values)
        return found

    def facts(self, question: NeededFacts) -> Facts:
        """Counts and usage inside the transaction."""
        facts = self._witness.facts(question)
        self._guarded |= {kind for kind, letter in facts.protection.items() if letter == "A"}
        return facts

    def twins(self, refs: Collection[Ref]) -> Mapping[Ref, tuple[str, ...]]:
        """Which of these have twins by now. Read without locks, which would be on every row: what comes to be the same
        name a moment later is found by the next plan."""
        found: dict[Ref, tuple[str, ...]] = {}
        for name, keys in by_kind(refs).items():
            kind = self._system.kinds[name]
            statement = sa.select(kind.key).where(*kind.shown)
            if len(keys) <= CHUNK:  # what folds to plain ASCII is plain in another case, or odd
                same = sa.func.lower(sa.func.trim(kind.key)).in_(all_folded(keys))
                statement = statement.where(sa.or_(same, is_odd(self._wire.connection, kind.key)))
            with speaking(self._wire.place):
                rows = self._wire.connection.execute(statement).fetchall()
            found |= {Ref(name, key): others for key, others in twins_of(keys, [text(row[0]) for row in rows])}
        return found

    def raw(self, refs: Collection[Ref]) -> Mapping[Ref, Mapping[str, Any]]:
        """Every column of every row of these objects, also columns we do not know: table → rows
        (docs/rules.md#rule-37). Of a table that hides something only what the mapping speaks of."""
        found: dict[Ref, dict[str, list[dict[str, Any]]]] = {}
        for name, keys in by_kind(refs).items():
            kind = self._system.kinds[name]
            refs_by_id = {number: Ref(name, key) for key, number in self._wire.ids(kind, keys).items()}
            found |= {ref: {} for ref in refs_by_id.values()}
            for column in (kind.id, *kind.belongings()):
                table = column.table.name
                everything: Query = sa.select(*self._visible(column.table)).select_from(column.table)
                for row in self._wire.among(everything.where(*self._sayable(kind, column)), column, refs_by_id):
                    whole = {label: rows_to_json(value) for label, value in row._mapping.items()}
                    found[refs_by_id[whole[column.name]]].setdefault(table, []).append(whole)
        return found

    def rename(self, kind: str, names: Mapping[str, str]) -> None:
        """old key → new key."""
        own = self._system.kinds[kind]
        ids = self._live(own, names)
        self._wire.update(own.id, (own.key.name,), [(ids[old], new) for old, new in names.items()])

    def insert(self, kind: str, rows: Mapping[str, NewObject]) -> None:
        """key → its values; a field not given takes the column's default."""
        own = self._system.kinds[kind]
        ink = RowWriter(self._wire, self._system, own)
        ink.insert(rows)
        ids = self._live(own, rows)
        ink.extras({ids[key]: draft for key, draft in rows.items()}, occupied=())

    def update(self, kind: str, rows: Mapping[str, NewObject]) -> None:
        """key → the fields to write; a whole set, map or override row replaces what is there."""
        own = self._system.kinds[kind]
        ink = RowWriter(self._wire, self._system, own)
        self._look_into_mirrors()
        ids = self._live(own, rows)
        drafts = {ids[key]: draft for key, draft in rows.items()}
        ink.update_columns(drafts)
        ink.extras(drafts, occupied=drafts)
        self._follow(own.id, drafts)

    def restore(self, kind: str, rows: Mapping[str, NewObject], raw: Mapping[str, Raw]) -> None:
        """Insert what was deleted, with all columns and the id that it had; references and maps as `rows` say."""
        own = self._system.kinds[kind]
        ink = RowWriter(self._wire, self._system, own)
        restore(self._wire, own, ink, rows, raw)
        ids = self._live(own, rows)
        restore_beside(self._wire, own, ids, raw)
        # The options are there again as they were, row by row; only what they refer to may have another id by now.
        whole = {name for name, place in own.fields.items() if isinstance(place, Options)}
        drafts = {
            ids[key]: {name: value for name, value in draft.items() if name not in whole} for key, draft in rows.items()
        }
        ink.extras(drafts, occupied=drafts)

    def reassign(self, ref: Ref, to: str, chosen: Members | None = None) -> int:
        """Move every user, sub-accounts and those in the bin too (docs/rules.md#rule-18), or those `chosen` who are
        still there; how many were moved."""
        ids = self._live(self._system.kinds[ref.kind], (ref.key, to))
        self._look_into_mirrors()
        moved = 0
        for user, column in memberships(self._system, self._vocabulary, ref.kind):
            touched = RowWriter(self._wire, self._system, user).stamps(_table(column))["touched"]
            change = sa.update(column.table).where(column == ids[ref.key]).values({column.name: ids[to], **touched})
            if chosen is None:
                moved += self._wire.write(change)
                continue
            wanted = frozenset(chosen.get(user.kind, ()))
            there: Query = sa.select(user.id, user.key).where(column == ids[ref.key])
            ours = [number for number, key in self._wire.among(there, user.key, sorted(wanted)) if key in wanted]
            moved += sum(self._wire.write(change.where(user.id.in_(some))) for some in chunks(ours))
        self._follow(self._system.kinds[ref.kind].id, (ids[to],))
        return moved

    def members(self, ref: Ref) -> Members:
        """Every user of it, locked; sub-accounts and those in the bin too."""
        return users_on(self._wire, self._system, self._vocabulary, ref)

    def delete(self, kind: str, keys: Sequence[str]) -> None:
        """Remove the rows and what belongs to them alone. Raises Refused when the schema says they are in use."""
        own = self._system.kinds[kind]
        found = self._live(own, keys)
        ids = list(found.values())
        if kind not in self._guarded:
            self._gone.setdefault(kind, {}).update((number, key) for key, number in found.items())
        for column in own.belongings():
            delete_where(self._wire, column, ids)
        try:
            delete_where(self._wire, own.id, ids)
        except Refused as refusal:
            names = ", ".join(f"{kind}/{key}" for key in sorted(keys))
            raise Refused(f"the database refuses to delete {names}: something still refers to it") from refusal

    def orphans(self) -> Mapping[Ref, Collection[Ref]]:
        """Who refers to what this writer has deleted, of kinds that the schema does not guard; asked after the COMMIT,
        so that nothing of ours hides them."""
        found: dict[Ref, list[Ref]] = {}
        for kind, gone in self._gone.items():
            for other, _, place in self._system.referrers(kind):
                pointing: Query = sa.select(place.column, other.key)
                for number, key in self._wire.counted(pointing, place.column, gone):
                    found.setdefault(Ref(kind, gone[number]), []).append(Ref(other.kind, text(key)))
        return found

    def commit(self) -> None:
        """All or nothing. Raises Unknown when the connection is lost meanwhile."""
        try:
            with speaking(self._wire.place):
                self._wire.connection.commit()
        except Lost as lost:
            raise Unknown(lost.message) from lost

    def rollback(self) -> None:
        """Explicitly, after any error (docs/rules.md#rule-33)."""
        with speaking(self._wire.place):
            roll_back(self._wire.connection)

    def _look_into_mirrors(self) -> None:
        """Find out, before anything is written, which copies the application keeps equal, and whether it clears them.
        One look without locks: it is no guard, and would lock every user."""
        if self._mirrors is None:
            self._mirrors = {}
            for mirror in self._system.mirrors:
                with speaking(self._wire.place):
                    seen = {(row[0], row[1]) for row in self._wire.connection.execute(mirror.evidence())}
                if (1, 0) in seen and (1, 1) not in seen:
                    self._mirrors[mirror] = (0, 1) not in seen

    def _follow(self, changed: Col, ids: Iterable[int]) -> None:
        for mirror, clearing in (self._mirrors or {}).items():
            for some in chunks(ids):
                change = mirror.follow(changed, some, clearing=clearing)
                if change is not None:
                    self._wire.write(change)

    def _sayable(self, kind: KindMap, owner: Col) -> Iterator[sa.ColumnElement[bool]]:
        """Rows of options that hold no secret."""
        for register in kind.registers():
            if register.owner is owner:
                yield from (sa.not_(register.code.icontains(word, autoescape=True)) for word in register.secret)

    def _visible(self, table: sa.FromClause) -> Sequence[Any]:
        if not isinstance(table, sa.Table) or table not in self._system.hiding:
            return [sa.text("*")]
        return sorted((c for c in mapped(self._system) if c.table is table), key=lambda column: column.name)

    def _live(self, kind: KindMap, keys: Collection[str]) -> dict[str, int]:
        ids = self._wire.ids(kind, keys)
        for key in keys:
            if key not in ids:
                raise TargetError(f'there is no {kind.kind} "{key}" in the live system')
        return ids
