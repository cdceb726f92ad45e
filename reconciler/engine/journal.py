"""What a run did, as history keeps it: each change with before and after, the raw rows of what is gone, who was moved
(docs/rules.md#rule-37), and what memory held before, so that a revert loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from reconciler.engine.write import Moves, member_count
from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.memory import ALLOWED, MEMORY, Held, HistoryEntry, Memo
from reconciler.model.plan import Allowance
from reconciler.model.ref import Ref
from reconciler.model.values import Value

TOGETHER = 1_000
"""Objects in one entry about memory: a document that every engine takes."""


def entries(done: Sequence[Change], raw: Mapping[Ref, Mapping[str, Any]], moved: Moves) -> list[HistoryEntry]:
    """One Entry a change, in the order done."""
    return list(_entries(done, raw, moved))


def memory_entries(held: Mapping[Ref, Held], remember: Iterable[Memo], drop: Iterable[Ref]) -> Iterator[HistoryEntry]:
    """What memory held of everything that it is about to learn or to drop, many objects in one Entry."""
    for what, refs in (("remembered", (memo.ref for memo in remember)), ("dropped", drop)):
        kinds: dict[str, list[str]] = {}
        for ref in refs:
            kinds.setdefault(ref.kind, []).append(ref.key)
        for kind, keys in kinds.items():
            rest = iter(keys)
            while chunk := list(islice(rest, TOGETHER)):
                before = {key: _pair(held.get(Ref(kind, key))) for key in chunk}
                yield HistoryEntry(ref=Ref(kind, ""), action=MEMORY, before=None, after=None, raw={what: before})


def allowance_entries(allowances: Iterable[Allowance]) -> Iterator[HistoryEntry]:
    """What was lifted and why, so that history tells it as long as it tells the run; nothing where nothing was."""
    reasons = {allowance.code: allowance.reason for allowance in allowances}
    if reasons:
        yield HistoryEntry(ref=Ref("", ""), action=ALLOWED, before=None, after=None, raw=reasons)


def _pair(held: Held | None) -> list[str] | None:
    return None if held is None else [held.stated, held.origin]


def _entries(done: Sequence[Change], raw: Mapping[Ref, Mapping[str, Any]], moved: Moves) -> Iterator[HistoryEntry]:
    for change in done:
        action = change.operation.value  # plain text: some drivers write a member of an Enum by its name
        match change:
            case Create():
                yield HistoryEntry(ref=change.ref, action=action, before=None, after=change.after)
            case Update():
                names = [delta.name for delta in change.fields]
                before = {name: change.before[name] for name in names if name in change.before}
                after = {name: change.after[name] for name in names if name in change.after}
                yield HistoryEntry(ref=change.ref, action=action, before=before, after=after)
            case Rename():
                before, after = {"name": change.old}, {"name": change.ref.key}
                yield HistoryEntry(ref=change.ref, action=action, before=before, after=after)
            case Reassign():
                members = moved[change.ref, change.to]
                moves: dict[str, Value] = {"to": change.to, "moved": member_count(members)}
                yield HistoryEntry(ref=change.ref, action=action, before=None, after=moves, raw={"members": members})
            case Delete():
                yield HistoryEntry(
                    ref=change.ref, action=action, before=change.before, after=None, raw=raw.get(change.ref)
                )
            case Forget():
                yield HistoryEntry(ref=change.ref, action=action, before=change.before, after=None)
