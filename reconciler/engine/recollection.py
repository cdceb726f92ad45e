"""What memory shall hold once a run is taken back: what it held before, as far as no later run has told it otherwise.
Knows no kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.engine.compare import stated_values
from reconciler.engine.removal import origin_of
from reconciler.engine.scope import Globs
from reconciler.model.memory import MEMORY, Held, HistoryEntry, Memo, Run
from reconciler.model.ref import Ref
from reconciler.model.values import canonical

MemoryBefore = tuple[str, str] | None
"""(stated, origin) as memory had it; None where it had nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredMemory:
    """`held`: memory of now; `aside`: objects that are not taken back, whose memory stays as well."""

    run: Run
    entries: Sequence[HistoryEntry]
    held: Mapping[Ref, Held]
    aside: frozenset[Ref]
    scope: Globs

    @property
    def renamed(self) -> frozenset[Ref]:
        """The names that renames gave and that go again."""
        return frozenset(entry.ref for entry in self.entries if entry.action == "rename")

    def remember(self) -> tuple[Memo, ...]:
        """What memory has to learn again, by object."""
        return tuple(Memo(ref, before[0], origin_of(before[1])) for ref, before in self._before() if before is not None)

    def drop(self) -> tuple[Ref, ...]:
        """What it has to forget, by object."""
        return tuple(ref for ref, before in self._before() if before is None)

    def _before(self) -> Iterator[tuple[Ref, MemoryBefore]]:
        told = dict(self._told())
        updates = {entry.ref: entry for entry in self.entries if entry.action == "update"}
        for ref, (before, dropped) in sorted(told.items()):
            now = self.held.get(ref)
            if ref in self.aside or (self.scope and ref not in self.scope):
                continue
            if dropped if now is None else now.run == self.run.id:
                if now is not None or before is not None:
                    yield ref, before
            elif now is not None and ref in updates:
                stated = _without(now.stated, before, updates[ref])
                if stated != now.stated:
                    yield ref, (stated, now.origin)

    def _told(self) -> Iterator[tuple[Ref, tuple[MemoryBefore, bool]]]:
        """object → what memory held of it before the run, and whether the run dropped it."""
        for entry in self.entries:
            for what, key, pair in restored_memory(entry):
                before = None if pair is None else (str(pair[0]), str(pair[1]))
                yield Ref(entry.ref.kind, key), (before, what == "dropped")


def restored_memory(entry: HistoryEntry) -> Iterator[tuple[str, str, Sequence[Any] | None]]:
    """(`remembered` or `dropped`, key, what memory held) of an entry about memory; nothing for any other."""
    for what, objects in (entry.raw or {}).items() if entry.action == MEMORY else ():
        if isinstance(objects, Mapping):
            yield from ((what, key, pair) for key, pair in objects.items() if pair is None or len(pair) == 2)


def _without(stated: str, before: MemoryBefore, entry: HistoryEntry) -> str:
    """What a later run remembered, with the fields of the run taken back to what they were."""
    now, then = stated_values(stated), stated_values(before[0]) if before else {}
    for name in {**(entry.before or {}), **(entry.after or {})}:
        if name in now and name in then:
            now[name] = then[name]
        else:
            now.pop(name, None)
    return canonical(now)
