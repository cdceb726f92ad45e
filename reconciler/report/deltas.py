"""Fields that differ → rows: `sending.daily_limit   inherit (25,000) → 40,000`, `permissions   + contacts.import`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change import Cause, Effect, FieldDelta, ItemDelta
from reconciler.model.resource import FieldType, Names, Overrides
from reconciler.model.values import Value
from reconciler.report.layout import Row
from reconciler.report.sections import UNDONE
from reconciler.report.words import inherited, movement, percentage, value

_MOST_ITEMS = 100


def rows_of(delta: FieldDelta, sort: FieldType | None) -> Iterator[Row]:
    """A row for the field, or one for each item of a set, a map or the overrides that differs.

    `sort`: the type of the field; None where the vocabulary does not have it.
    """
    undone = delta.cause in UNDONE
    if not delta.items:
        yield Row(delta.name, _drifted(delta, sort) if undone else movement(delta.before, delta.after, sort))
        return
    for item in delta.items[:_MOST_ITEMS]:
        if isinstance(sort, Overrides):
            yield Row(item.item, _override_drifted(item) if undone else _override(item))
        else:
            yield Row(delta.name, _item_drifted(item, sort) if undone else _item(item, sort))
    if len(delta.items) > _MOST_ITEMS:
        yield Row(delta.name, f"{len(delta.items) - _MOST_ITEMS:,} more")
    if delta.cause is Cause.CONFLICT:
        yield Row(delta.name, f"conflict: git wins; the last apply wrote {value(delta.remembered, sort)}")


def _drifted(delta: FieldDelta, sort: FieldType | None) -> str:
    words = [f"git {value(delta.after, sort)}", f"database {value(delta.before, sort)}"]
    if delta.cause is Cause.CONFLICT:
        words += [f"last apply {value(delta.remembered, sort)}", "conflict: git wins"]
    return " · ".join(words) + _less(delta)


def _override(item: ItemDelta) -> str:
    before, after = inherited(item.before, item.inherited), inherited(item.after, item.inherited)
    return f"{before} → {after}{percentage(item.before, item.after)}"


def _override_drifted(item: ItemDelta) -> str:
    git, database = inherited(item.after, item.inherited), inherited(item.before, item.inherited)
    return f"git {git} · database {database}{_less(item)}"


def _less(change: FieldDelta | ItemDelta) -> str:
    """Said where putting back what git says takes something away."""
    return f" · less service{percentage(change.before, change.after)}" if change.effect is Effect.LESS else ""


def _item(item: ItemDelta, sort: FieldType | None) -> str:
    if item.before is None:
        return f"+ {_named(item, item.after, sort)}"
    if item.after is None:
        return f"- {_named(item, item.before, sort)}"
    return f"~ {item.item}: {movement(item.before, item.after)}"


def _item_drifted(item: ItemDelta, sort: FieldType | None) -> str:
    if item.before is None:
        return f"{_named(item, item.after, sort)} · in git only"
    if item.after is None:
        return f"{_named(item, item.before, sort)} · in the database only"
    return f"{item.item}: git {value(item.after)} · database {value(item.before)}"


def _named(item: ItemDelta, held: Value | None, sort: FieldType | None) -> str:
    """An item of a set is its name; one of a map has a value besides."""
    return item.item if isinstance(sort, Names) else f"{item.item}: {value(held)}"
