"""The one plain thing that a YAML file and a live row both become.

A Record is made only for what is looked at. What merely equals its counterpart stays a packed row in a Sheet: a hundred
thousand tenants are tuples, not objects (docs/architecture.md#scale).

Working on packed rows: take some columns, replace one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value, Values

NO_LINES: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One object. `values` is flat (`sending.daily_limit`). From a file it holds what is stated, `lines` tells where
    (field → line); from a live system it holds every field the target has a place for."""

    kind: str
    key: str
    values: Values
    origin: Origin
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """Who this is."""
        return Ref(self.kind, self.key)

    @property
    def stated(self) -> frozenset[str]:
        """The fields it has a value for."""
        return frozenset(self.values)

    def where(self, name: str = "") -> Origin:
        """The place of one field, or of the object when the field has no line of its own."""
        return Origin(self.origin.place, self.lines.get(name, self.origin.line))


@dataclass(frozen=True, slots=True)
class Block:
    """Objects of one place that have values for the same fields: the field names once, then a tuple of values each.
    A live row may hold None for a field without a value; a Record then does not have the field."""

    place: str
    fields: tuple[str, ...]
    rows: dict[str, tuple[Value, ...]]


Locate = Callable[[str, str], Mapping[str, int]]
"""(place, key) → field → line; the object's own line is under the empty name."""


def nowhere(place: str, key: str) -> Mapping[str, int]:
    """The Locate of live systems: their rows have no lines."""
    return NO_LINES


class Sheet(Mapping[str, Record]):
    """All objects of one kind on one side, packed; `sheet[key]` unpacks one."""

    def __init__(self, kind: str, blocks: tuple[Block, ...] = (), locate: Locate = nowhere) -> None:
        self.kind = kind
        self.blocks = blocks
        self.locate = locate

    @cached_property
    def index(self) -> Mapping[str, Block]:
        """key → the block that holds it."""
        found: dict[str, Block] = {}
        for block in self.blocks:
            found.update(dict.fromkeys(block.rows, block))
        return found

    @cached_property
    def _members(self) -> Mapping[str, object]:
        """Whose keys are those of the sheet. Of a single block its rows: a live sheet needs no index."""
        return self.blocks[0].rows if len(self.blocks) == 1 else self.index

    def __getitem__(self, key: str) -> Record:
        return self.record(key)

    def record(self, key: str, *, lines: bool = True) -> Record:
        """One object unpacked. Finding its lines costs a look into its file; without them it has its file only.
        Raises KeyError."""
        block = self.index[key]
        found = self.locate(block.place, key) if lines else NO_LINES
        return Record(
            kind=self.kind,
            key=key,
            values=self.values_of(key),
            origin=Origin(block.place, found.get("")),
            lines=found,
        )

    def values_of(self, key: str) -> dict[str, Value]:
        """The values alone. Raises KeyError."""
        block = self.index[key]
        row = block.rows[key]
        named = zip(block.fields, row, strict=True)
        return {name: value for name, value in named if value is not None} if None in row else dict(named)

    def keys(self) -> KeysView[str]:
        """All keys, as a view that makes sets at once; the one of `Mapping` asks for each key."""
        return self._members.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: object) -> bool:
        return key in self._members


def sheet_of(kind: str, records: Mapping[str, Record]) -> Sheet:
    """Pack Records into a Sheet; lines are kept. For tests and for sides that are small."""
    blocks = tuple(
        Block(record.origin.place, tuple(record.values), {key: tuple(record.values.values())})
        for key, record in records.items()
    )
    lines = {key: {"": r.origin.line, **r.lines} if r.origin.line else dict(r.lines) for key, r in records.items()}
    return Sheet(kind, blocks, lambda place, key: lines.get(key, NO_LINES))


Row = tuple[Value, ...]


def taker(fields: tuple[str, ...], keep: tuple[str, ...]) -> Callable[[Row], Row]:
    """A function row → the values of `keep`, in its order, always a tuple."""
    positions = [fields.index(name) for name in keep]
    if len(positions) > 1:
        return itemgetter(*positions)
    if positions:
        only = positions[0]
        return lambda row: (row[only],)
    return lambda row: ()


def with_values(block: Block, name: str, values: Mapping[str, Value]) -> Block:
    """The block with other values of one field for some keys."""
    position = block.fields.index(name)
    rows = block.rows | {
        key: (*block.rows[key][:position], value, *block.rows[key][position + 1 :]) for key, value in values.items()
    }
    return Block(block.place, block.fields, rows)


def column(block: Block, name: str) -> dict[str, Value]:
    """key → the value of one field; empty where the block does not have it."""
    if name not in block.fields:
        return {}
    position = block.fields.index(name)
    return {key: row[position] for key, row in block.rows.items()}
