"""Why a file is refused, in words for people: every complaint at once, and what to write instead.

The verdict is pydantic's (`types.py`); here each of its errors is explained, from what stands at its place and from
the declaration of the field there, so a new field explains itself. Nothing is judged a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.config.complaints import Complaint, FieldPath, value_text
from reconciler.config.fields import KindFields, Tree, leaves, range_of, words_of
from reconciler.model.finding import CODES
from reconciler.model.names import MOST_ASKED, folded, nearest
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
from reconciler.model.values import INHERIT, LARGEST

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ALIKE = 0.7
"""How near a word must be to one that is known here: the words are short, and many look alike."""
YES_AND_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
REMEDY = "remedy"
"""The part of an error of our own that says what to write instead."""
KEY = "[key]"
"""What pydantic adds to the place of an error that is about a key and not about its value."""
ENVIRONMENT = re.compile(r"\$\{[A-Za-z_]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MOST_LISTED = 12


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
                message = f"{value_text(data)} asks for an environment variable; no environment is read here"
                yield Complaint(code="interpolation", message=message, remedy="write the value itself", path=path)
            if CONTROL.search(data):
                message = "the text holds a control character"
                yield Complaint(code="type", message=message, remedy="take it out", path=path)


class _Place(NamedTuple):
    """What is declared where an error is. `tree`: the fields that may stand there, or beside it if it is unknown;
    `type`: of the field that it is or is in; `inside`: it is an item of that field; `words`: accepted besides."""

    tree: Tree
    type: FieldType | None = None
    inside: bool = False
    words: tuple[str, ...] = ()


class Explainer:
    """Errors of pydantic about the files of one kind → complaints. What a word was meant to be is looked up once for
    each, and after MOST_ASKED of them no more: nobody reads that far."""

    def __init__(self, fields: KindFields) -> None:
        self._fields = fields
        self._unknown: dict[tuple[str, int], str] = {}
        self._near: dict[tuple[str, tuple[str, ...]], str] = {}

    def complaints(self, errors: Iterable[ErrorDetails]) -> Iterator[Complaint]:
        """One for each error, in their order."""
        for error in errors:
            code, message, remedy = self._explained(error)
            path = tuple(str(step) for step in error["loc"])
            of_key = path[1:] == (KEY,) and code == "name"
            yield Complaint(code=code, message=message, remedy=remedy, path=path[:1] if of_key else path)

    def _explained(self, error: ErrorDetails) -> tuple[str, str, str]:
        """The code, the message and the remedy."""
        context = error.get("ctx", {})
        if error["type"] in CODES:
            return error["type"], context["message"], context[REMEDY]
        value, shown = error["input"], value_text(error["input"])
        place = self._place(error["loc"])
        match error["type"]:
            case "extra_forbidden":
                name = str(error["loc"][-1])
                return "unknown-field", "there is no such field here", self._unknown_field(name, place.tree)
            case "dict_type" if len(error["loc"]) == 0:
                return "type", f"the file is {shown}", "write names with fields under them"
            case "dict_type":
                return "type", f"{shown} is not a mapping", _remedy(place)
            case "list_type":
                return "type", f"{shown} is not a list{self._meant(value, place)}", _remedy(place)
            case "too_short":
                return "range", "the list is empty", f"write {', or '.join(('names', *_words(place)))}"
            case "string_too_short":
                return "name", "the name is empty", "write a name"
            case "int_type":
                return self._not_a_number(value, place)
            case "greater_than_equal":
                # -1 is only another spelling of `unlimited`; the range in a message begins at 0.
                return "range", f"{value} is below {max(context['ge'], 0)}", _remedy(place)
            case "less_than_equal":
                return "range", f"{value} is above {context['le']:,}", _remedy(place)
            case "bool_type":
                return "type", f"{shown} is neither true nor false", _yes_or_no(value) or _remedy(place)
            case "literal_error":
                return "choice", f"{shown} is not allowed here{self._meant(value, place)}", _remedy(place)
            case "string_type":
                quoted = f'write it in quotes: "{shown}"' if isinstance(value, (bool, int, float)) else ""
                return "type", f"{shown} is not text", quoted or _remedy(place)
            case "string_pattern_mismatch":
                return "type", "the text has a line break", "write one line"
            case "string_unicode":
                return "type", "the text holds half a character (a surrogate)", "take it out"
            case _:
                return "type", f"refused: {error['msg']}", "write another value"

    def _not_a_number(self, value: Any, place: _Place) -> tuple[str, str, str]:
        shown, remedy = value_text(value), _remedy(place)
        if isinstance(value, str):
            if re.fullmatch(r"-?[0-9]{1,19}", value):
                remedy = f"write {value} without quotes"
            meant = self._meant(value, place)
            return "choice" if meant else "type", f"{shown} is text{meant}", remedy
        if isinstance(value, float):
            whole = f"write {int(value)}, without point or exponent" if value.is_integer() else remedy
            return "type", f"{shown} is not a whole number", whole
        return "type", f"{shown} is not a number", remedy

    def _place(self, loc: tuple[int | str, ...]) -> _Place:
        tree = self._fields.tree
        words: tuple[str, ...] = ()
        for number, step in enumerate(loc[1:], start=2):
            inner = tree.get(str(step))
            if inner is None:
                break
            if not isinstance(inner, Field):
                tree = inner
                continue
            is_last = number == len(loc)
            if is_last or inner.name not in self._fields.overrides:
                return _Place(tree, inner.type, not is_last, words)
            tree, words = self._fields.overrides[inner.name], (INHERIT,)
        return _Place(tree)

    def _meant(self, value: Any, place: _Place) -> str:
        meant = self._alike(value, _words(place)) if isinstance(value, str) else ""
        return f" (did you mean {meant}?)" if meant else ""

    def _alike(self, word: str, known: tuple[str, ...]) -> str:
        """The one of these words that is like it; empty when none is."""
        asked = (word, known)
        if asked not in self._near:
            if len(self._near) >= MOST_ASKED:
                return ""
            self._near[asked] = nearest(word, known, likeness=ALIKE)
        return self._near[asked]

    def _unknown_field(self, name: str, tree: Tree) -> str:
        """What to write instead; trees live as long as the kind's fields."""
        asked = (name, id(tree))
        if asked not in self._unknown:
            if len(self._unknown) >= MOST_ASKED:
                return f"known here: {_listed(tree)}"
            self._unknown[asked] = _instead(name, tree)
        return self._unknown[asked]


def _words(place: _Place) -> tuple[str, ...]:
    return words_of(place.type, *place.words) if place.type and not place.inside else ()


def _remedy(place: _Place) -> str:
    """What may be written at the place."""
    words = _words(place)
    match place.type:
        case None:
            return f"write fields under it: {_listed(place.tree)}"
        case Names() | NameList() | Reference() if place.inside or isinstance(place.type, Reference):
            return f"write {choices('a name', *words)}"
        case Text() | TextMap() if place.inside or isinstance(place.type, Text):
            return "write text"
        case Limit() | Whole() | Switch():
            return f"write {choices(_range(place.type), *words)}"
        case Toggle():
            return f"write {choices('true', 'false', *words)}"
        case Choice():
            return f"write {choices(*words)}"
        case Names() | NameList():
            return f"write {choices('a list: [one, another]', *words)}"
        case TextMap(item=item):
            return f"write {choices(f'{item}s under it, name: text', *words)}"
        case Overrides():
            return f"write {choices('fields under it,', *words)}"
    raise AssertionError(place.type)


def _range(type_: Limit | Whole | Switch) -> str:
    low, high = range_of(type_)
    return f"a number from {max(low, 0)}" if high == LARGEST else f"a number from {max(low, 0)} to {high}"


def _yes_or_no(value: Any) -> str:
    """What to write for a word that means true or false; empty for any other value."""
    word = folded(value) if isinstance(value, str) else ""
    meant = YES_AND_NO.get(word, word if word in ("true", "false") else "")
    return f"write {meant}, without quotes" if meant else ""


def choices(*options: str) -> str:
    """`one, another or a third`."""
    *first, last = options
    return f"{', '.join(first)} or {last}" if first else last


def article(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


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
