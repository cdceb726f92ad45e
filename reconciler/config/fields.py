"""The fields of a kind as YAML nests them, nested data made flat again, and what the type of a field accepts.

What is accepted is declared by the types in `model/resource.py`. Four readers of that declaration differ in what they
make of it: the types of pydantic (`types.py`), the fast verdict (`fast_types.py`), the JSON Schema (`schema.py`) and
the words of a complaint (`explain.py`). What they share is here, so that none of them keeps a list of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from reconciler.model.names import LONGEST, folded
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    Names,
    Overrides,
    Reference,
    Resource,
    Switch,
    TextMap,
    Vocabulary,
    Whole,
)
from reconciler.model.values import INHERIT, LARGEST, NONE, OFF, UNLIMITED

Tree: TypeAlias = Mapping[str, "Field | Tree"]
"""Fields in their groups: name → field, or the group's own tree."""

Paths: TypeAlias = Mapping[str, "str | Paths"]
"""The same, with the dotted name at each leaf."""

EVERYTHING = "*"

# Python's `$` also matches before a last line break; JavaScript's does not. `(?!\n)` makes them agree.
END = r"$(?!\n)"
ONE_LINE = rf"^[^\n\r\u0085\u2028\u2029]*{END}"
"""A pattern that Python and JSON Schema read alike."""


class KindFields:
    """The fields of one kind. `tree`: as YAML nests them; `names`: their dotted names; `overrides`: of each field of
    that type the tree of what it may list."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary) -> None:
        self.tree: Tree = nested({field.name: field for field in resource.fields})
        self.names = paths(self.tree)
        self.overrides: dict[str, Tree] = {
            field.name: nested(vocabulary.overrides_of(resource.kind, field))
            for field in resource.fields
            if isinstance(field.type, Overrides)
        }


def words_of(type_: FieldType, *more: str) -> tuple[str, ...]:
    """The words that are values of this type, besides what else it accepts; `more` come last."""
    match type_:
        case Limit():
            return UNLIMITED, *more
        case Switch() | Names(switch=True):
            return OFF, *more
        case Choice(words):
            return *words, *more
        case Reference(none=True) | Overrides():
            return NONE, *more
        case _:
            return more


def range_of(type_: Limit | Whole | Switch) -> tuple[int, int]:
    """The smallest and the largest number that a file may state. -1 is another spelling of `unlimited`."""
    return (-1, LARGEST) if isinstance(type_, Limit) else (type_.low, type_.high)


def limit_value(number: int) -> int | str:
    """A number of a Limit as the value that it means."""
    return UNLIMITED if number == -1 else number


def map_value(text: str | bool | int) -> str:
    """What a value of a loose map means as text."""
    return {True: "yes", False: "no"}[text] if isinstance(text, bool) else str(text)


def override_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The overrides that say something, in the order of their names."""
    return {name: values[name] for name in sorted(values) if values[name] != INHERIT}


def misplaced_star(name: str) -> bool:
    """Whether a `*` stands elsewhere than as the last whole segment (docs/rules.md#rule-12)."""
    return EVERYTHING in name.removesuffix(f".{EVERYTHING}") and name != EVERYTHING


def is_map_name(type_: TextMap, name: str) -> bool:
    """Whether a map of this type may have an entry of this name."""
    return len(name) <= LONGEST and re.fullmatch(type_.pattern, name) is not None


def twins(type_: TextMap, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name that is the same as an earlier one, with that one."""
    if not type_.folded:
        return
    earlier: dict[str, str] = {}
    for name in names:
        if folded(name) in earlier:
            yield name, earlier[folded(name)]
        earlier[folded(name)] = name


def paths(tree: Tree) -> Paths:
    """The dotted names of a tree's fields, in the same nesting."""
    return {name: inner.name if isinstance(inner, Field) else paths(inner) for name, inner in tree.items()}


def leaves(tree: Tree) -> Iterator[str]:
    """The dotted names of a tree's fields, one after the other."""
    for inner in tree.values():
        if isinstance(inner, Field):
            yield inner.name
        else:
            yield from leaves(inner)


def flat(nest: Mapping[str, Any], names: Paths) -> dict[str, Any]:
    """Nested data → dotted name → value. Raises KeyError for a name that the tree does not have."""
    values: dict[str, Any] = {}
    for key, value in nest.items():
        name = names[key]
        if isinstance(name, str):
            values[name] = value
            continue
        # Most groups hold fields only: a call less for each of a hundred thousand of them.
        for inner_key, inner in value.items():
            inner_name = name[inner_key]
            if isinstance(inner_name, str):
                values[inner_name] = inner
            else:
                values |= flat(inner, inner_name)
    return values


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names become mappings inside mappings, in the order in which they come. Values are not looked into."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return tree
