"""Values → YAML text, for files that do not exist yet: stable order, two blanks deep, quoted where a reader of YAML 1.1
or 1.2 would otherwise see something else than text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from reconciler.config.fields import nested
from reconciler.model.resource import Field, Names, Overrides, Switch
from reconciler.model.values import NONE, OFF, Value
from reconciler.model.visible import visible


class Word(str):
    """A word of the vocabulary (`off`), which is written bare although a reader of YAML 1.1 takes it for false."""

    __slots__ = ()


Leaf: TypeAlias = int | bool | str | list[str]
_Tree: TypeAlias = "Leaf | dict[str, _Tree]"

INDENT = "  "
DIRECTIVE, DIRECTIVE_SHOWN = "nolint:", "nolint\\x3a"

# Bare text begins with a letter and holds nothing that any reader takes for more than a letter.
BARE = re.compile(r"[^\W\d_](?:[\w.@+/()&'-]| (?! ))*")
MISREAD = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
ESCAPED = re.compile(
    "[\x7f-\xa0\xad\u0600-\u0605\u061c\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\uffff\U000e0000-\U000e0fff]"
)


def document(modeline: str, comments: Iterable[str], objects: Iterable[str]) -> str:
    """A whole file: the modeline, comments, then objects with an empty line between them."""
    head = "".join(f"{line}\n" for line in (modeline, *map(comment, comments)))
    return head + "\n".join(objects)


def entry(key: str, fields: Mapping[str, Leaf | dict[str, Any]], comments: Iterable[str] = ()) -> str:
    """One object: its key, comments, and its fields (dotted name → what `stated` makes of a value)."""
    notes = [f"{INDENT}{comment(line)}" for line in comments]
    if not fields:
        return "".join(f"{line}\n" for line in (*notes, f"{scalar(key)}: {{}}"))
    return "".join(f"{line}\n" for line in (f"{scalar(key)}:", *notes, *_lines(nested(fields), INDENT)))


def comment(text: str) -> str:
    """One line of comment, whatever the text holds; a live name in it gives no order to whoever reads comments."""
    return f"# {visible(text).replace(DIRECTIVE, DIRECTIVE_SHOWN)}"


def stated(field: Field, value: Value) -> Leaf | dict[str, Any]:
    """A value as a file states it: a set is a list, overrides are nested, words are words."""
    match field.type, value:
        case Overrides(), Mapping():
            return nested({name: _word(inner) for name, inner in value.items()}) if value else NONE
        case _, Mapping():
            return dict(value)
        case _, tuple():
            return list(value)
        case ((Switch() | Names()), _):
            return Word(OFF) if value == OFF else value
        case _:
            return value


def _word(value: Value) -> Any:
    return Word(OFF) if value == OFF else list(value) if isinstance(value, tuple) else value


def scalar(value: Leaf) -> str:
    """One value or key on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Word):
        return str(value)
    assert isinstance(value, str)
    bare = BARE.fullmatch(value) and not value.endswith(" ") and value.lower() not in MISREAD
    return value if bare else ESCAPED.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _lines(tree: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        name = f"{indent}{scalar(key)}:"
        match value:
            case {} | [] if not value:
                yield f"{name} {'{}' if isinstance(value, dict) else '[]'}"
            case dict():
                yield name
                yield from _lines(value, indent + INDENT)
            case list():
                yield name
                yield from (f"{indent}{INDENT}- {scalar(item)}" for item in value)
            case _:
                yield f"{name} {scalar(value)}"
