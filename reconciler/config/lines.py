"""Where each field of an object stands, found only when somebody asks.

Most objects equal their live row and nobody asks. For one that differs, its part of the file is cut out at the keys of
column 0 and parsed alone; where that is not certain (flow style, anchors, long keys), the whole file is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.config.complaints import FieldPath as Keys
from reconciler.config.complaints import Lines
from reconciler.config.files import content_of
from reconciler.config.yaml import MEBIBYTE, Document, Limits, parse

KEPT_FILES = 16
"""Texts kept at a time: complaints and plan lines come file by file."""

KEPT_OBJECTS = 64
"""Objects kept at a time: a few complaints may be about the same one."""

CUT = 200
"""Bytes of text that cost as much to parse as it costs to begin."""

_WHOLE = 2 * MEBIBYTE
"""A file up to this size is parsed whole once that is cheaper than to go on with its parts; of a larger one, whose
whole takes much memory, the parts may cost DEARER times as much."""
DEARER = 4

TOP_KEY = re.compile(
    rb"^(?:\"([^\"\\\n]*)\"[ \t]*|'((?:[^'\n]|'')*)'[ \t]*|([^\s#\"'\-?{\[&*!|>%@`][^\n]*?|-[^\s\-][^\n]*?)):(?=\s|$)",
    re.M,
)


class Parts:
    """One file cut into its objects: where its top-level keys begin and on which lines, what its parts have cost so
    far, and its whole document once that was needed."""

    def __init__(self, content: bytes, limits: Limits) -> None:
        self._content = content
        self._limits = limits
        self._starts: list[int] = []
        self._above: list[int] = []
        self._numbers: dict[str, int] = {}
        self._spent = 0
        self._whole: Document | None = None
        self._index()

    def part(self, key: str) -> tuple[Document, int]:
        """A document that holds the object of this name as the file does, and how many lines are above it."""
        part = None if self._whole else self._cut(key)
        if part is None:
            self._whole = self._whole or parse(self._content, self._limits)[0]
            part = self._whole, 0
        return part

    def _cut(self, key: str) -> tuple[Document, int] | None:
        """The object's own part of the file; None when the cut is not certain, or the whole is cheaper."""
        number = self._numbers.get(key)
        if number is None:
            return None
        start, end = self._starts[number], self._starts[number + 1]
        self._spent += end - start + CUT
        if self._spent > len(self._content) * (1 if len(self._content) <= _WHOLE else DEARER) + CUT:
            return None
        document, complaints = parse(self._content[start:end], self._limits)
        if complaints or not isinstance(document.data, dict) or list(document.data) != [key]:
            return None
        return document, self._above[number]

    def _index(self) -> None:
        lines = last = 0
        for match in TOP_KEY.finditer(self._content):
            double, single, plain = match.groups()
            written = double if double is not None else (single or b"").replace(b"''", b"'") if plain is None else plain
            self._numbers.setdefault(written.rstrip().decode("utf-8", "replace"), len(self._starts))
            self._starts.append(match.start())
            lines += self._content.count(b"\n", last, match.start())
            last = match.start()
            self._above.append(lines)
        self._starts.append(len(self._content))


class Locator:
    """Called with (place, key): field → line. Dotted names, items of maps and sets under `field.item`, groups too;
    the object's own line under the empty name. Empty when the file is no longer what it was."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._files: dict[str, Parts | None] = {}
        self._objects: dict[tuple[str, str], Mapping[str, int]] = {}

    def __call__(self, place: str, key: str) -> Mapping[str, int]:
        """The lines of one object."""
        lines = self._objects.get((place, key))
        if lines is None:
            if len(self._objects) >= KEPT_OBJECTS:
                self._objects.pop(next(iter(self._objects)))
            lines = self._objects[place, key] = self._lines(place, key)
        return lines

    def _lines(self, place: str, key: str) -> Mapping[str, int]:
        parts = self._parts(place)
        if parts is None:
            return {}
        document, above = parts.part(key)
        if not isinstance(document.data, dict) or key not in document.data:
            return {}
        named = dict(_named(document.data[key], (key,), (), document.lines))
        return {name: line + above for name, line in named.items()}

    def _parts(self, place: str) -> Parts | None:
        if place not in self._files:
            while len(self._files) >= KEPT_FILES:
                self._files.pop(next(iter(self._files)))
            content = content_of(self._root, place, self._limits)
            self._files[place] = Parts(content, self._limits) if content is not None else None
        return self._files[place]


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
