"""The fast verdict on `reconciler.yaml`: the value of every key where all are surely right, or no answer at all.

Most files are right, and pydantic takes longer to load than they take to judge. Each check is made from the declaration
that pydantic's types are made from (`keys.py`). It refuses nothing: whatever it is not sure of, pydantic judges
(`document.py`). The tests hold both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.settings.keys import (
    NEEDED,
    SETTINGS,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Read,
    Table,
    TextValue,
    Type,
)
from reconciler.settings.secrets import Unfit


class NotPlain(Exception):
    """Pydantic has to judge."""


def fast_verdict(data: object) -> dict[str, Any] | None:
    """The value of every key, defaults too; None where only pydantic can tell."""
    try:
        return _table(SETTINGS, data)
    except (NotPlain, Unfit):
        return None


def _table(table: Table, stated: object) -> dict[str, Any]:
    if stated.__class__ is not dict:
        raise NotPlain
    assert isinstance(stated, dict)
    if not stated.keys() <= {key.name for key in table.keys}:
        raise NotPlain
    return {key.name: _key(key, stated) for key in table.keys}


def _key(key: Key, stated: Mapping[str, Any]) -> Any:
    if key.name in stated:
        return _value(key.type, stated[key.name])
    if key.default is NEEDED:
        raise NotPlain
    return "" if key.default == "" else _value(key.type, key.default)


def _value(type_: Type, stated: Any) -> Any:
    """Raises NotPlain, Unfit."""
    kind = stated.__class__
    match type_:
        case Flag() if kind is bool:
            return stated
        case OneOf(words) if kind is str and stated in words:
            return stated
        case Number(low, high) if kind is int and low <= stated and (high is None or stated <= high):
            return stated
        case TextValue() if kind is str:
            return _text(type_, stated)
        case Read(function):
            return function(stated)
        case ListOf(item, most) if kind is list and len(stated) <= most:
            return [_value(item, inner) for inner in stated]
        case MapOf(key, value, most, before) if kind is dict and (most is None or len(stated) <= most):
            if before:
                before(stated)
            return {_value(key, name): _value(value, inner) for name, inner in stated.items()}
        case Table():
            return _table(type_, stated)
    raise NotPlain


def _text(type_: TextValue, stated: str) -> str:
    """Printable characters are read alike by the patterns of Python and of pydantic."""
    if not stated.isprintable() or not (type_.shortest or 0) <= len(stated) <= (type_.longest or len(stated)):
        raise NotPlain
    if type_.pattern and not re.search(type_.pattern, stated):
        raise NotPlain
    for check in type_.checks:
        stated = check(stated)
    return stated
