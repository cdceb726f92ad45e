"""What a plan is made from, in one value that every step of planning and reverting takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from reconciler.engine.globs import Globs
from reconciler.model.facts import Desired, Snapshot
from reconciler.model.memory import Remembered
from reconciler.model.plan import Policy
from reconciler.model.record import Sheet
from reconciler.model.resource import Vocabulary


class TargetAbilities(Protocol):
    """What planning asks of a target: what it can hold and create."""

    name: str
    type: str

    @property
    def supports(self) -> Mapping[str, frozenset[str]]:
        """kind → fields."""
        ...

    @property
    def creates(self) -> frozenset[str]:
        """Kinds."""
        ...


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Both sides, memory, and what is to be heeded."""

    desired: Desired
    snapshot: Snapshot
    remembered: Remembered
    vocabulary: Vocabulary
    target: TargetAbilities
    project: str
    policy: Policy
    only: tuple[str, ...] = ()
    """Globs `kind/name` that the plan is limited to; none: it is not limited."""

    def stated(self, kind: str) -> Sheet:
        """What the files state of a kind, as they have it."""
        return self.desired.sheets.get(kind, Sheet(kind))

    @cached_property
    def scope(self) -> Globs:
        """What the plan is limited to; empty where it is not."""
        return Globs(self.only)

    @cached_property
    def hands_off(self) -> Globs:
        """What the settings leave alone."""
        return Globs(self.policy.hands_off)

    @cached_property
    def external(self) -> Globs:
        """What is managed elsewhere and may be named."""
        return Globs(self.policy.external)

    @cached_property
    def spared(self) -> Globs:
        """What is never removed: it is left alone, or managed elsewhere."""
        return Globs((*self.policy.hands_off, *self.policy.external))
