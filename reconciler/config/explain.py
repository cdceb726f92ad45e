"""Why a file is refused, in words for people: every complaint at once, and what to write instead.

Asks the declarations of the fields, so a new field explains itself. Knows no kind by name, no YAML and no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.config.complaint import Complaint, FieldPath, value_text
from reconciler.config.tree import Tree, leaves
from reconciler.config.unfit import ALIKE, alike, wrong_value
from reconciler.model.names import MOST_ASKED, fault, nearest
from reconciler.model.resource import Field, Overrides
from reconciler.model.values import INHERIT, NONE

if TYPE_CHECKING:
    from reconciler.config.types import Types

ENVIRONMENT = re.compile(r"\$\{[A-Za-z_]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MOST_LISTED = 12


def explain_errors(data: Any, types: Types) -> Iterator[Complaint]:
    """Everything that is wrong with the data of one file, in its order; nothing exactly when the types accept it."""
    if not isinstance(data, Mapping):
        yield Complaint(
            code="type", message=f"the file is {value_text(data)}", remedy="write names with fields under them"
        )
        return
    for key, fields in data.items():
        trouble = fault(key)
        if trouble:
            yield Complaint(code="name", message=f"the name {trouble}", remedy="write a plain name", path=(key,))
        yield from _fields(fields, types.tree, (key,), types)


def text_complaints(data: Any, path: FieldPath = ()) -> Iterator[Complaint]:
    """Complaints about any text of a file that a value of no type may have: `${NAME}`, and control characters."""
    match data:
        case dict():
            for key, inner in data.items():
                yield from text_complaints(inner, (*path, key))
        case list():
            for number, inner in enumerate(data):
                yield from text_complaints(inner, (*path, str(number)))
        case str():
            if ENVIRONMENT.search(data):
                told = f"{value_text(data)} asks for an environment variable; no environment is read here"
                yield Complaint(code="interpolation", message=told, remedy="write the value itself", path=path)
            if CONTROL.search(data):
                told = "the text holds a control character"
                yield Complaint(code="type", message=told, remedy="take it out", path=path)


def _fields(nest: Any, tree: Tree, path: FieldPath, types: Types, words: tuple[str, ...] = ()) -> Iterator[Complaint]:
    if not isinstance(nest, Mapping):
        remedy = f"write fields under it: {_listed(tree)}"
        yield Complaint(code="type", message=f"{value_text(nest)} is no mapping", remedy=remedy, path=path)
        return
    for name, value in nest.items():
        inner = tree.get(name)
        here = (*path, name)
        if inner is None:
            remedy = types.remedies.of(name, tree)
            yield Complaint(code="unknown-field", message="there is no such field here", remedy=remedy, path=here)
        elif isinstance(inner, Field):
            yield from _field(inner, value, here, types, words)
        else:
            yield from _fields(value, inner, here, types, words)


def _field(field: Field, value: Any, path: FieldPath, types: Types, words: tuple[str, ...]) -> Iterator[Complaint]:
    if not isinstance(field.type, Overrides):
        yield from wrong_value(field.type, value, path, words, types.remedies.near)
    elif isinstance(value, Mapping):
        yield from _fields(value, types.overrides[field.name], path, types, (INHERIT,))
    elif value != NONE:
        remedy = f"write fields under it, or {NONE}"
        yield Complaint(code="type", message=f"{value_text(value)} is no mapping", remedy=remedy, path=path)


class Remedies:
    """What to write instead of a word that does not exist, of each looked up once; after a while nobody reads it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str] = {}
        self._near: dict[tuple[str, tuple[str, ...]], str] = {}

    def near(self, word: str, known: tuple[str, ...]) -> str:
        """The one of these words that is like it; empty when none is."""
        asked = (word, known)
        if asked not in self._near:
            if len(self._near) >= MOST_ASKED:
                return ""
            self._near[asked] = alike(word, known)
        return self._near[asked]

    def of(self, name: str, tree: Tree) -> str:
        """In words. `tree`: what exists where the name stands; trees live as long as the types."""
        asked = (name, id(tree))
        if asked not in self._known:
            if len(self._known) >= MOST_ASKED:
                return f"known here: {_listed(tree)}"
            self._known[asked] = _instead(name, tree)
        return self._known[asked]


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
