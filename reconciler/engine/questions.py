"""Which facts the guards and the impact need for a list of changes. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.engine.scope import Globs
from reconciler.model.change import Change, Create, Delete, Effect, FieldDelta, Reassign, Update
from reconciler.model.facts import Question
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Overrides, Reference, Vocabulary

LOSSES = (Effect.LESS, Effect.UNKNOWN)


def question(changes: Iterable[Change], vocabulary: Vocabulary, hands_off: Globs) -> Question:
    """Holders of what is deleted, emptied or changed; usage of those whose measured limits shrink."""
    holders: set[Ref] = set()
    pointers: set[Ref] = set()
    meters: set[Ref] = set()
    counters: set[str] = set()
    for change in changes:
        has_users = bool(vocabulary.memberships[change.ref.kind])
        match change:
            case Delete():
                holders.add(change.ref)
                pointers.add(change.ref)
            case Reassign():
                holders.add(change.ref)
                if any(hands_off.names(user) for user, _ in vocabulary.memberships[change.ref.kind]):
                    meters.add(change.ref)
            case Update():
                if has_users:
                    holders.add(change.ref)
                    if any(vocabulary.fields[change.ref.kind][d.name].overridable for d in change.fields):
                        meters.add(change.ref)
                    counters |= {f.measured_by for _, f in shrinking(change, vocabulary)}
                elif own := {f.measured_by for _, f in shrinking(change, vocabulary)}:
                    meters.add(change.ref)
                    counters |= own
            case Create():
                pass
    return Question(frozenset(holders), frozenset(pointers), frozenset(meters), frozenset(counters))


def shrinking(change: Update, vocabulary: Vocabulary) -> Iterator[tuple[FieldDelta, Field]]:
    """The measured limits that an update lowers: its own, a user's overrides, or all of what a user is moved to."""
    fields = vocabulary.fields[change.ref.kind]
    for delta in change.fields:
        field = fields[delta.name]
        match field.type:
            case Overrides():
                inner = vocabulary.overrides_of(change.ref.kind, field)
                for item in delta.items:
                    if item.effect in LOSSES and inner[item.item].measured_by:
                        yield delta, inner[item.item]
            case Reference(membership=True) as reference if delta.effect in LOSSES:
                for inner_field in vocabulary.overridable[reference.kind].values():
                    if inner_field.measured_by:
                        yield delta, inner_field
            case _ if field.measured_by and delta.effect in LOSSES:
                yield delta, field


def members_leaving(changes: Iterable[Change], vocabulary: Vocabulary) -> dict[Ref, int]:
    """How many users each object loses by updates of the users themselves."""
    leaving: dict[Ref, int] = {}
    for change in changes:
        if not isinstance(change, Update):
            continue
        for field, reference in vocabulary.references[change.ref.kind]:
            old = change.before.get(field.name)
            if reference.membership and isinstance(old, str) and old != change.after.get(field.name, old):
                ref = Ref(reference.kind, old)
                leaving[ref] = leaving.get(ref, 0) + 1
    return leaving


def repointed(changes: Iterable[Change], vocabulary: Vocabulary) -> Mapping[tuple[Ref, str], str | None]:
    """(object, field) → what its reference names after the plan; None where the object itself is deleted."""
    after: dict[tuple[Ref, str], str | None] = {}
    for change in changes:
        for field, _ in vocabulary.references[change.ref.kind]:
            if isinstance(change, Delete):
                after[change.ref, field.name] = None
            elif isinstance(change, Update) and field.name in change.after:
                after[change.ref, field.name] = str(change.after[field.name])
    return after
