"""Users whose live use is above the limit that the plan gives them (guard `over-limit`).

The same function serves planning and the transaction: what will be is what the changes say, else what is live now.

Whom a change hits: users of a changed object, those whose override hides the change, those above the new limit.

Users who are moved to something that gives them less: for the guard `limit-decrease` (ADR 009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from reconciler.engine.effect import effect, limit_size
from reconciler.engine.guards import blocked_by_class
from reconciler.engine.needed_facts import LOSSES, goes, measured_limits, shrinking
from reconciler.engine.states import States
from reconciler.model.change import Change, Create, Effect, FieldDelta, Reassign, Update
from reconciler.model.facts import Facts, Users, UserUsage
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Impact, Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Direction, Field, Overrides, Reference, Vocabulary
from reconciler.model.values import Value

NEAR_PERCENT = 90
_TOP = 3


@dataclass(frozen=True, slots=True)
class StayingUsers:
    """What the plan does to users themselves, so that nobody is counted who leaves or gets a value of their own."""

    overrides: Mapping[Ref, Mapping[str, Value]]
    moved: Mapping[Ref, str]

    def overridden(self, meter: UserUsage, name: str) -> bool:
        """Whether the user has an own value of this field after the plan."""
        return name in self.overrides.get(meter.ref, meter.overrides)


def staying(changes: Sequence[Change], vocabulary: Vocabulary) -> StayingUsers:
    """Read the users' own updates out of a list of changes."""
    overrides: dict[Ref, Mapping[str, Value]] = {}
    moved: dict[Ref, str] = {}
    for change in changes:
        if not isinstance(change, Update):
            continue
        for name, after in change.after.items():
            kind_of_field = vocabulary.fields[change.ref.kind][name].type
            if isinstance(kind_of_field, Overrides) and isinstance(after, Mapping):
                overrides[change.ref] = after
        for field, reference in vocabulary.references[change.ref.kind]:
            if reference.membership and field.name in change.after:
                moved[change.ref] = str(change.after[field.name])
    return StayingUsers(overrides, moved)


def impact_of(changes: Sequence[Change], facts: Facts, vocabulary: Vocabulary) -> Iterator[Impact]:
    """An Impact for each changed field of an object that has users, in the order of the changes."""
    stay = staying(changes, vocabulary)
    for change in changes:
        if isinstance(change, Update) and vocabulary.memberships[change.ref.kind]:
            holders = facts.holders.get(change.ref, Users())
            if holders.count:
                meters = [
                    meter
                    for meter in facts.meters.get(change.ref, ())
                    if stay.moved.get(meter.ref, change.ref.key) == change.ref.key
                ]
                for delta in change.fields:
                    field = vocabulary.fields[change.ref.kind][delta.name]
                    yield _impact(change.ref, delta, field, holders.count, meters, stay)


def _impact(
    ref: Ref, delta: FieldDelta, field: Field, tenants: int, meters: Sequence[UserUsage], stay: StayingUsers
) -> Impact:
    bound = [meter for meter in meters if not (field.overridable and stay.overridden(meter, field.name))]
    limit = delta.after
    hits: list[tuple[str, int, int]] = []
    if field.measured_by and delta.effect in LOSSES and isinstance(limit, int):
        for meter in bound:
            used = meter.counters.get(field.measured_by, 0)
            if used * 100 > limit * NEAR_PERCENT:
                hits.append((meter.ref.key, used, (used * 100 + limit // 2) // limit if limit else 0))
    over = sum(1 for _, used, _ in hits if isinstance(limit, int) and used > limit)
    return Impact(
        ref=ref,
        field=delta.name,
        tenants=tenants,
        keep=len(meters) - len(bound),
        over=over,
        near=len(hits) - over,
        top=tuple(nlargest(_TOP, hits, key=lambda hit: (hit[1], hit[0]))),
    )


_NAMED = 3
UsageNow = Callable[[str, str, str], "Value | None"]
"""(kind, key, field) → the live value, renames in view."""


@dataclass(frozen=True, slots=True)
class ValuesAfter:
    """Values once the changes are done."""

    vocabulary: Vocabulary
    after: Mapping[Ref, Mapping[str, Value | None]]
    stay: StayingUsers
    now: UsageNow

    def then(self, kind: str, key: str, name: str) -> Value | None:
        """The value of any object's field."""
        after = self.after.get(Ref(kind, key), {})
        return after[name] if name in after else self.now(kind, key, name)

    def limit(self, meter: UserUsage, name: str) -> Value | None:
        """What will bind this user: its own value, else that of what it is on."""
        own = self.stay.overrides.get(meter.ref, meter.overrides)
        if name in own:
            return own[name]
        for field in self.vocabulary.held[meter.ref.kind]:
            if isinstance(field.type, Overrides):
                through = self.vocabulary.fields[meter.ref.kind][field.type.through].type
                holder = self.then(meter.ref.kind, meter.ref.key, field.type.through)
                if isinstance(through, Reference) and isinstance(holder, str):
                    return self.then(through.kind, holder, name)
        return None


def over_limit(
    changes: Sequence[Change], facts: Facts, policy: Policy, vocabulary: Vocabulary, now: UsageNow
) -> Iterator[Finding]:
    """Users above their new limit: what they are on shrinks, they are moved, or they themselves shrink."""
    severity = over_limit_severity(policy)
    if severity is None:
        return
    after = {change.ref: left_behind(change) for change in changes if isinstance(change, (Create, Update))}
    aftermath = ValuesAfter(vocabulary, after, staying(changes, vocabulary), now)
    for impact in impact_of(changes, facts, vocabulary):
        if impact.over:
            yield Finding(
                code="over-limit",
                severity=severity,
                message=f"{impact.over:,} of {impact.tenants:,} users are above the new limit now",
                ref=impact.ref,
                field=impact.field,
                remedy="raise the limit, give those users an override, or let them run dry",
                names=tuple(key for key, _, _ in impact.top[: impact.over]),
                more=max(0, impact.over - _NAMED),
            )
    for change in changes:
        if isinstance(change, Reassign):
            yield from _of_moved(change, facts, vocabulary, severity, aftermath)
        elif isinstance(change, Update) and not vocabulary.memberships[change.ref.kind]:
            yield from _of_one(change, facts, vocabulary, severity, aftermath)


def _of_moved(
    change: Reassign, facts: Facts, vocabulary: Vocabulary, severity: Severity, aftermath: ValuesAfter
) -> Iterator[Finding]:
    kind = change.ref.kind
    moved = [
        meter
        for meter in facts.meters.get(change.ref, ())
        if goes(change, meter.ref) and meter.ref not in aftermath.stay.moved
    ]
    for field in measured_limits(kind, vocabulary):
        limit = aftermath.then(kind, change.to, field.name)
        if not _shrinks(field, aftermath.now(kind, change.ref.key, field.name), limit):
            continue
        above = [
            (used, meter.ref.key)
            for meter in moved
            if not aftermath.stay.overridden(meter, field.name)
            and isinstance(limit, int)
            and (used := meter.counters.get(field.measured_by, 0)) > limit
        ]
        if above:
            yield Finding(
                code="over-limit",
                severity=severity,
                message=f"{len(above):,} of the users moved to {change.to} are above its limit of {limit:,}",
                ref=change.ref,
                field=field.name,
                origin=change.origin,
                remedy="move them elsewhere, give them an override, or let them run dry",
                names=tuple(key for _, key in nlargest(_NAMED, above)),
                more=max(0, len(above) - _NAMED),
            )


def _of_one(
    change: Update, facts: Facts, vocabulary: Vocabulary, severity: Severity, aftermath: ValuesAfter
) -> Iterator[Finding]:
    for meter in facts.meters.get(change.ref, ()):
        for delta, field in shrinking(change, vocabulary):
            limit = aftermath.limit(meter, field.name)
            used = meter.counters.get(field.measured_by, 0)
            if isinstance(limit, int) and not isinstance(limit, bool) and used > limit:
                yield Finding(
                    code="over-limit",
                    severity=severity,
                    message=f"{used:,} in use, the new {field.name} is {limit:,}",
                    ref=change.ref,
                    field=delta.name,
                    origin=delta.origin,
                    remedy="raise it, or let the customer run dry",
                )


def left_behind(change: Create | Update) -> Mapping[str, Value | None]:
    """The values that a change leaves behind, with None for what it takes away."""
    gone = {delta.name: None for delta in change.fields if delta.after is None} if isinstance(change, Update) else {}
    return {**change.after, **gone}


def _shrinks(field: Field, before: Value | None, after: Value | None) -> bool:
    old, new = limit_size(field, before), limit_size(field, after)
    return new is not None and (old is None or new < old)


def over_limit_severity(policy: Policy) -> Severity | None:
    """`safety.over_limit: warn | block | off`, or `over-limit` under `safety.block`."""
    if "over-limit" in policy.block or policy.over_limit == "block":
        return Severity.ERROR
    return None if policy.over_limit == "off" else Severity.WARNING


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
