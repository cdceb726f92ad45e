"""Whom a change hits: users of a changed object, those whose override hides the change, those above the new limit.
Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from reconciler.engine.questions import LOSSES
from reconciler.model.change import Change, FieldDelta, Update
from reconciler.model.facts import Facts, Users, UserUsage
from reconciler.model.plan import Impact
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Overrides, Vocabulary
from reconciler.model.values import Value

NEAR_PERCENT = 90
TOP = 3


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
        top=tuple(nlargest(TOP, hits, key=lambda hit: (hit[1], hit[0]))),
    )
