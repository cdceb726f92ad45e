"""Parser events → data and lines, one event at a time, so that a bomb is met before it goes off. Knows no kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.config.complaint import Capped, Complaint, FieldPath, ItemLines, shortened, value_text
from reconciler.config.limits import Limits
from reconciler.config.scalars import meaning

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


NOTHING: Final = _Nothing()


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


@dataclass(frozen=True, slots=True)
class _Anchored:
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
            told = f"{self._weight:,} values in {self.size:,} bytes: more than anybody writes"
            raise TooMuch(told, "split it into several files, and take out what means nothing", line)

    def _plain(self, word: str, line: int) -> Any:
        try:
            value = meaning(word)
        except OverflowError as error:
            self._complain("range", f"{error}", "write a number that fits its field", self._next_path(), line)
            return NOTHING
        if value is None:
            # A document that is only `null`, or only a comment after `---`, declares nothing.
            if not self._frames:
                return {}
            told = f"{word} is no value" if word else "there is no value"
            remedy = "write a value ({} for a mapping without fields), or take the line out"
            self._complain("refused-yaml", told, remedy, self._next_path(), line)
            return NOTHING
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
            frame.key = NOTHING
            return
        path = (*frame.path, key)
        if path in self.lines:
            told = f"{value_text(key)} is already on line {self.lines[path]}"
            self._complain("duplicate", told, "take one of them out", path, line)
            frame.key = NOTHING
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
        told = f"the key {shortened(word)} is not text" if word else "there is no key before the colon"
        remedy = f'write it in quotes: "{shortened(word)}"' if word and value is not None else "write a name"
        self._complain("type", told, remedy, frame.path, line)
        return None

    def _open(self, data: dict[str, Any] | list[Any], event: Any, line: int) -> None:
        if len(self._frames) >= self.limits.depth:
            raise TooMuch(f"nested deeper than {self.limits.depth} levels", "make it flat", line)
        if self._expects_key():
            self._complain("type", "a key must be text", "write a name", self._frames[-1].path, line)
            self._frames[-1].key = NOTHING
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
            self._frames[-1].key = NOTHING
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
        if frame.path is None or frame.key is NOTHING:
            return None
        return (*frame.path, frame.key if isinstance(frame.key, str) else str(frame.items))

    def _attach(self, value: Any, line: int) -> None:
        if not self._frames:
            self.root = value
            return
        frame = self._frames[-1]
        if isinstance(frame.data, list):
            if value is not NOTHING:
                if frame.path is not None:
                    self.lines.append(frame.path, line)
                frame.data.append(value)
                frame.items += 1
            return
        if isinstance(frame.key, str) and value is not NOTHING:
            frame.data[frame.key] = value
        frame.key = None

    def _refuse_tag(self, tag: str, path: FieldPath | None, line: int) -> None:
        self._complain("refused-yaml", f"tags are refused, {shortened(tag)} too", "take it out", path, line)

    def _complain(self, code: str, message: str, remedy: str, path: FieldPath | None, line: int) -> None:
        self.complaints.add(Complaint(code=code, message=message, remedy=remedy, path=path or (), line=line))
        if self.complaints.total > MOST_COMPLAINTS:
            raise TooMuch(f"more than {MOST_COMPLAINTS:,} complaints", "correct these first", line)
