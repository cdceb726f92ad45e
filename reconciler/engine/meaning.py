"""Fields that mean something only together: said in a sentence of what will be, and missed where one of them is not
there. Looks at what no file states as it is live. Knows no kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from reconciler.engine.world import States
from reconciler.model.change import Change, Create, Update
from reconciler.model.finding import Finding
from reconciler.model.values import Value, same


def explained_fields(changes: Iterable[Change], world: States) -> Iterator[Change]:
    """The changes, those that state or change what a kind has a meaning for with its sentences."""
    for change in changes:
        if isinstance(change, Create | Update):
            told = tuple(_told(change, world))
            yield replace(change, explained=told) if told else change
        else:
            yield change


def _told(change: Create | Update, world: States) -> Iterator[str]:
    for meaning in world.vocabulary[change.ref.kind].meanings:
        sentence = "" if _touched(change).isdisjoint(meaning.fields) else meaning.tell(_values(change, world))
        if sentence:
            yield sentence


def incomplete_fields(
    changes: Iterable[Change], world: States, supports: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    """Fields that another one needs and that neither the file nor the live object has. In the files alone that cannot
    be told. `supports`: kind → the fields that the target has a place for."""
    needs = {
        kind: [(field.name, field.only_with) for field in fields if field.needed_then and field.name in supports[kind]]
        for kind, fields in world.vocabulary.held.items()
        if kind in supports
    }
    for change in changes:
        if isinstance(change, Create | Update):
            for name, beside in needs[change.ref.kind]:
                if beside is not None and _lacks(change, name, beside, world):
                    yield Finding(
                        code="required",
                        message=f"it is needed with {beside[0]}: {beside[1]}, and none is live",
                        ref=change.ref,
                        field=name,
                        origin=change.origin,
                        remedy=f"state {name}",
                        at_files=True,
                    )


def _lacks(change: Create | Update, name: str, beside: tuple[str, Value], world: States) -> bool:
    """Whether the change gives another field the value that needs this one, which will be nowhere."""
    other, wanted = beside
    if other not in _touched(change) or not same(change.after.get(other), wanted):
        return False
    return name not in _values(change, world)


def _touched(change: Create | Update) -> Set[str]:
    """What a file states of a new object, or what differs of one that is live."""
    match change:
        case Create():
            return change.after.keys() - change.defaults
        case Update():
            return {delta.name for delta in change.fields}


def _values(change: Create | Update, world: States) -> dict[str, Value]:
    """Every value that the object will have."""
    if isinstance(change, Create):
        return dict(change.after)
    sheet = world.live.get(change.ref.kind)
    held = sheet.values_of(change.ref.key) if sheet is not None and change.ref.key in sheet else {}
    taken = {delta.name for delta in change.fields if delta.after is None}
    return {name: value for name, value in {**held, **change.after}.items() if name not in taken}
