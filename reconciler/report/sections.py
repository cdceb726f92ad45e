"""Where in a plan a change belongs: what takes service away is never between what is harmless."""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.change import Cause, Change, Create, Delete, Effect, FieldDelta, Reassign, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.resource import Vocabulary
from reconciler.model.values import NONE, Value

UNDONE = frozenset({Cause.DRIFT, Cause.CONFLICT})
"""Causes by which an apply undoes what happened in the database."""


class Section(StrEnum):
    """The parts of a plan, in the order they are shown."""

    BLOCKED = "Blocked"
    REDUCES = "Reduces service"
    SAFE = "Safe"
    DRIFT = "Drift"
    LEFT_OUT = "Left out"
    WARNINGS = "Warnings"
    NOTES = "Notes"


_OF_FINDING = {
    Severity.ERROR: Section.BLOCKED,
    Severity.LEFT_OUT: Section.LEFT_OUT,
    Severity.WARNING: Section.WARNINGS,
    Severity.NOTE: Section.NOTES,
}


def section_of(change: Change, vocabulary: Vocabulary) -> Section:
    """The section of a change that nothing blocks.

    A reduction that git asks for outranks drift in the same object; one that only puts back what git always said
    stays with the drift, where it is marked.
    """
    match change:
        case Delete() | Reassign():
            return Section.REDUCES
        case Update() if any(reduces(change.ref.kind, delta, vocabulary) for delta in _asked_for(change)):
            return Section.REDUCES
        case Create() | Update() if change.cause in UNDONE:
            return Section.DRIFT
        case Create() if NONE in change.after.values() and any(
            name not in change.defaults and _leaves_all(change.ref.kind, name, value, vocabulary)
            for name, value in change.after.items()
        ):
            return Section.REDUCES
        case _:
            return Section.SAFE


def section_of_finding(finding: Finding) -> Section:
    """The section of a finding that belongs to no change."""
    return _OF_FINDING[finding.severity]


def reduces(kind: str, delta: FieldDelta, vocabulary: Vocabulary) -> bool:
    """Whether a customer may have less after it; not known counts as less (docs/rules.md#rule-13)."""
    return delta.effect in (Effect.LESS, Effect.UNKNOWN) or _leaves_all(kind, delta.name, delta.after, vocabulary)


def _asked_for(change: Update) -> tuple[FieldDelta, ...]:
    return tuple(delta for delta in change.fields if delta.cause not in UNDONE)


def _leaves_all(kind: str, name: str, value: Value | None, vocabulary: Vocabulary) -> bool:
    """A user that shall be of nothing any more: `none` where a membership is declared."""
    if value != NONE:
        return False
    return any(
        field.name == name and reference.membership and reference.none
        for field, reference in vocabulary.references.get(kind, ())
    )
