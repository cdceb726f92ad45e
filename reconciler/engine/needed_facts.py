"""Which facts the guards and the impact need for a list of changes. What is not asked for here, no guard can read: it
raises (`Facts.answering`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.engine.states import value_in
from reconciler.model.change import Change, Delete, Effect, FieldDelta, Reassign, Rename, Update
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Overrides, Reference, Vocabulary

LOSSES = (Effect.LESS, Effect.UNKNOWN)


def needed_facts(
    changes: Sequence[Change], vocabulary: Vocabulary, reached: Collection[Ref] = frozenset()
) -> NeededFacts:
    """Holders of what is deleted, emptied or changed, and of what is `reached`; usage of those whose measured limits
    shrink. Asked under the names that are live now: see `answered`."""
    holders: set[Ref] = set(reached)
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
                meters.add(change.ref)
                counters |= {f.measured_by for f in measured_limits(change.ref.kind, vocabulary)}
            case Update() if has_users:
                holders.add(change.ref)
                if binds_users(change, vocabulary):
                    meters.add(change.ref)
                counters |= {f.measured_by for _, f in shrinking(change, vocabulary)}
            case Update():
                if own := {f.measured_by for _, f in shrinking(change, vocabulary)}:
                    meters.add(change.ref)
                    counters |= own
            case _:
                pass
    old = {new: before for before, new in new_names(changes).items()}

    def live(refs: set[Ref]) -> frozenset[Ref]:
        return frozenset(old.get(ref, ref) for ref in refs)

    return NeededFacts(live(holders), live(pointers), live(meters), frozenset(counters))


def reached(changes: Iterable[Change], vocabulary: Vocabulary, live: Mapping[str, Sheet]) -> frozenset[Ref]:
    """Live objects with users that refer to a changed object which has none of its own: who changes a role reaches
    everyone on the packages that name it."""
    changed = {c.ref for c in changes if isinstance(c, Update) and not vocabulary.memberships[c.ref.kind]}
    kinds = {ref.kind for ref in changed}
    return frozenset(
        Ref(kind, key)
        for kind, references in vocabulary.references.items()
        if vocabulary.memberships[kind]
        for field, reference in references
        if reference.kind in kinds
        for key in live.get(kind, ())
        if Ref(reference.kind, str(value_in(live[kind], key, field.name))) in changed
    )


def new_names(changes: Iterable[Change]) -> dict[Ref, Ref]:
    """Live name → the name that the plan gives it."""
    return {Ref(c.ref.kind, c.old): c.ref for c in changes if isinstance(c, Rename)}


def answered(facts: Facts, needed: NeededFacts, changes: Iterable[Change]) -> Facts:
    """The answer to what was needed, as guards read it: in the names of the plan, in which renamed objects have their
    new names already, and closed to what nobody asked for."""
    new = new_names(changes)
    if not new:
        return facts.answering(needed)

    def planned(refs: Collection[Ref]) -> frozenset[Ref]:
        return frozenset(new.get(ref, ref) for ref in refs)

    needed = NeededFacts(planned(needed.holders), planned(needed.pointers), planned(needed.meters), needed.counters)
    facts = replace(
        facts,
        holders={new.get(ref, ref): found for ref, found in facts.holders.items()},
        pointers={
            new.get(ref, ref): tuple((new.get(by, by), name) for by, name in found)
            for ref, found in facts.pointers.items()
        },
        meters={new.get(ref, ref): found for ref, found in facts.meters.items()},
        cascades={new.get(ref, ref): words for ref, words in facts.cascades.items()},
    )
    return facts.answering(needed)


def binds_users(change: Update, vocabulary: Vocabulary) -> bool:
    """Whether it matters what each user overrides or has used: a field changes that users may override, or a limit."""
    fields = vocabulary.fields[change.ref.kind]
    return any(fields[delta.name].overridable or fields[delta.name].measured_by for delta in change.fields)


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
                yield from ((delta, limit) for limit in measured_limits(reference.kind, vocabulary))
            case _ if field.measured_by and delta.effect in LOSSES:
                yield delta, field


def measured_limits(kind: str, vocabulary: Vocabulary) -> Iterator[Field]:
    """The limits of a kind whose use by its users is counted, whether they may override them or not."""
    return (field for field in vocabulary.held[kind] if field.measured_by)


def members_leaving(changes: Iterable[Change], vocabulary: Vocabulary) -> dict[Ref, int]:
    """How many users each object loses by updates of the users themselves, or as the members that a move names."""
    leaving: dict[Ref, int] = {}
    for change in changes:
        if isinstance(change, Reassign) and change.members:
            leaving[change.ref] = leaving.get(change.ref, 0) + change.expected
        if not isinstance(change, Update):
            continue
        for field, reference in vocabulary.references[change.ref.kind]:
            old = change.before.get(field.name)
            if reference.membership and isinstance(old, str) and old != change.after.get(field.name, old):
                ref = Ref(reference.kind, old)
                leaving[ref] = leaving.get(ref, 0) + 1
    return leaving


def goes(change: Reassign, user: Ref) -> bool:
    """Whether a move means this user of its object."""
    return not change.members or user.key in change.members.get(user.kind, ())
