"""The fast verdict on `reconciler.yaml`: the value of every key where all are surely right, or no answer at all.

Most files are right, and pydantic takes longer to load than they take to judge. Each check is made from the declaration
that pydantic's types are made from (`keys.py`). It refuses nothing: whatever it is not sure of, pydantic judges
(`document.py`). The tests hold both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.settings.keys import NEEDED, SETTINGS, Choice, Flag, Key, ListOf, MapOf, Number, Read, Table, Text, Type
from reconciler.settings.secrets import Unfit


class NotSure(Exception):
    """Pydantic has to judge."""


def fast_verdict(data: object) -> dict[str, Any] | None:
    """The value of every key, defaults too; None where only pydantic can tell."""
    try:
        return _table(SETTINGS, data)
    except (NotSure, Unfit):
        return None


def _table(table: Table, stated: object) -> dict[str, Any]:
    if stated.__class__ is not dict:
        raise NotSure
    assert isinstance(stated, dict)
    if not stated.keys() <= {key.name for key in table.keys}:
        raise NotSure
    return {key.name: _key(key, stated) for key in table.keys}


def _key(key: Key, stated: Mapping[str, Any]) -> Any:
    if key.name in stated:
        return _value(key.type, stated[key.name])
    if key.default is NEEDED:
        raise NotSure
    return "" if key.default == "" else _value(key.type, key.default)


def _value(type_: Type, stated: Any) -> Any:
    """Raises NotSure, Unfit."""
    kind = stated.__class__
    match type_:
        case Flag() if kind is bool:
            return stated
        case Choice(words) if kind is str and stated in words:
            return stated
        case Number(low, high) if kind is int and low <= stated and (high is None or stated <= high):
            return stated
        case Text() if kind is str:
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
    raise NotSure


def _text(type_: Text, stated: str) -> str:
    """Printable characters are read alike by the patterns of Python and of pydantic."""
    if not stated.isprintable() or not (type_.shortest or 0) <= len(stated) <= (type_.longest or len(stated)):
        raise NotSure
    if type_.pattern and not re.search(type_.pattern, stated):
        raise NotSure
    for check in type_.checks:
        stated = check(stated)
    return stated
