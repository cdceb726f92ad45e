"""Done changes as history keeps them: before, after, and the raw rows of what is gone (RULES 21). Knows no kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.memory import Entry
from reconciler.model.ref import Ref


def entries(done: Sequence[Change], raw: Mapping[Ref, Mapping[str, Any]], moved: Mapping[Ref, int]) -> list[Entry]:
    """One Entry a change, in the order done."""
    return list(_entries(done, raw, moved))


def _entries(done: Sequence[Change], raw: Mapping[Ref, Mapping[str, Any]], moved: Mapping[Ref, int]) -> Iterator[Entry]:
    for change in done:
        match change:
            case Create():
                yield Entry(ref=change.ref, action="create", before=None, after=change.after)
            case Update():
                names = [delta.name for delta in change.fields]
                before = {name: change.before[name] for name in names if name in change.before}
                after = {name: change.after[name] for name in names}
                yield Entry(ref=change.ref, action="update", before=before, after=after)
            case Rename():
                before, after = {"name": change.old}, {"name": change.ref.key}
                yield Entry(ref=change.ref, action="rename", before=before, after=after)
            case Reassign():
                yield Entry(
                    ref=change.ref, action="reassign", before=None, after={"to": change.to, "moved": moved[change.ref]}
                )
            case Delete():
                yield Entry(ref=change.ref, action="delete", before=change.before, after=None, raw=raw.get(change.ref))
            case Forget():
                yield Entry(ref=change.ref, action="forget", before=change.before, after=None)
