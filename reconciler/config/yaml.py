"""YAML text → plain data that remembers the line of every key: the strict reader, which has the last word on a file.

PyYAML splits the text into events. What they mean is decided here, by YAML 1.2 and one event at a time, so that a limit
is met before a hostile file has filled the memory. `no`, `on`, `12:30` and `2026-01-31` are text, `010` is ten: what
PyYAML's own resolver makes of them is YAML 1.1. From top to bottom: unquoted words, lines, events, the whole file.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from reconciler.config.complaints import Capped, Complaint, FieldPath, shortened, value_text
from reconciler.model.errors import FileErrors

_Plain: TypeAlias = str | int | float | bool | None

LONGEST_NUMBER = 40
"""Digits. Every field ends at 19; and Python refuses to read a decimal of more than 4,300."""

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
DECIMAL = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
NUMERIC_START = frozenset("0123456789+-.")


def meaning(word: str) -> _Plain:
    """The value of an unquoted scalar. Raises OverflowError for an integer of more than LONGEST_NUMBER digits."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in NUMERIC_START:
        return word
    for pattern, base in ((DECIMAL, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(word):
            if len(word) > LONGEST_NUMBER:
                raise OverflowError(f"a number of {len(word):,} digits")
            return int(word, base)
    if FLOAT.fullmatch(word):
        return float(word)
    if ENDLESS.fullmatch(word):
        return float(word.replace(".", "", 1))
    return word


MEBIBYTE = 1024 * 1024


class Limits(NamedTuple):
    """How much of a file is read before it counts as hostile."""

    file_bytes: int = 16 * MEBIBYTE
    """Bytes of one file."""
    depth: int = 64
    """Mappings and lists inside each other."""
    aliases: int = 50
    """Uses of anchors."""


DEFAULT_LIMITS = Limits()


class ItemLines(Mapping[FieldPath, int]):
    """Path → line. The items of a list are kept as numbers: a list may have a hundred thousand."""

    def __init__(self, keys: dict[FieldPath, int]) -> None:
        self._keys = keys
        self._items: dict[FieldPath, array[int]] = {}

    def __getitem__(self, path: FieldPath) -> int:
        line = self._keys.get(path)
        if line is not None:
            return line
        if path not in self:
            raise KeyError(path)
        return self._items[path[:-1]][int(path[-1])]

    def __setitem__(self, path: FieldPath, line: int) -> None:
        self._keys[path] = line

    def __contains__(self, path: object) -> bool:
        if path in self._keys:
            return True
        if not isinstance(path, tuple) or not path or path[:-1] not in self._items:
            return False
        return path[-1].isdecimal() and int(path[-1]) < len(self._items[path[:-1]])

    def __iter__(self) -> Iterator[FieldPath]:
        yield from self._keys
        for path, lines in self._items.items():
            yield from ((*path, str(number)) for number in range(len(lines)))

    def __len__(self) -> int:
        return len(self._keys) + sum(map(len, self._items.values()))

    def append(self, path: FieldPath, line: int) -> None:
        """The line of one more item of the list at `path`."""
        self._items.setdefault(path, array("L")).append(line)


LARGEST_EXPANSION = 100_000
"""Values that aliases may stand for in one file, all together."""

MOST_COMPLAINTS = 10_000
"""After so many a file is read no further: nobody wrote it by hand."""

FREE_VALUES = 50_000
BYTES_A_VALUE = 4
"""Of a file with more values than `FREE_VALUES`, each needs so many bytes, a collection as many again. What people
write has three times that."""

MERGE_KEY = "<<"


class TooMuch(Exception):
    """A limit is passed; the file is read no further."""

    def __init__(self, message: str, remedy: str, line: int, code: str = "too-large") -> None:
        super().__init__(message)
        self.complaint = Complaint(code=code, message=message, remedy=remedy, line=line)


class _Nothing:
    """Stands where a value was complained of; it goes into no mapping and no list."""


_NOTHING: Final = _Nothing()


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open. `path` None: inside something that is thrown away."""

    data: dict[str, Any] | list[Any]
    path: FieldPath | None
    anchor: str | None
    started: int
    key: str | _Nothing | None = None
    items: int = 0
    height: int = 1


class _Anchored(NamedTuple):
    data: Any
    weight: int
    height: int


@dataclass(slots=True)
class Composer:
    """Takes events in order; then `root` is the data (an empty dict if there was none), `lines` and `complaints`
    what came with it. `size`: bytes of the file."""

    limits: Limits
    size: int
    root: Any = field(default_factory=dict)
    lines: ItemLines = field(default_factory=lambda: ItemLines({(): 1}))
    complaints: Capped = field(default_factory=Capped)
    _frames: list[_Frame] = field(default_factory=list)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)
    _aliases: int = 0
    _weight: int = 0
    _collections: int = 0
    _expanded: int = 0
    _documents: int = 0

    def take(self, event: Any) -> None:
        """The next event of PyYAML's parser. Raises TooMuch."""
        line = event.start_mark.line + 1
        match type(event).__name__:
            case "ScalarEvent":
                self._scalar(event, line)
            case "MappingStartEvent":
                self._open({}, event, line)
            case "SequenceStartEvent":
                self._open([], event, line)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close()
            case "AliasEvent":
                self._alias(event.anchor, line)
            case "DocumentStartEvent":
                self._documents += 1
                if self._documents > 1:
                    remedy = "one document a file; take the `---` out"
                    raise TooMuch("a second document begins here", remedy, line, "refused-yaml")

    def _scalar(self, event: Any, line: int) -> None:
        if self._expects_key():
            self._key(event, line)
            return
        self._count(line)
        value: Any = event.value
        if event.tag:
            self._refuse_tag(event.tag, self._next_path(), line)
        elif event.implicit[0]:
            value = self._plain(value, line)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        self._attach(value, line)

    def _count(self, line: int, collections: int = 0) -> None:
        self._weight += 1
        self._collections += collections
        values = self._weight + self._collections
        if values > FREE_VALUES and values * BYTES_A_VALUE > self.size:
            message = f"{self._weight:,} values in {self.size:,} bytes: more than anybody writes"
            raise TooMuch(message, "split it into several files, and take out what means nothing", line)

    def _plain(self, word: str, line: int) -> Any:
        try:
            value = meaning(word)
        except OverflowError as error:
            self._complain("range", f"{error}", "write a number that fits its field", self._next_path(), line)
            return _NOTHING
        if value is None:
            # A document that is only `null`, or only a comment after `---`, declares nothing.
            if not self._frames:
                return {}
            message = f"{word} is no value" if word else "there is no value"
            remedy = "write a value ({} for a mapping without fields), or take the line out"
            self._complain("refused-yaml", message, remedy, self._next_path(), line)
            return _NOTHING
        return value

    def _key(self, event: Any, line: int) -> None:
        frame = self._frames[-1]
        assert isinstance(frame.data, dict)
        plain = event.implicit[0] and not event.tag
        key = self._key_text(event.value, plain, frame, line)
        if key is not None and event.tag:
            self._refuse_tag(event.tag, frame.path, line)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(event.value, 1, 0)
        if key is None or frame.path is None:
            frame.key = _NOTHING
            return
        path = (*frame.path, key)
        if path in self.lines:
            message = f"{value_text(key)} is already on line {self.lines[path]}"
            self._complain("duplicate", message, "take one of them out", path, line)
            frame.key = _NOTHING
            return
        self.lines[path] = line
        frame.key = key

    def _key_text(self, word: str, plain: bool, frame: _Frame, line: int) -> str | None:
        if not plain:
            return word
        if word == MERGE_KEY:
            self._complain("refused-yaml", "merge keys (<<) are refused", "write the fields out", frame.path, line)
            return None
        try:
            value = meaning(word)
        except OverflowError:
            value = 0
        if isinstance(value, str):
            return word
        message = f"the key {shortened(word)} is not text" if word else "there is no key before the colon"
        remedy = f'write it in quotes: "{shortened(word)}"' if word and value is not None else "write a name"
        self._complain("type", message, remedy, frame.path, line)
        return None

    def _open(self, data: dict[str, Any] | list[Any], event: Any, line: int) -> None:
        if len(self._frames) >= self.limits.depth:
            raise TooMuch(f"nested deeper than {self.limits.depth} levels", "make it flat", line)
        if self._expects_key():
            self._complain("type", "a key must be text", "write a name", self._frames[-1].path, line)
            self._frames[-1].key = _NOTHING
        self._count(line, collections=1)
        path = self._next_path()
        if event.tag:
            self._refuse_tag(event.tag, path, line)
        self._attach(data, line)
        self._frames.append(_Frame(data, path, event.anchor, self._weight))

    def _close(self) -> None:
        frame = self._frames.pop()
        if self._frames:
            self._frames[-1].height = max(self._frames[-1].height, frame.height + 1)
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(frame.data, self._weight - frame.started + 1, frame.height)

    def _alias(self, name: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > self.limits.aliases:
            raise TooMuch(f"more than {self.limits.aliases} aliases", "write the values out", line)
        anchored = self._anchors.get(name)
        if anchored is None:
            raise TooMuch(
                f"there is no anchor &{shortened(name)} before this alias", "write the value out", line, "syntax"
            )
        if self._expects_key():
            self._complain("type", "an alias cannot be a key", "write the name out", self._frames[-1].path, line)
            self._frames[-1].key = _NOTHING
            return
        if len(self._frames) + anchored.height > self.limits.depth:
            raise TooMuch(f"nested deeper than {self.limits.depth} levels", "make it flat", line)
        self._weight += anchored.weight
        self._expanded += anchored.weight
        if self._expanded > LARGEST_EXPANSION:
            raise TooMuch("aliases that stand for too much", "write the values out", line)
        self._frames[-1].height = max(self._frames[-1].height, anchored.height + 1)
        self._attach(anchored.data, line)

    def _expects_key(self) -> bool:
        return bool(self._frames) and isinstance(self._frames[-1].data, dict) and self._frames[-1].key is None

    def _next_path(self) -> FieldPath | None:
        """The path of the value that comes next; None when it will be thrown away."""
        if not self._frames:
            return ()
        frame = self._frames[-1]
        if frame.path is None or frame.key is _NOTHING:
            return None
        return (*frame.path, frame.key if isinstance(frame.key, str) else str(frame.items))

    def _attach(self, value: Any, line: int) -> None:
        if not self._frames:
            self.root = value
            return
        frame = self._frames[-1]
        if isinstance(frame.data, list):
            if value is not _NOTHING:
                if frame.path is not None:
                    self.lines.append(frame.path, line)
                frame.data.append(value)
                frame.items += 1
            return
        if isinstance(frame.key, str) and value is not _NOTHING:
            frame.data[frame.key] = value
        frame.key = None

    def _refuse_tag(self, tag: str, path: FieldPath | None, line: int) -> None:
        self._complain("refused-yaml", f"tags are refused, {shortened(tag)} too", "take it out", path, line)

    def _complain(self, code: str, message: str, remedy: str, path: FieldPath | None, line: int) -> None:
        self.complaints.add(Complaint(code=code, message=message, remedy=remedy, path=path or (), line=line))
        if self.complaints.total > MOST_COMPLAINTS:
            raise TooMuch(f"more than {MOST_COMPLAINTS:,} complaints", "correct these first", line)


BYTE_ORDER_MARK = "\ufeff"

KNOWN_TROUBLE = (
    ("'\\t'", "a tab where only blanks may stand", "indent with blanks"),
    ("a tab character", "a tab where only blanks may stand", "indent with blanks"),
    ("mapping values are not allowed", "a second `: ` in one line", "put the value in quotes, or on a line of its own"),
    ("could not find expected ':'", "a line without `key: value`", "write `key: value`, indented like its neighbours"),
    ("did not find expected key", "a line that is not indented like its neighbours", "align it with the lines around"),
    ("found unexpected end of stream", "a quote is opened and never closed", "close it"),
    ("',' or", "a bracket is not closed, or a comma is missing in it", "close it, and put commas between"),
    (
        "expected <document start>",
        "what begins here is neither a name nor a comment",
        "write `name:` and its fields under it",
    ),
    ("cannot start any token", "an unquoted text cannot begin with @, %, a backtick or a tab", "put it in quotes"),
    ("non-alphabetical character", "an unquoted text cannot begin with %", "put it in quotes"),
    ("'@'", "an unquoted value cannot begin with @", "put it in quotes"),
    ("'`'", "an unquoted value cannot begin with a backtick", "put it in quotes"),
    ("'%'", "an unquoted value cannot begin with %", "put it in quotes"),
)

BEGUN_BEFORE = ("could not find expected ':'", "unexpected end of stream", "',' or")
"""Trouble that the parser meets only later; the line to look at is where it began."""


class Document(NamedTuple):
    """`data`: dict, list, str, int, float, bool; an empty file is an empty dict. `lines`: path → 1-based line of the
    key, list items by number, the document itself under the empty path."""

    data: Any
    lines: Mapping[FieldPath, int] = MappingProxyType({})


def read(content: bytes, place: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """The document of one file. `place` is how complaints call it. Raises FileErrors with every complaint about it."""
    document, complaints = parse(content, limits)
    if complaints:
        findings = tuple(complaint.finding(place, document.lines) for complaint in complaints)
        raise FileErrors(f"{place} cannot be read", findings=findings)
    return document


def parse(content: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, list[Complaint]]:
    """What the file says, and every complaint. Keys that are complained of are left out of the data; a file that
    cannot be followed to its end is empty."""
    if len(content) > limits.file_bytes:
        return Document({}), [too_large(len(content), limits)]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Document({}), [_syntax("the file is not UTF-8", "save it as UTF-8", line)]
    # What Python can print can be read: most files need no more than that (start-up).
    unreadable = None if text.replace("\n", "").isprintable() else _unreadable_characters().search(text)
    if text.startswith(BYTE_ORDER_MARK):
        return Document({}), [_syntax("the file begins with a byte order mark", "save it as UTF-8 without BOM", 1)]
    if unreadable:
        return Document({}), [_unreadable(text, unreadable.start())]
    return _composed(text, limits)


def _composed(text: str, limits: Limits) -> tuple[Document, list[Complaint]]:
    import yaml  # late: `--help` starts without it

    composer = Composer(limits, len(text))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except TooMuch as error:
        return Document({}), [*composer.complaints, error.complaint]
    except yaml.MarkedYAMLError as error:
        return Document({}), [*composer.complaints, _trouble(error.problem or "", _line(error, text))]
    except yaml.YAMLError as error:
        return Document({}), [*composer.complaints, _trouble(str(error), None)]
    return Document(composer.root, composer.lines), list(composer.complaints)


def _line(error: Any, text: str) -> int | None:
    begun = any(part in (error.problem or "") for part in BEGUN_BEFORE)
    mark = error.context_mark if begun and error.context_mark else error.problem_mark
    # A parser that waits for more stands behind the last line break.
    return min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else None


def _trouble(problem: str, line: int | None) -> Complaint:
    for part, message, remedy in KNOWN_TROUBLE:
        if part in problem:
            return _syntax(message, remedy, line)
    return _syntax(f"not readable as YAML: {problem}", "compare it with a file that validates", line)


@cache
def _unreadable_characters() -> re.Pattern[str]:
    """What YAML does not allow, or is a line break to one reader and an ordinary character to another."""
    return re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _unreadable(text: str, position: int) -> Complaint:
    number = ord(text[position])
    escape = f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"
    line = text.count("\n", 0, position) + 1
    return _syntax(f"the character {escape} may not stand in a file", "take it out", line)


def too_large(size: int, limits: Limits) -> Complaint:
    """The complaint about a file of so many bytes."""
    return Complaint(
        code="too-large",
        message=f"{size / MEBIBYTE:.1f} MiB, over the limit of {limits.file_bytes / MEBIBYTE:.1f} MiB a file",
        remedy="split it into several files",
    )


def _syntax(message: str, remedy: str, line: int | None) -> Complaint:
    return Complaint(code="syntax", message=message, remedy=remedy, line=line)
