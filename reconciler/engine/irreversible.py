"""What a later `revert` of a plan could not take back, said in the plan itself. Knows no kind by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from reconciler.model.change import Change, Create, Delete, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Names, Reference, Removal, Vocabulary
from reconciler.model.values import NONE, Value, Values

NAMED = 20
"""After so many complaints the rest is only counted."""


def irreversible(
    changes: Sequence[Change],
    vocabulary: Vocabulary,
    live: Mapping[str, Sheet],
    catalogues: Mapping[str, Collection[str]],
    creates: Collection[str],
) -> Iterator[Finding]:
    """A note for each thing that a revert will not bring back, and one for each kind whose objects it leaves."""
    made = Counter(
        change.ref.kind
        for change in changes
        if isinstance(change, Create) and vocabulary[change.ref.kind].removal is not Removal.DELETE
    )
    for kind, count in sorted(made.items()):
        yield _note(f"new {kind}: {count:,}; a revert would leave them there and only stop managing them")
    for change in changes:
        if isinstance(change, Delete) and change.ref.kind not in creates:
            yield _note(f"a revert cannot bring it back: this target creates no {change.ref.kind}", change)
    lost = _lost(changes, vocabulary, live, catalogues)
    for change, name, what in islice(lost, NAMED):
        yield _note(f"a revert cannot put it back: {what} is not there any more", change, name)
    if rest := sum(1 for _ in lost):
        yield _note(f"{rest:,} more values name what is not there any more, and no revert can put them back")


def _lost(
    changes: Sequence[Change],
    vocabulary: Vocabulary,
    live: Mapping[str, Sheet],
    catalogues: Mapping[str, Collection[str]],
) -> Iterator[tuple[Change, str, str]]:
    """(change, field, what is gone) for live values of now that name nothing."""
    for change in changes:
        if not isinstance(change, Update | Delete):
            continue
        fields = vocabulary.fields[change.ref.kind]
        for name, value in _going(change).items():
            what = _nowhere(fields[name], value, live, catalogues) if name in fields else ""
            if what:
                yield change, name, what


def _going(change: Update | Delete) -> Values:
    if isinstance(change, Delete):
        return change.before
    return {delta.name: delta.before for delta in change.fields if delta.before is not None}


def _nowhere(field: Field, value: Value, live: Mapping[str, Sheet], catalogues: Mapping[str, Collection[str]]) -> str:
    match field.type:
        case Reference(kind=kind) if isinstance(value, str) and value != NONE and value not in live.get(kind, ()):
            return str(Ref(kind, value))
        case Names(catalogue=catalogue) if isinstance(value, tuple):
            return ", ".join(name for name in value if name not in catalogues.get(catalogue, ()))
    return ""


def _note(message: str, change: Change | None = None, field: str = "") -> Finding:
    return Finding(
        code="not-revertible",
        severity=Severity.NOTE,
        message=message,
        ref=change.ref if change else None,
        field=field,
        origin=change.origin if change else None,
    )
