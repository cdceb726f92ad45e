"""Users who are moved to something that gives them less: for the guard `limit-decrease` (ADR 009). Knows no kind by
name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.engine.effect import effect
from reconciler.engine.excess import left_behind
from reconciler.engine.guards import blocked_by_class
from reconciler.engine.questions import LOSSES
from reconciler.engine.world import States
from reconciler.model.change import Change, Create, Effect, Reassign, Update
from reconciler.model.finding import Finding
from reconciler.model.plan import Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Direction, Reference
from reconciler.model.values import Value

CODE = "limit-decrease"


def downgrades(changes: Sequence[Change], policy: Policy, world: States) -> Iterator[Finding]:
    """One finding for each Reassign to something smaller, where the settings block reductions."""
    if CODE not in policy.block:
        return
    after = {change.ref: left_behind(change) for change in changes if isinstance(change, (Create, Update))}
    for change in changes:
        lost = list(_lost(change, world, after)) if isinstance(change, Reassign) else []
        if isinstance(change, Reassign) and lost:
            said = f"less service for those moved to {change.to}: {', '.join(lost)}"
            yield blocked_by_class(CODE, change, said)


def _lost(change: Reassign, world: States, after: Mapping[Ref, Mapping[str, Value | None]]) -> Iterator[str]:
    """The fields of which a moved user has less: what the old object gives now beside what the new one will give."""
    kind, to = change.ref.kind, Ref(change.ref.kind, change.to)
    for field in world.vocabulary.held[kind]:
        if field.direction is Direction.NONE:
            continue
        coming = after.get(to, {})
        then = coming[field.name] if field.name in coming else world.now(kind, change.to, field.name)
        if effect(field, world.now(kind, change.ref.key, field.name), then, _not_compared) in LOSSES:
            yield field.name


def _not_compared(reference: Reference, old: str, new: str) -> Effect:
    """A reference inside what is compared has no direction of its own."""
    return Effect.NEUTRAL
