"""Where each field of an object stands, found only when somebody asks. Knows no kind.

Most objects equal their live row and nobody asks. For one that differs, its part of the file is cut out at the keys of
column 0 and judged alone; where that is not certain (flow style, anchors, long keys), the whole file is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.config.files import content_of
from reconciler.config.yaml import MEBIBYTE, Document, Limits, Lines, judge
from reconciler.config.yaml import FieldPath as Keys

KEPT_FILES = 16
"""Texts kept at a time: complaints and plan lines come file by file."""

KEPT_OBJECTS = 64
"""Objects kept at a time: a few complaints may be about the same one."""

CUT = 200
"""Bytes of text that cost as much to judge as it costs to begin."""

WHOLE = 2 * MEBIBYTE
"""A file up to this size is judged whole once that is cheaper than to go on with its parts; of a larger one, whose
whole takes much memory, the parts may cost DEARER times as much."""
DEARER = 4

TOP_KEY = re.compile(
    rb"^(?:\"([^\"\\\n]*)\"[ \t]*|'((?:[^'\n]|'')*)'[ \t]*|([^\s#\"'\-?{\[&*!|>%@`][^\n]*?|-[^\s\-][^\n]*?)):(?=\s|$)",
    re.M,
)


@dataclass(slots=True)
class _Text:
    """One file: where its top-level keys begin and on which lines, what its parts have cost so far, and its whole
    document once that was needed."""

    content: bytes
    starts: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    spent: int = 0
    whole: Document | None = None


class Locator:
    """Called with (place, key): field → line. Dotted names, items of maps and sets under `field.item`, groups too;
    the object's own line under the empty name. Empty when the file is no longer what it was."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._texts: dict[str, _Text | None] = {}
        self._objects: dict[tuple[str, str], Mapping[str, int]] = {}

    def __call__(self, place: str, key: str) -> Mapping[str, int]:
        """The lines of one object."""
        found = self._objects.get((place, key))
        if found is None:
            if len(self._objects) >= KEPT_OBJECTS:
                self._objects.pop(next(iter(self._objects)))
            found = self._objects[place, key] = self._found(place, key)
        return found

    def _found(self, place: str, key: str) -> Mapping[str, int]:
        text = self._text(place)
        if text is None:
            return {}
        part = None if text.whole else self._part(text, key)
        if part is None:
            text.whole = text.whole or judge(text.content, self._limits)[0]
            part = text.whole, 0
        document, above = part
        if not isinstance(document.data, dict) or key not in document.data:
            return {}
        named = dict(_named(document.data[key], (key,), (), document.lines))
        return {name: line + above for name, line in named.items()}

    def _text(self, place: str) -> _Text | None:
        if place not in self._texts:
            while len(self._texts) >= KEPT_FILES:
                self._texts.pop(next(iter(self._texts)))
            content = content_of(self._root, place, self._limits)
            self._texts[place] = _indexed(content) if content is not None else None
        return self._texts[place]

    def _part(self, text: _Text, key: str) -> tuple[Document, int] | None:
        """The object's own part of the file, and how many lines are above it; None when the cut is not certain, or
        the whole is cheaper."""
        number = text.numbers.get(key)
        if number is None:
            return None
        start, end = text.starts[number], text.starts[number + 1]
        text.spent += end - start + CUT
        if text.spent > len(text.content) * (1 if len(text.content) <= WHOLE else DEARER) + CUT:
            return None
        document, complaints = judge(text.content[start:end], self._limits)
        if complaints or not isinstance(document.data, dict) or list(document.data) != [key]:
            return None
        return document, text.above[number]


def _indexed(content: bytes) -> _Text:
    text = _Text(content)
    lines = last = 0
    for match in TOP_KEY.finditer(content):
        double, single, plain = match.groups()
        written = double if double is not None else (single or b"").replace(b"''", b"'") if plain is None else plain
        text.numbers.setdefault(written.rstrip().decode("utf-8", "replace"), len(text.starts))
        text.starts.append(match.start())
        lines += content.count(b"\n", last, match.start())
        last = match.start()
        text.above.append(lines)
    text.starts.append(len(content))
    return text


def _named(data: Any, path: Keys, name: tuple[str, ...], lines: Lines) -> Iterator[tuple[str, int]]:
    if path in lines:
        yield ".".join(name), lines[path]
    if isinstance(data, dict):
        for key, inner in data.items():
            yield from _named(inner, (*path, key), (*name, key), lines)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            if (*path, str(number)) in lines:
                yield ".".join((*name, str(item))), lines[*path, str(number)]
