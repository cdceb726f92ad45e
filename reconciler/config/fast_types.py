"""The fast verdict: values that are surely right, as pydantic would give them, or no answer at all.

Most files are right, and pydantic takes longer to load than they take to judge. Each check here is made from the same
declaration as pydantic's type (the field's type in `model/resource.py`, read by `fields.py` and `model/names.py`). It
refuses nothing: whatever it is not sure of, pydantic judges (`types.py`). The tests hold both against each other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from reconciler.config.fields import (
    KindFields,
    Tree,
    flat,
    is_map_name,
    limit_value,
    map_value,
    misplaced_star,
    override_values,
    paths,
    range_of,
    twins,
    words_of,
)
from reconciler.model.names import fault, lawless
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    NameList,
    Names,
    Overrides,
    Reference,
    Switch,
    Text,
    TextMap,
    Toggle,
    Whole,
)
from reconciler.model.values import INHERIT, LARGEST, NONE

Check: TypeAlias = Callable[[Any], Any]
"""Takes what a file states, gives the value. Raises NotSure; KeyError for a field that does not exist."""


class NotSure(Exception):
    """Pydantic has to judge."""


class FastTypes:
    """The fast verdict on one kind."""

    def __init__(self, fields: KindFields) -> None:
        self._object = _mapping(fields.tree, fields.overrides)

    def whole(self, data: Any) -> dict[str, Any] | None:
        """The objects of a file, typed; None where only pydantic can tell."""
        if data.__class__ is not dict or not all(key.__class__ is str for key in data) or lawless(data):
            return None
        typed = self._object
        try:
            return {key: typed(fields) for key, fields in data.items()}
        except (NotSure, KeyError):
            return None


def _mapping(tree: Tree, overrides: Mapping[str, Tree], *words: str) -> Check:
    checks: dict[Any, Check] = {}
    for name, inner in tree.items():
        if not isinstance(inner, Field):
            checks[name] = _mapping(inner, overrides, *words)
        elif inner.name in overrides:
            checks[name] = _overrides(overrides[inner.name])
        else:
            checks[name] = check_of(inner.type, *words)

    def fields(value: Any) -> dict[str, Any]:
        if value.__class__ is not dict:
            raise NotSure
        return {name: checks[name](inner) for name, inner in value.items()}

    return fields


def _overrides(tree: Tree) -> Check:
    fields, names = _mapping(tree, {}, INHERIT), paths(tree)
    return lambda value: {} if value == NONE else override_values(flat(fields(value), names))


def check_of(type_: FieldType, *more: str) -> Check:
    """The check of one field. `more` words are accepted besides the type's own."""
    words = words_of(type_, *more)
    match type_:
        case Limit():
            return _or_words(_number(type_, limit_value), words)
        case Whole() | Switch():
            return _or_words(_number(type_, int), words)
        case Toggle():
            return _or_words(_toggle, words)
        case Text(lines):
            return _lines if lines else _line
        case Choice():
            return _or_words(_nothing, words)
        case Reference():
            return _name(words)
        case Names(wildcard=wildcard, switch=switch):
            return _or_words(_set_of(_starred if wildcard else _name(()), least=1 if switch else 0), words)
        case NameList():
            return _set_of(_former_name, least=0)
        case TextMap():
            return _or_words(_text_map(type_), words)
        case Overrides():
            raise ValueError("overrides have a shape only within their kind")


def _or_words(otherwise: Check, words: tuple[str, ...]) -> Check:
    if not words:
        return otherwise
    return lambda value: value if value.__class__ is str and value in words else otherwise(value)


def _nothing(_: Any) -> Any:
    raise NotSure


def _number(type_: Limit | Whole | Switch, meaning: Callable[[int], int | str]) -> Check:
    low, high = range_of(type_)

    def number(value: Any) -> int | str:
        if value.__class__ is int and low <= value <= high:
            return meaning(value)
        raise NotSure

    return number


def _toggle(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise NotSure


def _line(value: Any) -> str:
    """Printable characters are neither line breaks nor halves of characters."""
    if value.__class__ is str and value.isprintable():
        return str(value)
    raise NotSure


def _lines(value: Any) -> str:
    if value.__class__ is str and value.replace("\n", "").isprintable():
        return str(value)
    raise NotSure


def _name(words: tuple[str, ...]) -> Check:
    lawful = set(words)  # the names that were met, too: thousands of users name the same few objects

    def name(value: Any) -> str:
        if value.__class__ is not str:
            raise NotSure
        if value not in lawful:
            if fault(value):
                raise NotSure
            lawful.add(value)
        return sys.intern(value)

    return name


def _starred(value: Any) -> str:
    if value.__class__ is not str or fault(value) or misplaced_star(value):
        raise NotSure
    return str(value)


def _former_name(value: Any) -> str:
    return _line(value or None)


def _set_of(item: Check, least: int) -> Check:
    def names(value: Any) -> tuple[str, ...]:
        if value.__class__ is not list or len(value) < least:
            raise NotSure
        items = sorted(map(item, value))
        if len(set(items)) != len(items):
            raise NotSure
        return tuple(items)

    return names


def _text_map(type_: TextMap) -> Check:
    text = _loose_text if type_.loose else _line

    def texts(value: Any) -> dict[str, str]:
        if value.__class__ is not dict or not all(name.__class__ is str for name in value):
            raise NotSure
        if any(twins(type_, value)) or not all(is_map_name(type_, name) for name in value):
            raise NotSure
        return {name: text(value[name]) for name in sorted(value)}

    return texts


def _loose_text(value: Any) -> str:
    if value.__class__ is bool or (value.__class__ is int and abs(value) <= LARGEST):
        return map_value(value)
    return _lines(value)
