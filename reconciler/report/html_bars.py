"""Numbers → bars: whom a plan hits, and limits before and after. Widths are in thousandths; nothing here is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from reconciler.model.change import Effect
from reconciler.model.values import Value
from reconciler.report.hits import affected_words
from reconciler.report.quotas import LimitChange
from reconciler.report.review import Item
from reconciler.report.words import counted, percentage, value

WHOLE = 1000
_BESIDE_ENDLESS = 600
"""The widest that a number may be where the other side has no end."""
_SEEN = 6
"""The least that a number other than 0 takes, to be seen at all."""


class Bar(NamedTuple):
    """A part of a line: where it begins, how wide it is and how it looks."""

    start: int
    width: int
    look: str


class Reach(NamedTuple):
    """How many a change hits. `refused`: it will not be carried out."""

    label: str
    words: str
    bars: tuple[Bar, ...]
    refused: bool


class Move(NamedTuple):
    """A limit before and after, in words and as a bar each."""

    field: str
    before: str
    after: str
    percent: str
    effect: Effect
    bar_before: Bar | None
    bar_after: Bar | None


def reaches(items: Iterable[Item]) -> list[Reach]:
    """Of each object that has users, how many of them a change hits; the most first."""
    hitting = [item for item in items if item.who != item.kind and item.affected]
    hitting.sort(key=lambda item: (-(item.affected or 0), item.label))
    most = max((_users(item) for item in hitting), default=0)
    return [_reach(item, most) for item in hitting]


def moves(quotas: Iterable[LimitChange]) -> Iterator[Move]:
    """A Move for each limit."""
    for quota in quotas:
        before, after = _pair(quota.before, quota.after)
        yield Move(
            quota.field,
            value(quota.before),
            value(quota.after),
            percentage(quota.before, quota.after).strip(" ()"),
            quota.effect,
            before,
            after,
        )


def _users(item: Item) -> int:
    return max([item.affected or 0, *(hit.users for hit in item.hits)])


def _reach(item: Item, most: int) -> Reach:
    felt = max(item.hits, key=lambda hit: (hit.changed, hit.over), default=None)
    affected = item.affected or 0
    wide = _width(affected, most)
    bars = [Bar(0, wide, "refused" if item.refused else "felt")]
    if felt and felt.users > affected:
        bars.append(Bar(wide, _width(felt.users - affected, most), "kept"))
    words = affected_words(felt, item.who) if felt and felt.changed == affected else counted(affected, item.who)
    return Reach(item.label, words, tuple(bars), item.refused)


def _pair(before: Value | None, after: Value | None) -> Sequence[Bar | None]:
    numbers = [it for it in (before, after) if _is_number(it)]
    largest = max(numbers, default=0)
    room = WHOLE if len(numbers) == 2 else _BESIDE_ENDLESS
    return [_bar(it, largest, room, look) for it, look in ((before, "before"), (after, "after"))]


def _bar(it: Value | None, largest: int, room: int, look: str) -> Bar | None:
    if it is None:
        return None
    if _is_number(it):
        return Bar(0, _width(it, largest, room), look)
    # What is no number sets no limit: `unlimited`, `off`.
    return Bar(0, WHOLE, f"{look} endless")


def _width(part: int, whole: int, room: int = WHOLE) -> int:
    return max(part * room // whole, _SEEN) if part and whole else 0


def _is_number(it: Value | None) -> TypeGuard[int]:
    return isinstance(it, int) and not isinstance(it, bool)
