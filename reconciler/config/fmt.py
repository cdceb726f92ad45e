"""A file of the repository in its stable order: objects by key, fields as their kind declares them. Every comment stays
with what it is about, every other byte as it stands.

The text is read before and after. What would not mean the same stays as it is.

A comment belongs to the key below it, and moves with it. One that is indented deeper than that key belongs to what
stands above. What stands over the first key belongs to the file, as far as an empty line or the modeline says so. Empty
lines stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any, TypeAlias

from reconciler.config.fields import nested
from reconciler.config.rules import silenced
from reconciler.config.yaml import Document, Limits, parse
from reconciler.model.resource import Field, Overrides, Resource, TextMap, Vocabulary

_Path: TypeAlias = tuple[str, ...]
Rank: TypeAlias = Callable[[_Path], "tuple[int, str] | None"]
"""Path of a key → what it is sorted by among its neighbours; None where nothing is sorted."""

LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_MODELINE = re.compile(r"#\s*(?:yaml-language-server:|\$schema:)")


def split(text: str) -> list[str]:
    """The lines with their ends; the last one gets an end if it has none."""
    lines = LINE.findall(text)
    if lines and lines[-1].rstrip("\r\n") == lines[-1]:
        lines[-1] += "\r\n" if "\r\n" in text else "\n"
    return lines


def reordered(text: str, root: Any, rank: Rank) -> str:
    """The text with the keys of every mapping in order. `root`: what PyYAML composes of it."""
    lines = split(text)
    if not hasattr(root, "value") or not _is_mapping(root) or root.flow_style:
        return "".join(lines)
    first = _line(root.value[0][0])
    head = _head(lines, first)
    return "".join([*lines[:head], *_block(lines, root, head, len(lines), (), rank)])


@dataclass(frozen=True, slots=True)
class _Part:
    """One key of a mapping: `gap` empty lines, then its comments, itself, and what is under it."""

    path: _Path
    gap: list[str]
    own: list[str]


def _block(lines: list[str], mapping: Any, start: int, end: int, path: _Path, rank: Rank) -> list[str]:
    """The lines from `start` to `end`, which hold this mapping alone, in order."""
    pairs = mapping.value
    column = pairs[0][0].start_mark.column
    ends = [_beginning(lines, _last(*pair) + 1, _line(key), column) for pair, (key, _) in pairwise(pairs)]
    ends.append(tail := _beginning(lines, _last(*pairs[-1]) + 1, end, column))
    parts = []
    for (key, value), begin, stop in zip(pairs, [start, *ends[:-1]], ends, strict=True):
        filled = begin
        while filled < stop and not lines[filled].strip():
            filled += 1
        name = (*path, key.value)
        parts.append(_Part(name, lines[begin:filled], _inner(lines, key, value, filled, stop, name, rank)))
    ordered = _sorted(parts, rank)
    gaps = [part.gap for part in parts]
    return [line for gap, part in zip(gaps, ordered, strict=True) for line in (*gap, *part.own)] + lines[tail:end]


def _inner(lines: list[str], key: Any, value: Any, start: int, stop: int, path: _Path, rank: Rank) -> list[str]:
    """A key with its comments and its value, the value in order as well."""
    line = _line(key)
    if not _is_mapping(value) or not value.value:
        return lines[start:stop]
    if value.flow_style:
        return [*lines[start:line], *_flowing(lines, value, line, stop, path, rank)]
    if _line(value.value[0][0]) <= line:
        return lines[start:stop]
    return [*lines[start : line + 1], *_block(lines, value, line + 1, stop, path, rank)]


def _flowing(lines: list[str], value: Any, line: int, stop: int, path: _Path, rank: Rank) -> list[str]:
    """A `{…}` that stands in one line, in order; a longer one stays as it is."""
    start, end = value.start_mark, value.end_mark
    if start.line != line or end.line != line:
        return lines[line:stop]
    text = lines[line]
    inside = _flow(text, value, path, rank)
    return [f"{text[: start.column]}{inside}{text[end.column :]}", *lines[line + 1 : stop]]


def _flow(text: str, mapping: Any, path: _Path, rank: Rank) -> str:
    start, end = mapping.start_mark.column, mapping.end_mark.column
    if not mapping.value or any(_stands_elsewhere(key, value) for key, value in mapping.value):
        return text[start:end]
    parts = []
    for key, value in mapping.value:
        name, begin, stop = (*path, key.value), key.start_mark.column, value.end_mark.column
        inner = value.start_mark.column
        nested = _is_mapping(value) and value.flow_style and text[inner : inner + 1] == "{"
        written = f"{text[begin:inner]}{_flow(text, value, name, rank)}" if nested else text[begin:stop]
        parts.append(_Part(name, [], [written]))
    marks = [(key.start_mark.column, value.end_mark.column) for key, value in mapping.value]
    between = [text[stop:begin] for (_, stop), (begin, _) in pairwise(marks)]
    words = [part.own[0] for part in _sorted(parts, rank)]
    joined = "".join(f"{word}{gap}" for word, gap in zip(words, [*between, ""], strict=True))
    return f"{text[start : marks[0][0]]}{joined}{text[marks[-1][1] : end]}"


def _sorted(parts: list[_Part], rank: Rank) -> list[_Part]:
    ranked = [(rank(part.path), part) for part in parts]
    known = [(place, part) for place, part in ranked if place is not None]
    return [part for _, part in sorted(known, key=itemgetter(0))] if len(known) == len(parts) else parts


def _head(lines: list[str], first: int) -> int:
    """How many of the lines over the first key are the file's own."""
    for number in range(first, 0, -1):
        if not lines[number - 1].lstrip().startswith("#"):
            return number
    return first if first and _MODELINE.match(lines[0]) else 0


def _beginning(lines: list[str], start: int, end: int, column: int) -> int:
    """Where, between a value and what follows it, the lines begin that no longer belong to the value."""
    number = end
    while number > start and not _deeper(lines[number - 1], column):
        number -= 1
    return number


def _deeper(line: str, column: int) -> bool:
    """Whether it is a comment that is indented deeper than the key."""
    stripped = line.lstrip(" ")
    return bool(stripped.strip()) and len(line) - len(stripped) > column


def _line(node: Any) -> int:
    return int(node.start_mark.line)


def _last(key: Any, value: Any) -> int:
    """The last line of a pair; a block's own end mark stands after the comments that follow it."""
    line = _line(key)
    if _stands_elsewhere(key, value):
        return line
    if isinstance(value.value, list) and value.value and not value.flow_style:
        inner = value.value[-1]
        return max(line, _last(*(inner if isinstance(inner, tuple) else (value, inner))))
    end = value.end_mark
    behind = getattr(value, "style", None) in ("|", ">") and end.column == 0 and end.line > value.start_mark.line
    return max(line, int(end.line) - behind)


def _stands_elsewhere(key: Any, value: Any) -> bool:
    """Whether the value is an alias: then it has the marks of its anchor."""
    return bool(value.start_mark.index < key.start_mark.index)


def _is_mapping(node: Any) -> bool:
    return isinstance(node.value, list) and all(isinstance(pair, tuple) for pair in node.value) and node.id == "mapping"


Order: TypeAlias = "dict[str, Order] | None"
"""Names in the order in which they are declared, each with the order below it. Empty: by name. None: as it stands."""

WORD = re.compile(r"[^\s,{}]+")
"""What no order may lose or make, comments included."""


def formatted(text: str, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> str:
    """The text in order. Raises ValueError, with the reason, where that cannot be had without a change of meaning: an
    alias would stand before its anchor, say."""
    before, complaints = parse(text.encode(), limits)
    if complaints:
        raise ValueError("it does not load")
    if not before.data:
        return text
    after = reordered(text, _root(text), _ranks(order_of(resource, vocabulary)))
    if not _means_the_same(text, before, after, limits):
        raise ValueError("in another order it would not mean the same")
    return after


def order_of(resource: Resource, vocabulary: Vocabulary) -> Order:
    """The order of one object's fields."""
    tree = nested({field.name: field for field in resource.fields})
    return {name: _order(inner, resource, vocabulary) for name, inner in tree.items()}


def _order(declared: Any, resource: Resource, vocabulary: Vocabulary) -> Order:
    match declared:
        case Field(type=Overrides()):
            inner = nested(dict.fromkeys(vocabulary.overrides_of(resource.kind, declared)))
            return {name: _names(below) for name, below in inner.items()}
        case Field(type=TextMap()):
            return {}
        case dict():
            return {name: _order(inner, resource, vocabulary) for name, inner in declared.items()}
        case _:
            return None


def _names(tree: Any) -> Order:
    return {name: _names(below) for name, below in tree.items()} if isinstance(tree, dict) else None


def _ranks(fields: Order) -> Rank:
    """Where a key belongs: path → what to sort by; None where nothing is to be sorted."""

    def rank(path: tuple[str, ...]) -> tuple[int, str] | None:
        *above, name = path
        order: Order = {}
        for depth, key in enumerate(above):
            order = fields if depth == 0 else (order or {}).get(key)
        if order is None:
            return None
        return (list(order).index(name) if name in order else len(order), name)

    return rank


def _root(text: str) -> Any:
    import yaml  # late: `--help` starts without it

    # Only where things stand is asked, not what they mean.
    return yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def _means_the_same(text: str, before: Document, after: str, limits: Limits) -> bool:
    """Whether both texts say the same, and the same complaints are silenced for the same fields."""
    now, complaints = parse(after.encode(), limits)
    if complaints or now.data != before.data or now.lines.keys() != before.lines.keys():
        return False
    return sorted(WORD.findall(text)) == sorted(WORD.findall(after)) and _silence(after, now) == _silence(text, before)


def _silence(text: str, document: Document) -> frozenset[tuple[str, tuple[str, ...]]]:
    taken = silenced(text.encode())
    lines = {line for _, line in taken}
    return frozenset(
        (code, path) for path, line in document.lines.items() if line in lines for code, where in taken if where == line
    )
