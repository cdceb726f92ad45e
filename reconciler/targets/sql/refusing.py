"""Which values a mapping cannot hold: those that would not come back as they were written (RULES 28). Knows no kind by
name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import sqlalchemy as sa

from reconciler.model.target import Refusal
from reconciler.model.values import Value
from reconciler.targets.sql.codec import Codec
from reconciler.targets.sql.mapping import Column, KindMap, Option, Options, Place, SideTable, System

LARGEST: Final[Mapping[type[sa.types.TypeEngine[int]], int]] = {
    sa.BigInteger: 2**63 - 1,
    sa.SmallInteger: 2**15 - 1,
    sa.Integer: 2**31 - 1,
}
"""What a column of whole numbers ends at; the narrower types first where one is of another's kind."""


def refusals(system: System) -> Mapping[str, Mapping[str, Refusal]]:
    """kind → field → why it cannot hold a value. Only fields that may refuse one."""
    return {
        name: {
            field: partial(_refusal, kind, place)
            for field, place in kind.fields.items()
            if isinstance(place, (Column, Option, Options, SideTable))
        }
        for name, kind in system.kinds.items()
    }


def _refusal(kind: KindMap, place: Place, value: Value) -> str:
    match place:
        case Column(column=column, codec=codec):
            return _unheld(codec, value, column.type)
        case Option(codec=codec):
            return _unheld(codec, value, None)
        case Options(register=register) if isinstance(value, Mapping):
            known, secret = kind.codes(register) & value.keys(), sorted(code for code in value if register.hides(code))
            if known:
                return f"{', '.join(sorted(known))} has a field of its own here"
            return f"{', '.join(secret)} holds a secret, which is never written" if secret else ""
        case SideTable(columns=columns, own=own) if isinstance(value, Mapping):
            places = {**columns, **own}
            lacking = sorted(value.keys() - places.keys())
            if lacking:
                return f"there is no place for {', '.join(lacking)} of a single user"
            told = (
                (name, _unheld(places[name].codec, each, places[name].column.type, nothing="inherit"))
                for name, each in value.items()
            )
            return "; ".join(f"{name}: {why}" for name, why in sorted(told) if why)
        case _:
            return ""


def rivals(system: System) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """kind → pairs of fields of which it holds one at most."""
    return {name: kind.rivals for name, kind in system.kinds.items() if kind.rivals}


def _unheld(
    codec: Codec, value: Value, type_: sa.types.TypeEngine[object] | None, nothing: str = "the same as nothing"
) -> str:
    if not codec.holds(value):
        (back,) = codec.decode(codec.encode((value,)))
        means = nothing if back is None else str(back).lower()
        return f"{str(value).lower()} would mean {means} there"
    (stored,) = codec.encode((value,))
    if type_ is not None and isinstance(stored, int):
        largest = next((most for of, most in LARGEST.items() if isinstance(type_, of)), None)
        if largest is not None and stored > largest:
            return f"the largest number there is {largest:,}"
    if isinstance(type_, sa.String) and type_.length and isinstance(stored, str) and len(stored) > type_.length:
        return f"there is room for {type_.length} characters"
    return ""
