"""Options, a row each, read and written: texts by code. Several rows of one code are one option as long as they agree;
else the value shown is all of them, so that it is put right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from reconciler.model.errors import TargetError
from reconciler.model.values import HIDDEN, Value, Values
from reconciler.targets.sql import php
from reconciler.targets.sql.connection import Connection, Query
from reconciler.targets.sql.mapping import KindMap, Option, OptionReference, Options, OptionTable

LONE = 0
"""The id of the only object of a kind."""

OptionTexts: TypeAlias = dict[int, dict[str, str | None]]
"""owner's id → code → text."""


def texts(wire: Connection, register: OptionTable, ids: Iterable[int] | None) -> OptionTexts:
    """All options, or those of these owners."""
    found: dict[int, dict[str, list[str | None]]] = {}
    for _, owner, code, value in lines(wire, register, ids):
        found.setdefault(owner, {}).setdefault(code, []).append(value)
    return {owner: {code: _agreed(rows) for code, rows in codes.items()} for owner, codes in found.items()}


def lines(
    wire: Connection, register: OptionTable, ids: Iterable[int] | None, code: str | None = None
) -> Iterator[tuple[Any, int, str, str | None]]:
    """(row's id, owner, code, text), the row that counts first. `code`: only of this one."""
    statement: Query = sa.select(
        register.id if register.id is not None else sa.literal(0),
        register.owner if register.owner is not None else sa.literal(LONE),
        register.code,
        register.value,
        register.serialized if register.serialized is not None else sa.literal(0),
    ).where(*(column == fixed for column, fixed in register.within.items()))
    if code is not None:
        statement = statement.where(register.code == code)
    rows = wire.rows(statement) if register.owner is None or ids is None else wire.among(statement, register.owner, ids)
    for number, owner, named, value, serialized in sorted(rows, key=lambda row: row[0]):
        yield number, owner, plain_text(named) or "", _plain(value, serialized)


def number(said: str | None) -> int | None:
    """The id that an option spells; None where it names nothing."""
    return int(said) if said and said.isascii() and said.isdecimal() and int(said) else None


def referred(place: OptionReference, said: str | None, names: Mapping[int, str]) -> Value | None:
    """What an option refers to."""
    named = number(said)
    if named is None:
        return place.empty if not said or said == "0" else f"#{said}"
    return names.get(named, f"#{named}")


def optional_text(kind: KindMap, place: Options, said: Mapping[str, str | None]) -> Values:
    """The options that have no field of their own, secrets hidden. What rows do not agree on is left out: whoever
    states it puts it right."""
    known = kind.codes(place.register)
    return {
        code: HIDDEN if place.register.hides(code) else text or ""
        for code, text in sorted(said.items())
        if code not in known and not isinstance(text, ConflictingText)
    }


class OptionWriter:
    """Writes options of one kind's objects whose ids are known."""

    def __init__(self, wire: Connection, register: OptionTable, stamps: Mapping[str, Mapping[str, Any]]) -> None:
        self._wire = wire
        self._register = register
        self._stamps = stamps

    def write(self, wanted: Mapping[int, Mapping[str, str | None]], there: Sequence[int]) -> None:
        """owner → code → text; None: no row. `there`: owners that may have rows."""
        present: dict[tuple[int, str], list[tuple[Any, str | None]]] = {}
        for row, owner, code, value in lines(self._wire, self._register, there):
            present.setdefault((owner, code), []).append((row, value))
        fresh: list[tuple[int, str, str]] = []
        for owner, codes in wanted.items():
            for code, value in codes.items():
                rows = present.get((owner, code), [])
                if value is None:
                    self._remove(owner, code, rows)
                elif not rows:
                    fresh.append((owner, code, value))
                else:
                    self._settle(owner, code, value, rows)
        self._insert(fresh)

    def _settle(self, owner: int, code: str, value: str, rows: Sequence[tuple[Any, str | None]]) -> None:
        """One row with this text; what is over goes."""
        (kept, old), *surplus = rows
        self._remove(owner, code, surplus)
        if old == value:
            return
        register = self._register
        said: dict[str, Any] = {register.value.name: value, **self._stamps["touched"]}
        if register.serialized is not None:
            said[register.serialized.name] = int(php.is_structure(value))
        self._wire.write(sa.update(register.table).where(self._is(owner, code, kept)).values(said))

    def _remove(self, owner: int, code: str, rows: Sequence[tuple[Any, str | None]]) -> None:
        for row, _ in rows:
            self._wire.write(sa.delete(self._register.table).where(self._is(owner, code, row)))

    def _is(self, owner: int, code: str, row: Any) -> sa.ColumnElement[bool]:
        register = self._register
        if register.id is not None:
            return sa.and_(register.id == row)
        found: list[Any] = [register.code == code, *(column == fixed for column, fixed in register.within.items())]
        if register.owner is not None:
            found.append(register.owner == owner)
        return sa.and_(*found)

    def _insert(self, rows: Sequence[tuple[int, str, str]]) -> None:
        register = self._register
        fixed: dict[str, Any] = {column.name: value for column, value in register.within.items()}
        fixed |= self._stamps["fresh"]
        names = [register.code.name, register.value.name, *fixed]
        names += [register.owner.name] if register.owner is not None else []
        names += [register.serialized.name] if register.serialized is not None else []
        whole = []
        for owner, code, value in rows:
            row = [code, value, *fixed.values()]
            row += [owner] if register.owner is not None else []
            row += [int(php.is_structure(value))] if register.serialized is not None else []
            whole.append(tuple(row))
        self._wire.insert(register.table, names, whole)


def written(
    kind: KindMap, register: OptionTable, draft: Mapping[str, Value | None], ids: Mapping[str, Mapping[Any, int]]
) -> dict[str, str | None]:
    """code → text of what a draft says in one register. `ids`: kind → key → id of what references name. Raises
    TargetError when one of them is not live."""
    said: dict[str, str | None] = {}
    for name, place in kind.fields.items():
        if name not in draft:
            continue
        value = draft[name]
        match place:
            case Option(register=own) if own.code is register.code:
                (said[place.code],) = place.codec.encode((value,))
            case OptionReference(register=own, kind=other) if own.code is register.code:
                if value not in (None, place.empty) and value not in ids.get(other, {}):
                    raise TargetError(f'there is no {other} "{value}" in the live system')
                said[place.code] = None if value in (None, place.empty) else str(ids[other][value])
            case Options(register=own) if own.code is register.code and isinstance(value, Mapping):
                shown = {code: text for code, text in value.items() if not register.hides(code)}
                said |= {code: None if text is None else str(text) for code, text in shown.items()}
            case _:
                pass
    return said


class ConflictingText(str):
    """What rows of one code say that do not agree."""

    __slots__ = ()


def _agreed(rows: Sequence[str | None]) -> str | None:
    different = list(dict.fromkeys(rows))
    return different[0] if len(different) == 1 else ConflictingText(" / ".join(each or "" for each in different))


def _plain(value: Any, serialized: Any) -> str | None:
    """What forms send ends its lines in two characters; one is enough to mean the same."""
    said = plain_text(value)
    if said is None or php.is_structure(said):
        return said
    said = php.php_text(said) if serialized else said
    return said.replace("\r\n", "\n") if said is not None else None


def plain_text(value: Any) -> str | None:
    """A stored text, which may be bytes; what is no UTF-8 is escaped."""
    if value is None:
        return None
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
