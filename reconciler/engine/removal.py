"""Objects that go: taken out of the files, buried by `lifecycle: removed`, or undeclared under `authoritative`
(docs/rules.md#rule-16, #rule-22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.engine.compare import wrong_spelling
from reconciler.engine.globs import Globs
from reconciler.model.change import Change, Delete, Forget, Reassign
from reconciler.model.finding import Finding
from reconciler.model.names import all_folded, folded
from reconciler.model.plan import Policy
from reconciler.model.record import Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Removal, Resource

LONGEST_LINE = 9
"""Digits of a line number; more is none, whatever a hand has written into memory."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Remembered, not declared, and not live or of a kind that simply stays: memory drops it."""

    ref: Ref


Removed: TypeAlias = Change | Forgotten | Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Removals:
    """One kind, and who of it may leave. `spared`: hands off, external or foreign."""

    resource: Resource
    stated: Sheet
    live: Sheet
    memos: Mapping[str, tuple[str, str]]
    buried: frozenset[str]
    policy: Policy
    finished: bool
    scope: Globs
    spared: Globs
    foreign: Mapping[Ref, str]

    def changes(self) -> Iterator[Removed]:
        """Every object that leaves, by key. A live name that a file only spells otherwise does not leave
        (docs/rules.md#rule-2)."""
        respelled = frozenset(all_folded(self.stated.keys() - self.live.keys()))
        for key in sorted(self.buried):
            if self._in_scope(key):
                yield from self._bury(key)
        for key in sorted(self.memos.keys() - self.stated.keys()):
            if self._in_scope(key) and not (key in self.live and folded(key) in respelled):
                yield from self._taken_out(key)
        if self._takes_undeclared:
            for key in sorted(self.live.keys() - self.stated.keys() - self.memos.keys()):
                ref = Ref(self.resource.kind, key)
                if self._in_scope(key) and ref not in self.foreign and folded(key) not in respelled:
                    yield Delete(ref=ref, before=self.live[key].values)

    @property
    def _takes_undeclared(self) -> bool:
        return self.policy.mode == "authoritative" and self.finished and self.resource.removal is Removal.DELETE

    @property
    def _deletes(self) -> bool:
        return self.policy.mode != "additive"

    def _in_scope(self, key: str) -> bool:
        ref = Ref(self.resource.kind, key)
        return ref not in self.spared and (not self.scope or ref in self.scope)

    def _bury(self, key: str) -> Iterator[Removed]:
        stone = self.resource.tombstone
        assert stone is not None
        ref = Ref(self.resource.kind, key)
        if key not in self.live:
            if key in self.memos:
                yield Forgotten(ref)
            for near in sorted(name for name in self.live if folded(name) == folded(key)):
                yield wrong_spelling(self.resource, self.stated[key], near)
            return
        if not self._deletes or ref in self.foreign:
            return
        record = self.stated[key]
        note = str(record.values.get(self.resource.note, ""))
        successor = record.values.get(stone.successor)
        if isinstance(successor, str):
            yield Reassign(ref=ref, to=successor, expected=0, origin=record.where(stone.successor), note=note)
        gone_by = record.where(stone.field)
        yield Delete(ref=ref, before=self.live[key].values, origin=gone_by, note=note, stated=True)

    def _taken_out(self, key: str) -> Iterator[Change | Forgotten]:
        ref = Ref(self.resource.kind, key)
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
