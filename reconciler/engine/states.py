"""What every object is now and what it will be, asked in one place by all that judge a plan.

While changes are being found, what will be is what the files state; once they are known, it is what the changes say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.model.change import Change, Create, Update
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.values import REMOVED, Removed, Value

LiveLookup: TypeAlias = Callable[[str, str, str], "Value | None"]
"""(kind, key, field) → the live value, renames in view; None where there is none."""
PlannedLookup: TypeAlias = Callable[[str, str, str], "Value | Removed | None"]
"""(kind, key, field) → the value that is asked for; None where nothing is asked for."""


@dataclass(frozen=True, slots=True)
class States:
    """`before`: what is live. `planned`: what files or changes say of it, who say nothing of most objects."""

    vocabulary: Vocabulary
    before: LiveLookup
    planned: PlannedLookup

    def after(self, kind: str, key: str, name: str) -> Value | None:
        """The value after the plan: what is asked for, else what is live; None where there is none."""
        value = self.planned(kind, key, name)
        if value is None:
            return self.before(kind, key, name)
        return None if value is REMOVED else value

    def values_after(self, ref: Ref) -> dict[str, Value]:
        """Every value that an object will have."""
        values = {field.name: self.after(ref.kind, ref.key, field.name) for field in self.vocabulary.held[ref.kind]}
        return {name: value for name, value in values.items() if value is not None}

    def once_done(self, changes: Iterable[Change]) -> States:
        """The same live side, and what will be by these changes alone."""
        return replace(self, planned=planned_by(changes))


def states_of_files(vocabulary: Vocabulary, desired: Mapping[str, Sheet], live: Mapping[str, Sheet]) -> States:
    """`desired`: comparable sheets. What is not live has the defaults of its fields where no file states them."""

    def before(kind: str, key: str, name: str) -> Value | None:
        return value_in(live[kind], key, name) if kind in live else None

    def planned(kind: str, key: str, name: str) -> Value | None:
        stated = value_in(desired[kind], key, name) if kind in desired else None
        if stated is not None or (kind in live and key in live[kind]):
            return stated
        field = vocabulary.fields[kind].get(name)
        return field.default if field else None

    return States(vocabulary, before, planned)


def planned_by(changes: Iterable[Change]) -> PlannedLookup:
    """What creations and updates leave behind: REMOVED for what they take away."""
    values: dict[Ref, Mapping[str, Value | Removed]] = {}
    for change in changes:
        if isinstance(change, Create | Update):
            values[change.ref] = change.after
        if isinstance(change, Update) and any(delta.after is None for delta in change.fields):
            removed = {delta.name: REMOVED for delta in change.fields if delta.after is None}
            values[change.ref] = {**change.after, **removed}
    return lambda kind, key, name: values.get(Ref(kind, key), {}).get(name)


def value_in(sheet: Sheet, key: str, name: str) -> Value | None:
    """One value out of a packed sheet, without making a Record."""
    block = sheet.index.get(key)
    if block is None or name not in block.fields:
        return None
    return block.rows[key][block.fields.index(name)]
