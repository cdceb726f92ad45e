"""Why a file is refused, in words for people: every complaint at once, and what to write instead.

Asks the declarations of the fields, so a new field explains itself.

What is wrong with one value, by the type of its field, and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.config.fields import Tree, leaves
from reconciler.config.yaml import Complaint, FieldPath, capped, value_text
from reconciler.model.names import LONGEST, MOST_ASKED, fault, folded, nearest
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
from reconciler.model.values import INHERIT, LARGEST, NONE, OFF, UNLIMITED

if TYPE_CHECKING:
    from reconciler.config.types import Types


EVERYTHING = "*"
ALIKE = 0.7
"""How near a word must be to one that is known here: the words are short, and many look alike."""
LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
YES_AND_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def misplaced_star(name: str) -> bool:
    """Whether a `*` stands elsewhere than as the last whole segment (docs/rules.md#rule-12)."""
    return EVERYTHING in name.removesuffix(f".{EVERYTHING}") and name != EVERYTHING


Near = Callable[[str, tuple[str, ...]], str]
"""Takes a word and those that are known, gives the one that was probably meant."""


def alike(word: str, known: tuple[str, ...]) -> str:
    """The known word that is like it; empty when none is."""
    return nearest(word, known, likeness=ALIKE)


def wrong_value(
    type_: FieldType, value: Any, path: FieldPath, words: tuple[str, ...] = (), near: Near = alike
) -> Iterator[Complaint]:
    """Every complaint about a value; none when it fits. `words` are accepted besides the type's own."""
    match type_:
        case Limit():
            yield from _number(value, path, -1, LARGEST, (UNLIMITED, *words), "a number from 0", near)
        case Whole(low, high):
            yield from _number(value, path, low, high, words, _range(low, high), near)
        case Switch(low, high):
            yield from _number(value, path, low, high, (OFF, *words), _range(low, high), near)
        case Toggle():
            yield from _toggle(value, path, words)
        case Text(lines):
            yield from _text(value, path, lines)
        case Choice(choices):
            yield from _choice(value, path, (*choices, *words), near)
        case Reference(none=none):
            yield from _name(value, path, (*((NONE,) if none else ()), *words))
        case Names() | NameList():
            yield from _names(type_, value, path, words, near)
        case TextMap():
            yield from _texts(type_, value, path, words)
        case Overrides():
            raise ValueError("overrides are looked into field by field")


def _range(low: int, high: int) -> str:
    return f"a number from {low}" if high == LARGEST else f"a number from {low} to {high}"


def _number(
    value: Any, path: FieldPath, low: int, high: int, words: tuple[str, ...], wanted: str, near: Near
) -> Iterator[Complaint]:
    remedy = f"write {_or([wanted, *words])}"
    match value:
        case bool():
            yield Complaint(code="type", message=f"{value_text(value)} is no number", remedy=remedy, path=path)
        case int() if not low <= value <= high:
            # -1 is only another spelling of `unlimited`; the range that people are told begins at 0.
            told = f"is below {max(low, 0)}" if value < low else f"is above {high:,}"
            yield Complaint(code="range", message=f"{value} {told}", remedy=remedy, path=path)
        case float():
            whole = f"write {int(value)}, without point or exponent" if value.is_integer() else remedy
            yield Complaint(code="type", message=f"{value_text(value)} is no whole number", remedy=whole, path=path)
        case str() if value not in words:
            code = "choice" if near(value, words) else "type"
            unquoted = f"write {value} without quotes" if re.fullmatch(r"-?[0-9]{1,19}", value) else remedy
            told = f"{value_text(value)} is text{_meant(value, words, near)}"
            yield Complaint(code=code, message=told, remedy=unquoted, path=path)
        case list() | dict():
            yield Complaint(code="type", message=f"{value_text(value)} is no number", remedy=remedy, path=path)


def _toggle(value: Any, path: FieldPath, words: tuple[str, ...]) -> Iterator[Complaint]:
    if isinstance(value, bool) or (isinstance(value, str) and value in words):
        return
    remedy = f"write {_or(['true', 'false', *words])}"
    if isinstance(value, str) and folded(value) in (*YES_AND_NO, "true", "false"):
        remedy = f"write {YES_AND_NO.get(folded(value), folded(value))}, without quotes"
    yield Complaint(code="type", message=f"{value_text(value)} is neither true nor false", remedy=remedy, path=path)


def _text(value: Any, path: FieldPath, lines: bool) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield _not_text(value, path, "text")
    elif not lines and LINE_BREAK.search(value):
        yield Complaint(code="type", message="the text has a line break", remedy="write one line", path=path)


def _not_text(value: Any, path: FieldPath, wanted: str) -> Complaint:
    quoted = (
        f'write it in quotes: "{value_text(value)}"' if isinstance(value, (bool, int, float)) else f"write {wanted}"
    )
    return Complaint(code="type", message=f"{value_text(value)} is not text", remedy=quoted, path=path)


def _choice(value: Any, path: FieldPath, words: tuple[str, ...], near: Near) -> Iterator[Complaint]:
    if isinstance(value, str) and value in words:
        return
    told = f"{value_text(value)} is not allowed here{_meant(value, words, near)}"
    yield Complaint(code="choice", message=told, remedy=f"write {_or(words)}", path=path)


def _name(value: Any, path: FieldPath, words: tuple[str, ...]) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield _not_text(value, path, _or(["a name", *words]))
    elif value not in words and (trouble := fault(value)):
        remedy = f"write {_or(['the name of an object', *words])}"
        yield Complaint(code="name", message=f"the name {trouble}", remedy=remedy, path=path)


def _names(
    type_: Names | NameList, value: Any, path: FieldPath, words: tuple[str, ...], near: Near
) -> Iterator[Complaint]:
    switch = isinstance(type_, Names) and type_.switch
    alone = (OFF, *words) if switch else words
    if isinstance(value, str) and value in alone:
        return
    if not isinstance(value, list):
        remedy = f"write {_or(['a list: [one, another]', *alone])}"
        told = f"{value_text(value)} is no list{_meant(value, alone, near)}"
        yield Complaint(code="type", message=told, remedy=remedy, path=path)
        return
    if switch and not value:
        yield Complaint(code="range", message="the list is empty", remedy=f"write names, or {OFF}", path=path)
    yield from capped(_items(type_, value, path))


def _items(type_: Names | NameList, items: list[Any], path: FieldPath) -> Iterator[Complaint]:
    seen: set[str] = set()
    for number, item in enumerate(items):
        here = (*path, str(number))
        yield from _item(type_, item, here)
        if isinstance(item, str):
            if item in seen:
                told = f"{value_text(item)} is listed twice"
                yield Complaint(code="duplicate", message=told, remedy="take one of them out", path=here)
            seen.add(item)


def _item(type_: Names | NameList, item: Any, path: FieldPath) -> Iterator[Complaint]:
    if isinstance(type_, NameList) and isinstance(item, str):
        if not item:
            yield Complaint(code="name", message="the name is empty", remedy="write a name", path=path)
        return
    yield from _name(item, path, ())
    if isinstance(type_, Names) and type_.wildcard and isinstance(item, str) and misplaced_star(item):
        told = f"{value_text(item)} has a * elsewhere than as its whole last part"
        yield Complaint(code="wildcard", message=told, remedy="write it as in contacts.*", path=path)


def _texts(type_: TextMap, value: Any, path: FieldPath, words: tuple[str, ...]) -> Iterator[Complaint]:
    if isinstance(value, str) and value in words:
        return
    if not isinstance(value, Mapping):
        remedy = f"write {_or([f'{type_.item}s under it, name: text', *words])}"
        yield Complaint(code="type", message=f"{value_text(value)} is no mapping", remedy=remedy, path=path)
        return
    seen: dict[str, str] = {}
    for name, text in value.items():
        here = (*path, name)
        if not re.fullmatch(type_.pattern, name) or len(name) > LONGEST:
            told = f"{value_text(name)} is no name of {_article(type_.item)}"
            yield Complaint(code="name", message=told, remedy=f"write a name of {type_.pattern}", path=here)
        if type_.folded and folded(name) in seen:
            told = f"{value_text(name)} and {value_text(seen[folded(name)])} are the same {type_.item}"
            yield Complaint(code="twins", message=told, remedy="take one of them out", path=here)
        seen[folded(name)] = name
        if not (type_.loose and isinstance(text, int) and abs(text) <= LARGEST):
            yield from _text(text, here, lines=type_.loose)


def _meant(value: Any, words: tuple[str, ...], near: Near) -> str:
    meant = near(value, words) if isinstance(value, str) else ""
    return f" (did you mean {meant}?)" if meant else ""


def _or(choices: list[str] | tuple[str, ...]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


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
