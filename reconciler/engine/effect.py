"""What a change of value does to the customer: more service, less, neither, or not known (docs/rules.md#rule-13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf

from reconciler.model.change import Effect
from reconciler.model.resource import Direction, Field, Limit, Names, Reference, Switch, Toggle, Whole
from reconciler.model.values import NONE, OFF, UNLIMITED, Value

WORST_FIRST = (Effect.LESS, Effect.UNKNOWN, Effect.MORE, Effect.NEUTRAL)
Compare = Callable[[Reference, str, str], Effect]


def worst(effects: Iterable[Effect]) -> Effect:
    """The one to warn of: a loss outweighs any gain."""
    found = set(effects)
    return next((effect for effect in WORST_FIRST if effect in found), Effect.NEUTRAL)


def limit_size(field: Field, value: Value | None) -> float | None:
    """How much service a value is, as a number; None when it cannot be told (a raw live value)."""
    match field.type:
        case Limit() | Switch() | Whole():
            if value in (UNLIMITED, OFF):
                return inf
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case Toggle():
            return int(value) if isinstance(value, bool) else None
        case _:
            return None


def effect(field: Field, before: Value | None, after: Value | None, compare: Compare) -> Effect:
    """What it does to the customer when `before` becomes `after`. References are judged by `compare`."""
    if before == after:
        return Effect.NEUTRAL
    match field.type:
        case Reference() as reference:
            if not isinstance(before, str) or not isinstance(after, str) or NONE in (before, after):
                return Effect.UNKNOWN if reference.membership else Effect.NEUTRAL
            return compare(reference, before, after)
        case Names() if field.direction is not Direction.NONE:
            return _of_sets(set_members(before), set_members(after))
        case _ if field.direction is Direction.NONE:
            return Effect.NEUTRAL
    old, new = limit_size(field, before), limit_size(field, after)
    if old is None or new is None:
        return Effect.UNKNOWN
    return Effect.MORE if (new > old) is (field.direction is Direction.MORE) else Effect.LESS


def set_members(value: Value | None) -> frozenset[str]:
    """The items of a set; `off` and unknown are empty."""
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def _of_sets(before: frozenset[str], after: frozenset[str]) -> Effect:
    if before - after:
        return Effect.LESS
    return Effect.MORE if after - before else Effect.NEUTRAL


def between(
    fields: Iterable[Field], before: Mapping[str, Value | None], after: Mapping[str, Value | None], compare: Compare
) -> Effect:
    """What a move from one object to another does, over all fields that have a direction."""
    return worst(
        effect(f, before.get(f.name), after.get(f.name), compare)
        for f in fields
        if f.direction is not Direction.NONE and f.name in before and f.name in after
    )
