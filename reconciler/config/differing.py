"""What a file states against what is live: which fields are to be written, and how. Knows no YAML and no place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from reconciler.config.explain import text_complaints
from reconciler.config.inplace import Edit
from reconciler.config.plain import stated
from reconciler.model.names import LONGEST
from reconciler.model.resource import Field, Names, Overrides, Reference, TextMap
from reconciler.model.values import HIDDEN, NONE, Value, Values

Catalogues: TypeAlias = Mapping[str, Collection[str]]

ALL = "*"


def sayable(fields: Mapping[str, Field], live: Values) -> dict[str, Value]:
    """The live values that a file can state at all: a reference that points nowhere is left unstated, and so are those
    names and texts of a shared map that no file may have, and secrets."""
    return {
        name: _nameable(fields[name], value)
        for name, value in live.items()
        if not (isinstance(kind := fields[name].type, Reference) and value == NONE and not kind.none)
    }


def _nameable(field: Field, value: Value) -> Value:
    kind = field.type
    if not (isinstance(kind, TextMap) and not kind.whole and isinstance(value, Mapping)):
        return value
    return {
        name: text
        for name, text in value.items()
        if text != HIDDEN
        and len(name) <= LONGEST
        and re.fullmatch(kind.pattern, name)
        and not any(text_complaints(text))
    }


def moved(fields: Mapping[str, Field], known: Values, live: Values, catalogues: Catalogues) -> dict[str, Value]:
    """The stated fields whose live value is another one, with that value."""
    found = {}
    for name in sorted(known.keys() & live.keys()):
        value = _as_owned(fields[name], known[name], live[name])
        if value != _expanded(fields[name], known[name], catalogues):
            found[name] = value
    return found


def edits(field: Field, known: Value | None, value: Value, catalogues: Catalogues) -> Iterator[Edit]:
    """How one field of a file becomes `value`: maps item by item, the rest as a whole."""
    path = tuple(field.name.split("."))
    match field.type, known, value:
        case ((Overrides() | TextMap()), Mapping(), Mapping()) if known and value:
            split = isinstance(field.type, Overrides)
            for item in sorted({*known, *value}):
                if known.get(item) != value.get(item):
                    steps = item.split(".") if split else [item]
                    yield Edit(path=(*path, *steps), value=_item(field, item, value))
        case Names(wildcard=True), tuple(), tuple():
            yield Edit(path=path, value=_with_wildcards(known, value, catalogues.get(field.type.catalogue, ())))
        case _:
            yield Edit(path=path, value=stated(field, value))


def _item(field: Field, item: str, value: Mapping[str, Value]) -> object:
    if item not in value:
        return None
    leaf = stated(field, {item: value[item]})
    while isinstance(leaf, dict):
        (leaf,) = leaf.values()
    return leaf


def _as_owned(field: Field, known: Value, live: Value) -> Value:
    """Of a map that is owned name by name only the stated names."""
    if isinstance(field.type, TextMap) and not field.type.whole and isinstance(known, Mapping):
        assert isinstance(live, Mapping)
        return {name: live[name] for name in known if name in live}
    return live


def _expanded(field: Field, known: Value, catalogues: Catalogues) -> Value:
    if isinstance(field.type, Names) and field.type.wildcard and isinstance(known, tuple):
        names = catalogues.get(field.type.catalogue, ())
        return tuple(sorted({match for item in known for match in _matches(item, names)}))
    return known


def _matches(item: str, names: Collection[str]) -> set[str]:
    if not item.endswith(ALL):
        return {item}
    return {name for name in names if name.startswith(item.removesuffix(ALL))}


def _with_wildcards(known: tuple[str, ...], value: tuple[str, ...], names: Collection[str]) -> list[str]:
    """The live names, with those wildcards of the file that still say nothing but the truth."""
    kept = {item for item in known if (matches := _matches(item, names)) and matches <= set(value)}
    covered = {match for item in kept for match in _matches(item, names)}
    return sorted(kept | (set(value) - covered))
