"""Why a file is refused, in words for people: every complaint at once, and what to write instead.

Asks the declarations of the fields, so a new field explains itself. Knows no kind by name, no YAML and no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.config.complaint import Complaint, Path, shown
from reconciler.config.tree import Tree, leaves
from reconciler.config.unfit import ALIKE, unfit
from reconciler.model.names import fault
from reconciler.model.nearest import nearest
from reconciler.model.resource import Field, Overrides
from reconciler.model.values import INHERIT, NONE

if TYPE_CHECKING:
    from reconciler.config.types import Types

ENVIRONMENT = re.compile(r"\$\{[A-Za-z_]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MOST_LISTED = 12


def complaints(data: Any, types: Types) -> Iterator[Complaint]:
    """Everything that is wrong with the data of one file, in its order; nothing exactly when the types accept it."""
    if not isinstance(data, Mapping):
        yield Complaint(code="type", message=f"the file is {shown(data)}", remedy="write names with fields under them")
        return
    for key, fields in data.items():
        trouble = fault(key)
        if trouble:
            yield Complaint(code="name", message=f"the name {trouble}", remedy="write a plain name", path=(key,))
        yield from _fields(fields, types.tree, (key,), types)


def speech(data: Any, path: Path = ()) -> Iterator[Complaint]:
    """Complaints about any text of a file that a value of no type may have: `${NAME}`, and control characters."""
    match data:
        case dict():
            for key, inner in data.items():
                yield from speech(inner, (*path, key))
        case list():
            for number, inner in enumerate(data):
                yield from speech(inner, (*path, str(number)))
        case str():
            if ENVIRONMENT.search(data):
                told = f"{shown(data)} asks for an environment variable; no environment is read here"
                yield Complaint(code="interpolation", message=told, remedy="write the value itself", path=path)
            if CONTROL.search(data):
                told = "the text holds a control character"
                yield Complaint(code="type", message=told, remedy="take it out", path=path)


def _fields(nest: Any, tree: Tree, path: Path, types: Types, words: tuple[str, ...] = ()) -> Iterator[Complaint]:
    if not isinstance(nest, Mapping):
        remedy = f"write fields under it: {_listed(tree)}"
        yield Complaint(code="type", message=f"{shown(nest)} is no mapping", remedy=remedy, path=path)
        return
    for name, value in nest.items():
        inner = tree.get(name)
        here = (*path, name)
        if inner is None:
            yield _unknown(name, tree, here)
        elif isinstance(inner, Field):
            yield from _field(inner, value, here, types, words)
        else:
            yield from _fields(value, inner, here, types, words)


def _field(field: Field, value: Any, path: Path, types: Types, words: tuple[str, ...]) -> Iterator[Complaint]:
    if not isinstance(field.type, Overrides):
        yield from unfit(field.type, value, path, words)
    elif isinstance(value, Mapping):
        yield from _fields(value, types.overrides[field.name], path, types, (INHERIT,))
    elif value != NONE:
        remedy = f"write fields under it, or {NONE}"
        yield Complaint(code="type", message=f"{shown(value)} is no mapping", remedy=remedy, path=path)


def _unknown(name: str, tree: Tree, path: Path) -> Complaint:
    return Complaint(
        code="unknown-field", message="there is no such field here", remedy=_instead(name, tree), path=path
    )


def _instead(name: str, tree: Tree) -> str:
    known = list(leaves(tree))
    if name in known:
        return f"write it nested: {': '.join(name.split('.'))}:"
    last = {dotted.rpartition(".")[2]: dotted for dotted in known}
    if name in last:
        return f"did you mean {last[name]}?"
    # Names on this level first: they are what was meant when both are equally near.
    for candidates in (list(tree), known, list(last)):
        near = nearest(name, candidates, likeness=ALIKE)
        if near:
            return f"did you mean {last.get(near, near) if near not in tree else near}?"
    return f"known here: {_listed(tree)}"


def _listed(tree: Tree) -> str:
    names = list(tree)
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
