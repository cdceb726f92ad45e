"""A declared name that is live under another spelling (RULES 1): the object takes no part. Knows no kind by name."""

from __future__ import annotations

from reconciler.model.finding import Finding, Severity
from reconciler.model.record import Record
from reconciler.model.resource import Resource


def wrong_spelling(resource: Resource, record: Record, near: str) -> Finding:
    """The complaint about a declared object whose live name is `near`."""
    former = f', or {resource.former_names}: ["{near}"]' if resource.former_names else ""
    return Finding(
        code="spelling",
        severity=Severity.LEFT_OUT,
        message=f'the live system spells it "{near}"',
        ref=record.ref,
        origin=record.origin,
        remedy=f"write the live spelling{former}",
    )
