"""A target on a test stand: the target itself, and the few things a test must do behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model.facts import Facts, Question
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Names
from reconciler.model.target import Draft, Target, TargetSettings
from reconciler.targets.registry import target_type

Loads = Mapping[str, Mapping[str, Draft]]


@dataclass(frozen=True, slots=True)
class Stand:
    """One live system to test. Every target under the contract offers these; only `stock`, `sql` and `image` are its
    own."""

    target: Target
    path: Path

    def stock(self, names: Iterable[str]) -> None:
        """Put these names into every catalogue, as the administrator of the system would."""
        catalogues = {f.type.catalogue for fields in KINDS.held.values() for f in fields if isinstance(f.type, Names)}
        for catalogue in sorted(catalogues):
            for name in names:
                self.sql(f"INSERT INTO esp_{catalogue} (name) VALUES (?)", name)

    def load(self, loads: Loads) -> None:
        """Create these objects and commit, kind by kind in the order of creation."""
        with self.target.writer() as writer:
            writer.begin()
            for kind in KINDS.creation_order:
                writer.insert(kind, loads.get(kind, {}))
            writer.commit()

    def live(self, kind: str, key: str) -> Record:
        """One object as a fresh snapshot shows it."""
        with self.target.reader() as reader:
            return reader.snapshot().sheets[kind][key]

    def facts(self, **question: Any) -> Facts:
        """The answer of a fresh reader."""
        with self.target.reader() as reader:
            return reader.facts(Question(**{name: frozenset(wanted) for name, wanted in question.items()}))

    def sql(self, statement: str, *values: Any) -> Sequence[Any]:
        """An edit by hand, behind everybody's back: no check, no foreign key."""
        connection = sqlite3.connect(self.path)
        try:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
        finally:
            connection.close()
        return rows

    def image(self) -> tuple[str, ...]:
        """Everything in the database, as text."""
        connection = sqlite3.connect(self.path)
        try:
            return tuple(connection.iterdump())
        finally:
            connection.close()


def native_on_sqlite(folder: Path, lock_timeout: float = 5.0) -> Stand:
    """The built-in ESP in a new file."""
    path = folder / "esp.db"
    settings = TargetSettings(name="esp", type="native", url=f"sqlite:///{path}", lock_timeout=lock_timeout)
    target = target_type("native").open(settings, KINDS)
    target.create()  # type: ignore[attr-defined]
    return Stand(target, path)


STANDS = {"native on SQLite": native_on_sqlite}


def refs(*texts: str) -> list[Ref]:
    return [Ref.parse(text) for text in texts]
