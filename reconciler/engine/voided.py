"""What a file no longer states and what can mean nothing beside what it states now, such as where a quota moves to once
it moves nobody: it is cleared, not released (RULES 3). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change import Cause, Effect, FieldDelta
from reconciler.model.record import Record
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Values


def cleared_fields(
    declared: Record, live: Values, remembered: Values | None, vocabulary: Vocabulary
) -> Iterator[FieldDelta]:
    """A FieldDelta for each field that this project wrote and that goes with a value which the file now denies."""
    for field in vocabulary.held[declared.kind]:
        if field.only_with is None or field.name in declared.values or field.name not in (remembered or {}):
            continue
        partner, wanted = field.only_with
        said = declared.values.get(partner)
        if said is not None and said != wanted and live.get(field.name) is not None:
            yield FieldDelta(
                name=field.name,
                before=live[field.name],
                after=None,
                cause=Cause.CHANGE,
                effect=Effect.NEUTRAL,
                origin=declared.where(partner),
            )
