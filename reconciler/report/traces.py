"""A plan → what was changed behind our back, one trace for each field. Pure.

A trace is recognised again by its fingerprint: the object, the field, what the last apply wrote and what is there now.
What git says is not in it, so a commit makes no drift new; the same hand at the same value is the same drift.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.change import Cause, Create, Update
from reconciler.model.plan import Plan, digest_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value
from reconciler.report.sections import UNDONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedField:
    """One field that the database changed. `field` empty: the whole object was deleted by hand. `wrote`: by the last
    apply; `found`: now, None where there is nothing. `conflict`: git has moved too."""

    ref: Ref
    field: str = ""
    wrote: Value | None = None
    found: Value | None = None
    conflict: bool = False
    origin: Origin | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256, hex. No time is in it."""
        essence = [self.ref.kind, self.ref.key, self.field, self.wrote, self.found]
        return digest_of(json.dumps(essence, sort_keys=True, separators=(",", ":")))


def drifted_fields(plan: Plan, lost: Iterable[Ref] = ()) -> Iterator[DriftedField]:
    """In the order of the plan; `lost` (deleted by hand, not ours to create) last, by name."""
    for change in plan.drifted:
        match change:
            case Update():
                yield from _of_fields(change)
            case Create():
                yield DriftedField(ref=change.ref, origin=change.origin)
    places = {finding.ref: finding.origin for finding in plan.findings}
    yield from (DriftedField(ref=ref, origin=places.get(ref)) for ref in sorted(lost, key=str))


def _of_fields(change: Update) -> Iterator[DriftedField]:
    for delta in change.fields:
        if delta.cause in UNDONE:
            yield DriftedField(
                ref=change.ref,
                field=delta.name,
                wrote=delta.after if delta.remembered is None else delta.remembered,
                found=delta.before,
                conflict=delta.cause is Cause.CONFLICT,
                origin=delta.origin or change.origin,
            )
