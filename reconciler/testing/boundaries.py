"""For every field of the vocabulary the values at the edges of its type."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import KINDS
from reconciler.model.resource import (
    Choice,
    Field,
    Limit,
    Names,
    Overrides,
    Reference,
    Switch,
    Text,
    TextMap,
    Toggle,
    Whole,
)
from reconciler.model.values import LARGEST, NONE, OFF, UNLIMITED, Value

STOCK = ("a", "contacts.import", "smtp-eu-1", "zwölf", "Ω-last")
"""What the suite puts into every catalogue."""

TEXTS = ("", "plain", "-1", "'; DROP TABLE package; --", "two\nlines\ttab", "Ünïcödé ☃ \U0001f600", "x" * 70_000)


def boundaries(kind: str, field: Field) -> Iterator[Value]:
    """The values of one field. References name `first KIND` and `second KIND`, which the suite makes."""
    match field.type:
        case Limit():
            yield from (0, 1, LARGEST, UNLIMITED)
        case Whole(low=low, high=high):
            yield from (low, high)
        case Switch(low=low, high=high):
            yield from (low, high, OFF)
        case Toggle():
            yield from (True, False)
        case Choice(words=words):
            yield from words
        case Text():
            yield from TEXTS
        case Reference(kind=other, none=none):
            yield from (f"first {other}", f"second {other}", *([NONE] if none else []))
        case Names(switch=switch):
            yield from (STOCK[:1], tuple(sorted(STOCK)), OFF if switch else ())
        case TextMap():
            yield from ({"X-A": "1"}, {"X-A": "2", "X-B": "", "x-c": "ü'\n"}, {})
        case Overrides():
            inner = KINDS.overrides_of(kind, field)
            for name, overridable in inner.items():
                for value in boundaries(kind, overridable):
                    yield {name: value}
            yield {name: next(iter(boundaries(kind, overridable))) for name, overridable in inner.items()}
            yield {}
        case other:
            raise AssertionError(f"no boundaries for {other}")
