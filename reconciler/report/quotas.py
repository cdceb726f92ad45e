"""The limits that a change moves, before and after. Knows no layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.model.change import Change, Effect, ItemDelta, Update
from reconciler.model.resource import Field, Limit, Overrides, Switch, Vocabulary
from reconciler.model.values import Value
from reconciler.report.sections import UNDONE


class LimitChange(NamedTuple):
    """A limit before and after. None: not known, or inherited from what is not known."""

    field: str
    before: Value | None
    after: Value | None
    effect: Effect


def limit_changes(change: Change, vocabulary: Vocabulary, *, drift: bool) -> Iterator[LimitChange]:
    """The limits among the fields that an update changes, overrides too."""
    if not isinstance(change, Update):
        return
    kind = change.ref.kind
    fields = vocabulary.fields.get(kind, {})
    for delta in change.fields:
        declared = fields.get(delta.name)
        if declared is None or (drift and delta.cause not in UNDONE):
            continue
        if isinstance(declared.type, Limit | Switch):
            yield LimitChange(delta.name, delta.before, delta.after, delta.effect)
        if isinstance(declared.type, Overrides):
            yield from _overridden(delta.items, vocabulary.overrides_of(kind, declared))


def _overridden(items: Sequence[ItemDelta], declared: Mapping[str, Field]) -> Iterator[LimitChange]:
    for item in items:
        if item.item in declared and isinstance(declared[item.item].type, Limit | Switch):
            before = item.inherited if item.before is None else item.before
            after = item.inherited if item.after is None else item.after
            yield LimitChange(item.item, before, after, item.effect)
