"""Single values changed inside a YAML file that people wrote: comments, quotes, order and all other bytes stay.

An object is cut out, changed by ruamel.yaml and put back, so that nothing around it is laid out anew. ruamel.yaml hangs
the lines that follow a value (empty ones and comments, mostly about what comes next) on that value: these outlive it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any, TypeAlias

from reconciler.config.render import Word, scalar
from reconciler.config.yaml import Limits, parse


@contextmanager
def kept_at_the_end(container: Any, place: Any = None) -> Iterator[None]:
    """Around a change of `container`: the lines after its value at `place`, and those after its end, stay where
    they are. `place` None: only those after its end."""
    inner = "" if place is None or place == _last(container) else _cut(container, place)
    outer = _cut(container, _last(container)) if container else ""
    yield
    if inner:
        _hang(container, place, inner)
    if outer:
        _hang(container, _last(container), outer)


def remove(container: Any, place: Any) -> None:
    """Delete an item or key; the lines that follow it go to what stands before it, or else to what comes next."""
    places = _places(container)
    position = places.index(place)
    lines = _cut(container, place)
    del container[place]
    if not lines or not container:
        return
    if position:
        _hang(container, places[position - 1], lines)
        return
    first = _places(container)[0]
    before = "\n".join(line.strip().removeprefix("#").removeprefix(" ") for line in lines.splitlines())
    container.yaml_set_comment_before_after_key(first, before=before, indent=container.lc.col)


def _places(container: Any) -> list[Any]:
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def _last(container: Any) -> Any:
    return _places(container)[-1] if container else None


def _end(container: Any, place: Any) -> tuple[Any, Any]:
    """Where the last line of the value at `place` is: the innermost last item of its blocks."""
    value: Any = container[place]
    while value and hasattr(value, "fa") and not value.fa.flow_style():
        container, place = value, _last(value)
        value = container[place]
    return container, place


def _slot(container: Any) -> int:
    return 2 if isinstance(container, dict) else 0


def _cut(container: Any, place: Any) -> str:
    """Take away the lines after the value at `place` and return them; a comment on its own line stays."""
    container, place = _end(container, place)
    held = container.ca.items.get(place)
    token = held[_slot(container)] if held else None
    if token is None:
        return ""
    text: str = token.value
    line, _, after = text.partition("\n")
    token.value = f"{line}\n"
    if not line:
        held[_slot(container)] = None
    return after


def _hang(container: Any, place: Any, lines: str) -> None:
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    container, place = _end(container, place)
    held = container.ca.items.setdefault(place, [None, None, None, None])
    token = held[_slot(container)]
    if token is None:
        held[_slot(container)] = CommentToken(f"\n{lines}", CommentMark(0), None)
    else:
        token.value = f"{token.value}{lines}"


_Path: TypeAlias = tuple[str, ...]


WIDEST = 2**20
TRUSTED = Limits(file_bytes=2**62, depth=2**15, aliases=2**30)
"""The file was already read within the limits that the settings give."""

FIRST_NESTED = re.compile(r"^( +)(?![ #-])", re.MULTILINE)
FIRST_DASH = re.compile(
    r"^(?P<key> *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*(?P<dash> *)- ", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What the place `path` below an object shall hold; `value` None: nothing, the key goes."""

    path: _Path
    value: Any


def edited(text: str, edits: Mapping[str, list[Edit]]) -> str:
    """The text with the edits of these objects made. Raises ValueError when that cannot be done, because the file does
    not declare them, or because something else in it would change too (an alias)."""
    if "\r\n" in text:
        return edited(text.replace("\r\n", "\n"), edits).replace("\n", "\r\n")
    declared = _objects(text)
    if not edits.keys() <= declared.keys():
        raise ValueError("the file has changed")
    after = _spliced(text, edits, declared)
    now = _objects(after)
    if list(now) != list(declared) or any(now[key] != declared[key] for key in declared.keys() - edits.keys()):
        raise ValueError("something else in the file would change too")
    return after


def _objects(text: str) -> Mapping[str, Any]:
    """What a text declares; nothing when the strict reader refuses it."""
    document, complaints = parse(text.encode(), TRUSTED)
    return {} if complaints else document.data


def _spliced(text: str, edits: Mapping[str, list[Edit]], declared: Mapping[str, Any]) -> str:
    lines = text.splitlines(keepends=True)
    document, _ = parse(text.encode(), TRUSTED)
    starts = sorted((line - 1, path[0]) for path, line in document.lines.items() if len(path) == 1)
    ends = [*(line for line, _ in starts[1:]), len(lines)]
    pieces = ["".join(lines[: starts[0][0]])]
    for (start, key), end in zip(starts, ends, strict=True):
        piece = "".join(lines[start:end])
        if key in edits:
            if _objects(piece) != {key: declared[key]}:
                # It shares an anchor or a line with another object: only the whole file can be rewritten.
                return _rewritten(text, edits)
            piece = _rewritten(piece, {key: edits[key]})
        pieces.append(piece)
    return "".join(pieces)


def _rewritten(text: str, edits: Mapping[str, list[Edit]]) -> str:
    from ruamel.yaml import YAML  # start-up: only `export` writes into files
    from ruamel.yaml.emitter import RoundTripEmitter
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.resolver import VersionedResolver

    class Untyped(VersionedResolver):
        """Every bare word is text and is written back as it stood: `010`, `-1` and dates too."""

        versioned_resolver: Mapping[str, Any] = {}

    class Seen(RoundTripEmitter):
        """What nobody sees is written as an escape: a bidi sign would turn the line round before a reviewer."""

        def write_double_quoted(self, text: str, split: bool = True) -> None:
            self.allow_unicode = all(letter.isprintable() or letter.isspace() for letter in text)
            super().write_double_quoted(text, split)

    yaml = YAML()
    yaml.Resolver = Untyped
    yaml.Emitter = Seen
    yaml.preserve_quotes = True
    yaml.width = WIDEST
    yaml.indent(**_indentation(text))
    try:
        content = yaml.load(text)
    except YAMLError as error:
        raise ValueError("ruamel.yaml reads it otherwise") from error
    for key, changes in edits.items():
        for edit in changes:
            _change(content, key, edit)
    written = StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def _indentation(text: str) -> dict[str, int]:
    """How deep this text indents, so that lines around a change do not move."""
    nested = FIRST_NESTED.search(text)
    dashed = FIRST_DASH.search(text)
    offset = len(dashed["dash"]) - len(dashed["key"]) if dashed else 2
    return {"mapping": len(nested[1]) if nested else 2, "sequence": offset + 2, "offset": offset}


def _change(content: Any, key: str, edit: Edit) -> None:
    if edit.value is None:
        _take_out(content[key], edit.path)
        return
    container, path, value = content, (key, *edit.path), edit.value
    while len(path) > 1 and isinstance(container.get(path[0]), dict) and container[path[0]]:
        container, path = container[path[0]], path[1:]
    for name in reversed(path[1:]):
        value = {name: value}
    _put(container, path[0], value)


def _take_out(container: Any, path: _Path) -> None:
    """Delete a key, and the groups around it that hold nothing else."""
    chain = [container]
    for name in path[:-1]:
        chain.append(chain[-1][name])
    depth = len(chain) - 1
    while depth and len(chain[depth]) == 1:
        depth -= 1
    remove(chain[depth], path[depth])


def _put(place: Any, name: str, value: Any) -> None:
    """Set one key. What stands after the last line of `place` stays after its last line."""
    old = place.get(name)
    with kept_at_the_end(place, name if name in place else None):
        if isinstance(old, list) and old and isinstance(value, list) and value:
            _merge(old, value)
        else:
            place[name] = _node(value, old)


def _merge(old: list[Any], wanted: list[str]) -> None:
    """Make a list hold these items: those that stay keep their place and their comments, new ones are sorted in."""
    for item in wanted:
        if item not in old:
            old.insert(bisect_left(old, item), _node(item, None))
    for index in reversed(range(len(old))):
        if old[index] not in wanted:
            remove(old, index)


def _node(value: Any, old: Any) -> Any:
    """A value as ruamel.yaml writes it: quoted as before, or where it must be."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    match value:
        case dict():
            return _block(value)
        case list():
            return [_node(item, None) for item in value]
        case Word() | bool() | int():
            return scalar(value)
        case _ if isinstance(old, (DoubleQuotedScalarString, SingleQuotedScalarString)) and value.isprintable():
            return type(old)(value)
        case _:
            return value if scalar(value) == value else DoubleQuotedScalarString(value)


def _block(tree: Mapping[str, Any]) -> Any:
    from ruamel.yaml.comments import CommentedMap

    return CommentedMap({_node(key, None): _node(inner, None) for key, inner in tree.items()})
