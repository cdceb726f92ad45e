"""The fields of a kind as YAML nests them, and nested data made flat again.

Dotted names to nesting, as YAML writes it: `sending.daily_limit` is `daily_limit` under `sending`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from reconciler.model.resource import Field

Tree: TypeAlias = Mapping[str, "Field | Tree"]
"""Fields in their groups: name → field, or the group's own tree."""

Paths: TypeAlias = Mapping[str, "str | Paths"]
"""The same, with the dotted name at each leaf."""


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
