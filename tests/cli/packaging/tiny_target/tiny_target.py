"""A target of another package: roles in a table of its own, in a SQLite file. As small as a target can be."""

from __future__ import annotations

from contextlib import contextmanager

import sqlalchemy as sa

from reconciler.model.facts import Facts, Snapshot
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.target import Listing

ROLES = sa.table("tiny_role", sa.column("name"), sa.column("description"))


class TinyReader:
    """Sees the roles of one connection."""

    def __init__(self, session):
        self.session = session

    def records(self):
        rows = self.session.execute(sa.select(ROLES.c.name, ROLES.c.description))
        return {
            name: Record(kind="role", key=name, values={"description": text}, origin=Origin("tiny_role"))
            for name, text in rows
        }

    def snapshot(self):
        return Snapshot({"role": sheet_of("role", self.records())})

    def facts(self, question):
        return Facts(protection={"role": "A"})

    def listing(self, kind, search=""):
        return Listing(("Name",), tuple((name,) for name in sorted(self.records()) if search in name))


class TinyWriter(TinyReader):
    """Writes them."""

    def begin(self):
        if not self.session.in_transaction():
            self.session.begin()

    def read(self, refs):
        return {Ref("role", name): record for name, record in self.records().items() if Ref("role", name) in refs}

    def twins(self, refs):
        return {}

    def raw(self, refs):
        return {ref: {"tiny_role": [record.values]} for ref, record in self.read(refs).items()}

    def insert(self, kind, rows):
        for name, values in rows.items():
            self.session.execute(sa.insert(ROLES).values(name=name, **values))

    def update(self, kind, rows):
        for name, values in rows.items():
            self.session.execute(sa.update(ROLES).where(ROLES.c.name == name).values(**values))

    def rename(self, kind, names):
        for old, new in names.items():
            self.session.execute(sa.update(ROLES).where(ROLES.c.name == old).values(name=new))

    def reassign(self, ref, to):
        return 0

    def delete(self, kind, keys):
        self.session.execute(sa.delete(ROLES).where(ROLES.c.name.in_(keys)))

    def orphans(self):
        return {}

    def commit(self):
        self.session.commit()

    def rollback(self):
        self.session.rollback()


class TinyTarget:
    """One SQLite file."""

    type = "tiny"
    supports = {"role": frozenset({"description"})}  # noqa: RUF012
    creates = frozenset({"role"})

    def __init__(self, settings):
        self.name = settings.name
        self._engine = sa.create_engine(settings.url)

    @contextmanager
    def reader(self):
        with self._engine.connect() as session:
            yield TinyReader(session)

    @contextmanager
    def writer(self):
        with self._engine.connect() as session:
            session.execute(sa.text("CREATE TABLE IF NOT EXISTS tiny_role (name TEXT PRIMARY KEY, description TEXT)"))
            session.commit()
            yield TinyWriter(session)

    def doctor(self):
        return (("connection", "a tiny file"),)


class TinyType:
    """What the entry point names."""

    name = "tiny"

    def check(self, settings):
        return ()

    def open(self, settings, vocabulary):
        return TinyTarget(settings)


TINY = TinyType()
