"""Users whose live use is above the limit that the plan gives them (guard `over-limit`).

Whom a change hits: users of a changed object, those whose override hides the change, those above the new limit.

Users who are moved to something that gives them less: for the guard `limit-decrease` (ADR 009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest

from reconciler.engine.effect import effect, limit_size
from reconciler.engine.guards import blocked_by_class
from reconciler.engine.needed_facts import LOSSES, goes, measured_limits, shrinking
from reconciler.engine.states import States
from reconciler.model.change import Change, Effect, FieldDelta, Reassign, Update
from reconciler.model.facts import Facts, Users, UserUsage
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Impact, Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Direction, Field, Overrides, Reference
from reconciler.model.values import Value

NEAR_PERCENT = 90
_TOP = 3


def own_values(user: UserUsage, states: States) -> Mapping[str, Value]:
    """What a user overrides after the plan: what is asked for, else what was counted."""
    for field in states.vocabulary.held.get(user.ref.kind, ()):
        if isinstance(field.type, Overrides):
            planned = states.planned(user.ref.kind, user.ref.key, field.name)
            if isinstance(planned, Mapping):
                return planned
    return user.overrides


def assigned(user: UserUsage, states: States) -> str | None:
    """The object on which the plan itself puts a user; None where it says nothing of that."""
    for field, reference in states.vocabulary.references.get(user.ref.kind, ()):
        planned = states.planned(user.ref.kind, user.ref.key, field.name) if reference.membership else None
        if isinstance(planned, str):
            return planned
    return None


def limit_after(user: UserUsage, name: str, states: States) -> Value | None:
    """What will bind this user: its own value, else that of what it is on."""
    own = own_values(user, states)
    if name in own:
        return own[name]
    fields = states.vocabulary.fields[user.ref.kind]
    for field in fields.values():
        if isinstance(field.type, Overrides):
            through = fields[field.type.through].type
            holder = states.after(user.ref.kind, user.ref.key, field.type.through)
            if isinstance(through, Reference) and isinstance(holder, str):
                return states.after(through.kind, holder, name)
    return None


def impact_of(changes: Sequence[Change], facts: Facts, states: States) -> Iterator[Impact]:
    """An Impact for each changed field of an object that has users, in the order of the changes."""
    vocabulary = states.vocabulary
    for change in changes:
        if isinstance(change, Update) and vocabulary.memberships[change.ref.kind]:
            holders = facts.holders.get(change.ref, Users())
            if holders.count:
                meters = [
                    meter
                    for meter in facts.meters.get(change.ref, ())
                    if assigned(meter, states) in (None, change.ref.key)
                ]
                for delta in change.fields:
                    field = vocabulary.fields[change.ref.kind][delta.name]
                    yield _impact(change.ref, delta, field, holders.count, meters, states)


def _impact(
    ref: Ref, delta: FieldDelta, field: Field, tenants: int, meters: Sequence[UserUsage], states: States
) -> Impact:
    bound = [meter for meter in meters if not (field.overridable and field.name in own_values(meter, states))]
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


def over_limit(changes: Sequence[Change], facts: Facts, policy: Policy, states: States) -> Iterator[Finding]:
    """Users above their new limit: what they are on shrinks, they are moved, or they themselves shrink."""
    severity = over_limit_severity(policy)
    if severity is None:
        return
    for impact in impact_of(changes, facts, states):
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
            yield from _of_moved(change, facts, severity, states)
        elif isinstance(change, Update) and not states.vocabulary.memberships[change.ref.kind]:
            yield from _of_one(change, facts, severity, states)


def _of_moved(change: Reassign, facts: Facts, severity: Severity, states: States) -> Iterator[Finding]:
    kind = change.ref.kind
    moved = [
        meter
        for meter in facts.meters.get(change.ref, ())
        if goes(change, meter.ref) and assigned(meter, states) is None
    ]
    for field in measured_limits(kind, states.vocabulary):
        limit = states.after(kind, change.to, field.name)
        if not _shrinks(field, states.before(kind, change.ref.key, field.name), limit):
            continue
        above = [
            (used, meter.ref.key)
            for meter in moved
            if field.name not in own_values(meter, states)
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


def _of_one(change: Update, facts: Facts, severity: Severity, states: States) -> Iterator[Finding]:
    for meter in facts.meters.get(change.ref, ()):
        for delta, field in shrinking(change, states.vocabulary):
            limit = limit_after(meter, field.name, states)
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


def _shrinks(field: Field, before: Value | None, after: Value | None) -> bool:
    old, new = limit_size(field, before), limit_size(field, after)
    return new is not None and (old is None or new < old)


def over_limit_severity(policy: Policy) -> Severity | None:
    """`safety.over_limit: warn | block | off`, or `over-limit` under `safety.block`."""
    if "over-limit" in policy.block or policy.over_limit == "block":
        return Severity.ERROR
    return None if policy.over_limit == "off" else Severity.WARNING


CODE = "limit-decrease"


def downgrades(changes: Sequence[Change], policy: Policy, states: States) -> Iterator[Finding]:
    """One finding for each Reassign to something smaller, where the settings block reductions."""
    if CODE not in policy.block:
        return
    for change in changes:
        lost = list(_lost(change, states)) if isinstance(change, Reassign) else []
        if isinstance(change, Reassign) and lost:
            message = f"less service for those moved to {change.to}: {', '.join(lost)}"
            yield blocked_by_class(CODE, change, message)


def _lost(change: Reassign, states: States) -> Iterator[str]:
    """The fields of which a moved user has less: what the old object gives now beside what the new one will give."""
    kind = change.ref.kind
    for field in states.vocabulary.held[kind]:
        if field.direction is not Direction.NONE:
            now, then = states.before(kind, change.ref.key, field.name), states.after(kind, change.to, field.name)
            if effect(field, now, then, _not_compared) in LOSSES:
                yield field.name


def _not_compared(reference: Reference, old: str, new: str) -> Effect:
    """A reference inside what is compared has no direction of its own."""
    return Effect.NEUTRAL
