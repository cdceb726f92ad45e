"""Values that applications keep several of in one text column, as JSON: lists of ids, switches, pairs. What cannot be
read is shown as it is and replaced as a whole; keys that nobody here knows stay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.errors import TargetError
from reconciler.model.values import OFF, Value
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.mapping import Ids

ON: Final = "on"
"""What a form sends for a ticked box."""


UNTICKED: Final[tuple[Any, ...]] = (None, "", "0", 0, False, [], {})
"""What PHP takes for false."""


@dataclass(frozen=True, slots=True)
class IdList:
    """Names as a JSON list of ids; no id is `off`. Ids may be numbers or text there; text is written, as forms do."""

    what: str

    def decode(self, stored: tuple[Any, ...], names: Mapping[int, str]) -> Value | None:
        """A sorted set of names; an id without a name as `#12`; the text itself where it is no list."""
        return _named(stored[0], names)

    def encode(self, value: Value | None, stored: tuple[Any, ...], ids: Ids) -> tuple[Any, ...]:
        """Raises TargetError on a name that is not live."""
        return (_numbered(value, stored[0], ids, self.what),)


@dataclass(frozen=True, slots=True)
class ChosenIdList:
    """As IdList, where another column (the first) says by a word which of several lists counts."""

    word: str
    what: str

    def decode(self, stored: tuple[Any, ...], names: Mapping[int, str]) -> Value | None:
        """`off` where another list counts."""
        chosen, listed = stored
        return _named(listed, names) if chosen == self.word else OFF

    def encode(self, value: Value | None, stored: tuple[Any, ...], ids: Ids) -> tuple[Any, ...]:
        """Names choose their list; `off` leaves the choice of another list alone."""
        chosen, listed = stored
        if isinstance(value, tuple):
            return self.word, _numbered(value, listed, ids, self.what)
        return chosen, _numbered(value, listed, ids, self.what) if chosen == self.word else listed


@dataclass(frozen=True, slots=True)
class Ticked:
    """One box among several of a JSON object, ticked where its key has a value that PHP takes for true. `unsaid`: what
    it means that the whole object is empty."""

    key: str
    unsaid: bool = False
    keys: tuple[str, ...] = ()
    """All boxes of the object, which are written out once one of them is; needed where `unsaid` is true. Without them
    a box that is not ticked is left out, as a form does."""

    def decode(self, stored: tuple[Any, ...], names: Mapping[int, str]) -> Value | None:
        """True or false; the text itself where it is no object."""
        boxes = _json(stored[0], dict)
        if boxes is None:
            return text(stored[0])
        return boxes.get(self.key) not in UNTICKED if boxes else self.unsaid

    def encode(self, value: Value | None, stored: tuple[Any, ...], ids: Ids) -> tuple[Any, ...]:
        """The object with this box as wanted. What was unsaid is said by then."""
        boxes = _json(stored[0], dict) or dict.fromkeys(self.keys, ON if self.unsaid else "")
        boxes[self.key] = ON if value is True else ""
        if not self.keys and value is not True:
            del boxes[self.key]
        return (json.dumps(boxes, ensure_ascii=False),)


@dataclass(frozen=True, slots=True)
class Entries:
    """A map as a JSON list of objects, each with a name and a value."""

    name: str
    value: str

    def decode(self, stored: tuple[Any, ...], names: Mapping[int, str]) -> Value | None:
        """name → text; a map of one unlawful entry with the whole text where it is no such list."""
        entries = _json(stored[0], list)
        if entries is None or not all(isinstance(each, dict) and self.name in each for each in entries):
            return {"": text(stored[0])}
        found = {text(each[self.name]): text(each.get(self.value)) for each in entries}
        return dict(sorted(found.items()))

    def encode(self, value: Value | None, stored: tuple[Any, ...], ids: Ids) -> tuple[Any, ...]:
        """Owned whole, so the old list does not matter."""
        pairs = value if isinstance(value, Mapping) else {}
        entries = [{self.name: name, self.value: each} for name, each in sorted(pairs.items()) if each is not None]
        return (json.dumps(entries),)  # ASCII, which every charset of a column holds


def _named(stored: Any, names: Mapping[int, str]) -> Value:
    listed = _json(stored, list)
    if listed is None:
        return text(stored)
    found = (str(each) for each in listed if each not in (None, ""))
    shown = {names.get(int(each)) or f"#{each}" if each.isdecimal() else f"#{each}" for each in found}
    return tuple(sorted(shown)) or OFF


def _numbered(value: Value | None, stored: Any, ids: Ids, what: str) -> str:
    """The list of ids. Where several things have one name, those that are in the stored list already are meant."""
    names = value if isinstance(value, tuple) else ()
    before = {int(each) for each in map(str, _json(stored, list) or ()) if each.isdecimal()}
    numbers: list[int] = []
    for name in names:
        there = ids.get(name, ())
        meant = [number for number in there if number in before] or there
        if not meant:
            raise TargetError(f'there is no {what} "{name}" in the live system')
        if len(there) > 1 and not before.intersection(there):
            raise TargetError(
                f'there are {len(there)} of {what} "{name}" in the live system', remedy="rename all but one of them"
            )
        numbers += meant
    return json.dumps([str(number) for number in numbers])


def _json(stored: Any, kind: type) -> Any:
    """What a column holds, read as JSON; nothing or an empty text is an empty one of the kind, and PHP writes an empty
    object as a list. None: it is neither JSON nor of that kind."""
    if stored is None or stored == "":
        return kind()
    try:
        found = json.loads(stored)
    except (ValueError, TypeError, RecursionError):
        return None
    if found in ([], {}, None, ""):
        return kind()
    if isinstance(found, dict) and kind is list and all(key.isdecimal() for key in found):
        return list(found.values())  # PHP writes a list with gaps as an object
    return found if isinstance(found, kind) else None
