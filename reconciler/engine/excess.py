"""Users whose live use is above the limit that the plan gives them (guard `over-limit`). Knows no kind by name.

The same function serves planning and the transaction: what will be is what the changes say, else what is live now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from reconciler.engine.effect import size
from reconciler.engine.impact import StayingUsers, impact_of, staying
from reconciler.engine.questions import goes, measured, shrinking
from reconciler.model.change import Change, Create, Reassign, Update
from reconciler.model.facts import Facts, UserUsage
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Overrides, Reference, Vocabulary
from reconciler.model.values import Value

NAMED = 3
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
                more=max(0, impact.over - NAMED),
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
    for field in measured(kind, vocabulary):
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
                names=tuple(key for _, key in nlargest(NAMED, above)),
                more=max(0, len(above) - NAMED),
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
    old, new = size(field, before), size(field, after)
    return new is not None and (old is None or new < old)


def over_limit_severity(policy: Policy) -> Severity | None:
    """`safety.over_limit: warn | block | off`, or `over-limit` under `safety.block`."""
    if "over-limit" in policy.block or policy.over_limit == "block":
        return Severity.ERROR
    return None if policy.over_limit == "off" else Severity.WARNING
