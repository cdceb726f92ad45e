"""Objects that go: taken out of the files, told to go by `lifecycle: removed`, or undeclared under `authoritative`
(docs/rules.md#rule-16, #rule-22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from reconciler.engine.compare import wrong_spelling
from reconciler.engine.inputs import Inputs
from reconciler.engine.normalise import tombstones
from reconciler.model.change import Change, Delete, Forget, Reassign
from reconciler.model.finding import Finding
from reconciler.model.names import all_folded, folded
from reconciler.model.record import Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Removal, Resource

LONGEST_LINE = 9
"""Digits of a line number; more is none, whatever a hand has written into memory."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Remembered, not declared, and not live or of a kind that simply stays: memory drops it."""

    ref: Ref


RemovalStep: TypeAlias = Change | Forgotten | Finding


@dataclass(frozen=True, kw_only=True)
class Removals:
    """One kind, and who of it may leave. `live`: with renames in view."""

    inputs: Inputs
    kind: str
    live: Sheet
    memos: Mapping[str, tuple[str, str]]

    @cached_property
    def resource(self) -> Resource:
        """The declaration of the kind."""
        return self.inputs.vocabulary[self.kind]

    @cached_property
    def stated(self) -> Sheet:
        """As the files have it."""
        return self.inputs.stated(self.kind)

    def changes(self) -> Iterator[RemovalStep]:
        """Every object that leaves, by key. A live name that a file only spells otherwise does not leave
        (docs/rules.md#rule-2)."""
        respelled = frozenset(all_folded(self.stated.keys() - self.live.keys()))
        for key in sorted(tombstones(self.stated, self.resource)):
            if self._in_scope(key):
                yield from self._removed(key)
        for key in sorted(self.memos.keys() - self.stated.keys()):
            if self._in_scope(key) and not (key in self.live and folded(key) in respelled):
                yield from self._taken_out(key)
        if self._takes_undeclared:
            for key in sorted(self.live.keys() - self.stated.keys() - self.memos.keys()):
                ref = Ref(self.kind, key)
                if self._in_scope(key) and ref not in self.inputs.remembered.foreign and folded(key) not in respelled:
                    yield Delete(ref=ref, before=self.live[key].values)

    @property
    def _takes_undeclared(self) -> bool:
        return (
            self.inputs.policy.mode == "authoritative"
            and self.inputs.remembered.finished
            and self.resource.removal is Removal.DELETE
        )

    @property
    def _deletes(self) -> bool:
        return self.inputs.policy.mode != "additive"

    def _in_scope(self, key: str) -> bool:
        ref = Ref(self.kind, key)
        return ref not in self.inputs.spared and (not self.inputs.scope or ref in self.inputs.scope)

    def _removed(self, key: str) -> Iterator[RemovalStep]:
        stone = self.resource.tombstone
        assert stone is not None
        ref = Ref(self.kind, key)
        if key not in self.live:
            if key in self.memos:
                yield Forgotten(ref)
            for near in sorted(name for name in self.live if folded(name) == folded(key)):
                yield wrong_spelling(self.resource, self.stated[key], near)
            return
        if not self._deletes or ref in self.inputs.remembered.foreign:
            return
        record = self.stated[key]
        note = str(record.values.get(self.resource.note, ""))
        successor = record.values.get(stone.successor)
        if isinstance(successor, str):
            yield Reassign(ref=ref, to=successor, expected=0, origin=record.where(stone.successor), note=note)
        gone_by = record.where(stone.field)
        yield Delete(ref=ref, before=self.live[key].values, origin=gone_by, note=note, stated=True)

    def _taken_out(self, key: str) -> Iterator[Change | Forgotten]:
        ref = Ref(self.kind, key)
        if key not in self.live or self.resource.removal is Removal.KEEP:
            yield Forgotten(ref)
            return
        origin = origin_of(self.memos[key][1])
        if self.resource.removal is Removal.FORGET:
            yield Forget(ref=ref, before=self.live[key].values, origin=origin)
        elif self._deletes:
            yield Delete(ref=ref, before=self.live[key].values, origin=origin)


def origin_of(text: str) -> Origin:
    """`packages.d/legacy.yaml:1` as memory keeps it."""
    place, colon, line = text.rpartition(":")
    known = colon and line.isascii() and line.isdigit() and len(line) <= LONGEST_LINE
    return Origin(place, int(line)) if known else Origin(text)
