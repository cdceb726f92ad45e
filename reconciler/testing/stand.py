"""A target on a test stand: the target itself, and the few things that tests must do behind its back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.record import Record
from reconciler.model.resource import Field
from reconciler.model.target import NewObject, RefusesValues, Target
from reconciler.model.values import Value

Loads = Mapping[str, Mapping[str, NewObject]]
"""kind → key → the fields of a new object."""


@dataclass(frozen=True)
class Stand(ABC):
    """One live system to test. A package derives its own class: it writes the abstract methods, and of the others those
    in which its system is different."""

    target: Target

    @abstractmethod
    def stock(self, names: Collection[str]) -> None:
        """Put these names into every catalogue, as the administrator of the system would."""

    @abstractmethod
    def image(self) -> Mapping[str, Any]:
        """Everything in the database: table → its rows, sorted."""

    @abstractmethod
    def writing_sql(self) -> str:
        """An SQL statement that changes every object, which a reader must not be able to run."""

    handmade = frozenset[str]()
    """The kinds whose objects `make` makes, because the target creates none, such as accounts."""

    def make(self, kind: str, keys: Collection[str]) -> None:
        """Make objects of a handmade kind, as the application would."""
        raise NotImplementedError(f"{type(self).__name__}.make")

    def default(self, field: Field) -> Value | None:
        """What a new object has in a field that nobody stated."""
        return field.default

    def fitting(self, kind: str, draft: NewObject) -> NewObject:
        """The part of a draft of many fields that the system can hold at the same time."""
        return draft

    def to_bin(self, key: str) -> bool:
        """Put an account into the bin; False where the system has none."""
        return False

    def make_child(self, key: str, parent: str) -> bool:
        """Make an account the sub-account of another; False where the system has none."""
        return False

    def use(self, counter: str, key: str, count: int) -> bool:
        """Let an account have used this much; False where the system has no such counter."""
        return False

    def mark(self, kind: str, key: str) -> bool:
        """Fill a column of an object's row that no field speaks of; False where there is none."""
        return False

    # What follows is the same for every system.

    def makes(self, kind: str) -> bool:
        """Whether there can be objects of a kind under any name."""
        return kind in self.target.supports and (kind in self.target.creates or kind in self.handmade)

    def has(self, place: str) -> bool:
        """Whether the system has a place for `kind`, or for `kind.field`."""
        kind, _, field = place.partition(".")
        return self.makes(kind) and (not field or field in self.target.supports[kind])

    def needs(self, *places: str) -> None:
        """Leave a test out, by name, where the system has no such `kind` or `kind.field`."""
        for place in places:
            if not self.has(place):
                pytest.skip(f"{self.target.type} has no place for {place}")

    def creates(self, kind: str) -> None:
        """Leave a test out, by name, where the target cannot create, and so delete, objects of a kind."""
        if kind not in self.target.creates:
            pytest.skip(f"{self.target.type} creates no {kind}")

    def any_kind(self) -> str:
        """A kind that there can be objects of, created ones if any."""
        return next(iter(sorted(self.target.creates) or sorted(self.handmade)))

    def holds(self, kind: str, field: str, value: Value) -> bool:
        """Whether the system says that it can hold the value."""
        if not isinstance(self.target, RefusesValues):
            return True
        refusal = self.target.refusals.get(kind, {}).get(field)
        return refusal is None or not refusal(value)

    def held(self, kind: str, draft: NewObject) -> NewObject:
        """The part of a draft that the system has a place for."""
        supported = self.target.supports[kind]
        own = {
            name: value
            for name, value in draft.items()
            if name in supported and (value is None or self.holds(kind, name, value))
        }
        return self.fitting(kind, own)

    def load(self, loads: Loads) -> None:
        """Create these objects and commit, kind by kind in the order of creation. What the system has no place for is
        left out, so that the suite may speak of any system."""
        kinds = [kind for kind in KINDS.creation_order if loads.get(kind) and self.makes(kind)]
        for kind in kinds:
            if kind not in self.target.creates:
                self.make(kind, loads[kind])
        with self.target.writer() as writer:
            writer.begin()
            for kind in kinds:
                drafts = {key: self.held(kind, draft) for key, draft in loads[kind].items()}
                (writer.insert if kind in self.target.creates else writer.update)(kind, drafts)
            writer.commit()

    def live(self, kind: str, key: str) -> Record:
        """One object as a fresh snapshot shows it."""
        with self.target.reader() as reader:
            return reader.snapshot().sheets[kind][key]

    def facts(self, **question: Collection[Any]) -> Facts:
        """The answer of a fresh reader, which is also a writer's. The keywords are those of NeededFacts."""
        needed = NeededFacts(**{name: frozenset(wanted) for name, wanted in question.items()})
        with self.target.reader() as reader:
            answer = reader.facts(needed)
        with self.target.writer() as writer:
            writer.begin()
            assert writer.facts(needed) == answer
            writer.rollback()
        return answer

    def change(self, kind: str, rows: Mapping[str, NewObject]) -> None:
        """Update these objects and commit."""
        with self.target.writer() as writer:
            writer.begin()
            writer.update(kind, rows)
            writer.commit()
