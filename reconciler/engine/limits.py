"""Whom a change of a limit hits: users of the changed object, those whose override hides the change, those whose use is
above the new limit. What will bind a single user once the plan is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest

from reconciler.engine.needed_facts import LOSSES, binds_users
from reconciler.engine.states import States
from reconciler.model.change import Change, FieldDelta, Update
from reconciler.model.facts import Facts, Users, UserUsage
from reconciler.model.finding import Severity
from reconciler.model.plan import Impact, Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Reference
from reconciler.model.values import Value

NEAR_PERCENT = 90
_TOP = 3


def own_values(user: UserUsage, states: States) -> Mapping[str, Value]:
    """What a user overrides after the plan: what is asked for, else what was counted."""
    for field, _ in states.vocabulary.override_fields.get(user.ref.kind, ()):
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
    for _, overrides in states.vocabulary.override_fields[user.ref.kind]:
        through = states.vocabulary.fields[user.ref.kind][overrides.through].type
        holder = states.after(user.ref.kind, user.ref.key, overrides.through)
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
                    for meter in (facts.meters.get(change.ref, ()) if binds_users(change, vocabulary) else ())
                    if assigned(meter, states) in (None, change.ref.key)
                ]
                for delta in change.fields:
                    field = vocabulary.fields[change.ref.kind][delta.name]
                    yield _impact(change.ref, delta, field, facts, meters, states)


def _impact(
    ref: Ref, delta: FieldDelta, field: Field, facts: Facts, meters: Sequence[UserUsage], states: States
) -> Impact:
    bound = [meter for meter in meters if not (field.overridable and field.name in own_values(meter, states))]
    limit = delta.after
    hits: list[tuple[str, int, int]] = []
    if field.measured_by and delta.effect in LOSSES and isinstance(limit, int):
        for meter in bound:
            used = facts.used(meter, field.measured_by)
            if used * 100 > limit * NEAR_PERCENT:
                hits.append((meter.ref.key, used, (used * 100 + limit // 2) // limit if limit else 0))
    over = sum(1 for _, used, _ in hits if isinstance(limit, int) and used > limit)
    return Impact(
        ref=ref,
        field=delta.name,
        tenants=facts.holders[ref].count,
        keep=len(meters) - len(bound),
        over=over,
        near=len(hits) - over,
        top=tuple(nlargest(_TOP, hits, key=lambda hit: (hit[1], hit[0]))),
    )


def over_limit_severity(policy: Policy) -> Severity | None:
    """`safety.over_limit: warn | block | off`, or `over-limit` under `safety.block`."""
    if "over-limit" in policy.block or policy.over_limit == "block":
        return Severity.ERROR
    return None if policy.over_limit == "off" else Severity.WARNING
