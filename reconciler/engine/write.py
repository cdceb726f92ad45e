"""The order of writing (docs/rules.md#rule-20): renames, arrivals, moves, letting go, deletions. In bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.engine.verify import new_object
from reconciler.model.change import Change, Create, Delete, Members, Raw, Reassign, Rename, Update
from reconciler.model.errors import Stale, TargetError
from reconciler.model.finding import Finding
from reconciler.model.plan import Policy
from reconciler.model.ref import Ref
from reconciler.model.resource import Removal, Vocabulary
from reconciler.model.target import NewObject, Writer

Moves: TypeAlias = "dict[tuple[Ref, str], Members]"
"""(where from, where to) → who was moved."""


@dataclass(frozen=True, slots=True)
class Writing:
    """The changes that are still to do, written step by step."""

    writer: Writer
    vocabulary: Vocabulary
    changes: Sequence[Change]

    def arrive(self) -> None:
        """Renames; creations with references to their own kind left empty; updates; then those references."""
        for kind in self.vocabulary.creation_order:
            names = {c.old: c.ref.key for c in self.changes if isinstance(c, Rename) and c.ref.kind == kind}
            if names:
                self.writer.rename(kind, names)
        people = [k for k in self.vocabulary.creation_order if self.vocabulary[k].removal is Removal.FORGET]
        things = [k for k in self.vocabulary.creation_order if k not in people]
        for kinds in (things, people):
            for kind in kinds:
                self._insert(kind)
            for kind in kinds:
                self._update(kind)

    def _insert(self, kind: str) -> None:
        own = {field.name for field, reference in self.vocabulary.references[kind] if reference.kind == kind}
        rows: dict[str, NewObject] = {}
        back: dict[str, NewObject] = {}
        raw: dict[str, Raw] = {}
        links: dict[str, NewObject] = {}
        for change in self.changes:
            if isinstance(change, Create) and change.ref.kind == kind:
                key = change.ref.key
                (back if change.raw else rows)[key] = {n: v for n, v in change.after.items() if n not in own}
                if change.raw:
                    raw[key] = change.raw
                linked = {name: value for name, value in change.after.items() if name in own}
                if linked:
                    links[key] = linked
        if rows:
            self.writer.insert(kind, rows)
        if back:
            self.writer.restore(kind, back, raw)
        if links:
            self.writer.update(kind, links)

    def _update(self, kind: str) -> None:
        rows: dict[str, NewObject] = {
            change.ref.key: new_object(change, self.vocabulary)
            for change in self.changes
            if isinstance(change, Update) and change.ref.kind == kind
        }
        if rows:
            self.writer.update(kind, rows)

    def move(self, policy: Policy) -> Moves:
        """Every Reassign, and whom it moved. Raises Stale when far more came than were expected
        (docs/rules.md#rule-18), and TargetError when others were moved than those who were there a moment before."""
        moved: Moves = {}
        for change in self.changes:
            if isinstance(change, Reassign):
                there = self.writer.members(change.ref)
                those = among(there, change.members) if change.members else there
                moved[change.ref, change.to] = those
                count = self.writer.reassign(change.ref, change.to, change.members or None)
                if count * 100 > change.expected * (100 + policy.growth_percent):
                    message = f"{count:,} users would be moved, the plan saw {change.expected:,}"
                    finding = Finding(
                        code="stale", message=message, ref=change.ref, origin=change.origin, remedy="plan again"
                    )
                    raise Stale("far more users than planned; nothing was changed", findings=(finding,))
                if count != member_count(those):
                    raise TargetError(f"users of {change.ref} came or went while they were moved", remedy="try again")
        return moved

    def raw_of_deleted(self) -> Mapping[Ref, Mapping[str, Any]]:
        """The whole rows of what will be deleted, as they are before anything is written (docs/rules.md#rule-37)."""
        return self.writer.raw([change.ref for change in self.changes if isinstance(change, Delete)])

    def let_go(self) -> None:
        """Clear the references that victims hold to their own kind, so that they can go in any order."""
        for kind in self.vocabulary.creation_order:
            own = [field.name for field, reference in self.vocabulary.references[kind] if reference.kind == kind]
            rows: dict[str, NewObject] = {
                change.ref.key: dict.fromkeys(name for name in own if name in change.before)
                for change in self.changes
                if isinstance(change, Delete) and change.ref.kind == kind and not change.before.keys().isdisjoint(own)
            }
            if rows:
                self.writer.update(kind, rows)

    def delete(self) -> None:
        """Users before what they use."""
        for kind in reversed(self.vocabulary.creation_order):
            keys = [c.ref.key for c in self.changes if isinstance(c, Delete) and c.ref.kind == kind]
            if keys:
                self.writer.delete(kind, keys)


def among(there: Members, wanted: Members) -> Members:
    """Those of `wanted` that are `there`."""
    found = {kind: tuple(sorted(set(keys).intersection(there.get(kind, ())))) for kind, keys in wanted.items()}
    return {kind: keys for kind, keys in found.items() if keys}


def member_count(members: Members) -> int:
    """How many users."""
    return sum(map(len, members.values()))
