"""What a field can hold, as plain data. A word stands for what no number says: `unlimited`, `off`, `inherit`, `none`.

The same value is the same Python object wherever it comes from: a limit is an int or UNLIMITED; a switch with a value
is an int or OFF; a set is a sorted tuple of text; a map is a dict. So values compare with `==`, and go through JSON and
back unharmed (`from_json` makes the tuples again).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

Scalar: TypeAlias = int | bool | str
Value: TypeAlias = "Scalar | tuple[str, ...] | Mapping[str, Value]"
Values: TypeAlias = Mapping[str, Value]


class Removed(Enum):
    """Not a value: what a plan takes away. None is what nothing is said of."""

    REMOVED = "removed"


REMOVED: Final = Removed.REMOVED

UNLIMITED: Final = "unlimited"
OFF: Final = "off"
INHERIT: Final = "inherit"
NONE: Final = "none"
RESERVED: Final = frozenset({UNLIMITED, OFF, INHERIT, NONE})
"""Words that mean something of their own; refused as names (docs/rules.md#rule-1)."""

HIDDEN: Final = "***"
"""What is shown of a secret (docs/rules.md#rule-40)."""

LARGEST: Final = 2**63 - 1


def canonical(values: Values) -> str:
    """One text for equal values: keys sorted, no blanks. What memory stores and fingerprints hash."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(data: Any) -> Value:
    """A value as `json.loads` gives it, made a Value again: lists become sorted tuples."""
    if isinstance(data, list) and all(isinstance(item, str) for item in data):
        return tuple(sorted(data))
    if isinstance(data, dict):
        return {name: from_json(inner) for name, inner in data.items()}
    if isinstance(data, (int, str)):
        return data
    raise ValueError(f"{data!r} is no value of a field")


def same(one: Value | None, other: Value | None) -> bool:
    """Equality that tells `true` from `1`, which `==` does not. None, where there is no value, equals itself alone."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
