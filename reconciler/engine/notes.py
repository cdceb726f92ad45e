"""Fields that mean something only together: said in a sentence of what will be, and missed where one of them is not
there. Looks at what no file states as it is live.

What a later `revert` of a plan could not take back, said in the plan itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice

from reconciler.engine.states import States
from reconciler.model.change import Change, Create, Delete, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Names, Reference, Removal, Vocabulary
from reconciler.model.values import NONE, Value, Values, same


def explained_fields(changes: Iterable[Change], states: States) -> Iterator[Change]:
    """The changes, those that state or change what a kind has a meaning for with its sentences."""
    for change in changes:
        if isinstance(change, Create | Update):
            sentences = tuple(_sentences(change, states))
            yield replace(change, explained=sentences) if sentences else change
        else:
            yield change


def _sentences(change: Create | Update, states: States) -> Iterator[str]:
    for meaning in states.vocabulary[change.ref.kind].meanings:
        sentence = "" if _touched(change).isdisjoint(meaning.fields) else meaning.tell(states.values_after(change.ref))
        if sentence:
            yield sentence


def incomplete_fields(
    changes: Iterable[Change], states: States, supports: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    """Fields that another one needs and that neither the file nor the live object has. In the files alone that cannot
    be told. `supports`: kind → the fields that the target has a place for."""
    needs = {
        kind: [(field.name, field.only_with) for field in fields if field.needed_then and field.name in supports[kind]]
        for kind, fields in states.vocabulary.held.items()
        if kind in supports
    }
    for change in changes:
        if isinstance(change, Create | Update):
            for name, beside in needs[change.ref.kind]:
                if beside is not None and _lacks(change, name, beside, states):
                    yield Finding(
                        code="required",
                        message=f"it is needed with {beside[0]}: {beside[1]}, and none is live",
                        ref=change.ref,
                        field=name,
                        origin=change.origin,
                        remedy=f"state {name}",
                        at_files=True,
                    )


def _lacks(change: Create | Update, name: str, beside: tuple[str, Value], states: States) -> bool:
    """Whether the change gives another field the value that needs this one, which will be nowhere."""
    other, wanted = beside
    if other not in _touched(change) or not same(change.after.get(other), wanted):
        return False
    return name not in states.values_after(change.ref)


def _touched(change: Create | Update) -> Set[str]:
    """What a file states of a new object, or what differs of one that is live."""
    match change:
        case Create():
            return change.after.keys() - change.defaults
        case Update():
            return {delta.name for delta in change.fields}


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
        for name, value in _values_lost(change).items():
            what = _nowhere(fields[name], value, live, catalogues) if name in fields else ""
            if what:
                yield change, name, what


def _values_lost(change: Update | Delete) -> Values:
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
