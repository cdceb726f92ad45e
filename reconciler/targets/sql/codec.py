"""How one value is kept in a column. Decodes whole columns at once, and never judges what it finds: what means nothing
is kept raw (docs/rules.md#rule-14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.values import OFF, UNLIMITED, Value, same


@dataclass(frozen=True, slots=True)
class Codec:
    """`expects`: the Python type the driver gives when all is well. `meanings`: stored → value, for what does not
    stand for itself; None among them says what NULL means, else NULL is "the system's own" and reads as None. Of
    several that mean the same the last one is written.

    `spelled`: numbers are stored as text; `meanings` speak of numbers all the same. `least`: smaller numbers mean what
    NULL means. `nothing`: what is stored for None."""

    expects: type
    meanings: Mapping[Any, Value] = field(default_factory=dict)
    spelled: bool = False
    least: int | None = None
    nothing: Any = None

    def decode(self, stored: Sequence[Any]) -> Sequence[Value | None]:
        """A column as values, in the same order."""
        if not set(map(type, stored)) <= {self.expects, type(None)}:
            stored = [raw(value) for value in stored]
        if self.spelled:
            stored = [_number(value) for value in stored]
        elif self.expects is str:
            stored = _shared(stored)
        if self.least is not None:
            stored = [None if isinstance(value, int) and value < self.least else value for value in stored]
        if self.meanings.keys().isdisjoint(stored):
            return stored
        meaning = self.meanings.get
        return [meaning(value, value) for value in stored]

    def encode(self, values: Sequence[Value | None]) -> Sequence[Any]:
        """Values as they are stored, in the same order. None: what `nothing` says, mostly NULL."""
        if self.meanings:
            spelled = {(means, type(means)): stored for stored, means in self.meanings.items()}.get
            values = [spelled((value, type(value)), value) for value in values]  # type: ignore[arg-type]  # scalars
        if self.spelled:
            values = [str(value) if isinstance(value, int) else value for value in values]
        if self.nothing is not None:
            values = [self.nothing if value is None else value for value in values]
        return values

    def holds(self, value: Value) -> bool:
        """Whether the value comes back as it was written, from a column of the type that is expected."""
        (stored,) = self.encode((value,))
        (back,) = self.decode((stored,))
        return same(back, value) and (stored is None or isinstance(stored, str if self.spelled else self.expects))


def _number(stored: Any) -> Any:
    """The number that a text spells; anything else as it is. Python would also take blanks and underscores."""
    if not isinstance(stored, str):
        return stored
    digits = stored.removeprefix("-")
    return int(stored) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST else stored


def _shared(stored: Sequence[Any]) -> Sequence[Any]:
    """The same with one object for all equal texts, where many are equal: the driver makes one for each row."""
    texts = dict(zip(stored, stored, strict=True))
    return list(map(texts.__getitem__, stored)) if len(texts) < len(stored) // 2 else stored


_LONGEST = 19
"""Digits of the largest number that a field holds."""

NO_LIMIT = -1
"""Stored for `unlimited` and `off`, so that NULL is free to mean "the system's own" and `inherit`."""

TEXT = Codec(str)
WHOLE = Codec(int)
LIMIT = Codec(int, {NO_LIMIT: UNLIMITED})
SWITCH = Codec(int, {NO_LIMIT: OFF})
TOGGLE = Codec(int, {0: False, 1: True})


def raw(value: Any) -> Any:
    """A stored value of an unforeseen type as something that a Value may be: a number, a text or nothing."""
    match value:
        case None | int() | str():
            return value
        case bytes():
            return f"0x{value.hex()}"
        case _:
            return str(value)


def text(value: Any) -> str:
    """A stored value where a text is expected; NULL is empty."""
    return "" if value is None else str(raw(value))
