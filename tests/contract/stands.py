"""A target on a test stand: the target itself, and the few things a test must do behind its back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Names
from reconciler.model.target import NewObject, RefusesValues, Target, TargetSettings
from reconciler.model.values import Value
from reconciler.targets.registry import target_type
from tests.support.engines import Place, run

Loads = Mapping[str, Mapping[str, NewObject]]


@dataclass(frozen=True, slots=True)
class Stand:
    """One live system to test. Every target under the contract offers these; only `stock`, `sql` and `image` are its
    own."""

    target: Target
    place: Place

    def stock(self, names: Iterable[str]) -> None:
        """Put these names into every catalogue, as the administrator of the system would."""
        catalogues = {f.type.catalogue for fields in KINDS.held.values() for f in fields if isinstance(f.type, Names)}
        rows = list(names)
        with self.place.hand() as connection:
            for catalogue in sorted(catalogues):
                values = ", ".join(f"('{name}')" for name in rows)
                run(connection, f"INSERT INTO esp_{catalogue} (name) VALUES {values}")

    def holds(self, kind: str, field: str, value: Value) -> bool:
        """Whether the system says that it can hold the value."""
        if not isinstance(self.target, RefusesValues):
            return True
        refusal = self.target.refusals.get(kind, {}).get(field)
        return refusal is None or not refusal(value)

    def default(self, field: Field) -> Value | None:
        """What a new object has in a field that nobody stated."""
        return field.default

    def makes(self, kind: str) -> bool:
        """Whether there can be objects of a kind under any name."""
        return kind in self.target.supports

    def fitting(self, kind: str, draft: NewObject) -> NewObject:
        """The part of a draft of many fields that the system can hold at the same time."""
        return draft

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
            return reader.facts(NeededFacts(**{name: frozenset(wanted) for name, wanted in question.items()}))

    def sql(self, statement: str, *values: Any) -> Sequence[Any]:
        """An edit by hand, behind everybody's back: no check, no foreign key."""
        return self.place.sql(statement, *values)

    def image(self) -> Mapping[str, Any]:
        """Everything in the database."""
        return self.place.dump()


def native(place: Place, lock_timeout: float = 5.0) -> Stand:
    """The built-in ESP in an empty database."""
    settings = TargetSettings(
        name="esp", type="native", url=place.url, lock_timeout=lock_timeout, options={"memory": place.memory}
    )
    target = target_type("native").open(settings, KINDS)
    target.create()  # type: ignore[attr-defined]
    return Stand(target, place)


def refs(*texts: str) -> list[Ref]:
    return [Ref.parse(text) for text in texts]
