"""The guards on facts once more, inside the write transaction, by locking reads (RULES 16). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.engine.excess import over_limit, over_limit_severity
from reconciler.engine.guards import ON_FACTS, GuardInput, in_use
from reconciler.engine.prove import LiveObjects
from reconciler.engine.questions import needed_facts, new_names, under_new_names
from reconciler.model.change import Change, Delete, Reassign, Update
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.plan import Plan
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Writer
from reconciler.model.values import NONE, Value


def recheck_start(
    plan: Plan, todo: Sequence[Change], found: Mapping[Ref, Record], writer: Writer, vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """All guards on facts before anything is written. `found`: the touched objects, read under lock."""
    asked = needed_facts(todo, vocabulary)
    measured = over_limit_severity(plan.policy) is Severity.ERROR
    if not measured:  # nobody would see a warning now, and usage of every customer is dear while the lock is held
        moved = asked.meters.intersection(change.ref for change in todo if isinstance(change, Reassign))
        asked = NeededFacts(asked.holders, asked.pointers, moved if plan.policy.hands_off else frozenset())
    facts = under_new_names(writer.facts(asked), todo)
    findings = [finding for guard in ON_FACTS for finding in guard(_case(plan, todo, facts, vocabulary))]
    if measured:
        renamed = {new: old for old, new in new_names(todo).items()}
        joined = frozenset(renamed.get(ref, ref) for ref in _joined(todo, vocabulary))
        seen = LiveObjects({**found, **writer.read(joined.difference(found))}, renamed, vocabulary)
        findings += over_limit(todo, facts, plan.policy, vocabulary, lambda *field: _now(seen, *field))
    return allowed(tuple(findings), frozenset(allowance.code for allowance in plan.source.allowances))


def recheck_moved(plan: Plan, todo: Sequence[Change], writer: Writer, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """After the moves, right before the deletes: the locking recount must be nobody (RULES 11)."""
    victims = tuple(change for change in todo if isinstance(change, Delete))
    refs = frozenset(change.ref for change in victims)
    if not refs:
        return ()
    return tuple(in_use(_case(plan, victims, writer.facts(NeededFacts(refs, refs)), vocabulary)))


def _case(plan: Plan, changes: Sequence[Change], facts: Facts, vocabulary: Vocabulary) -> GuardInput:
    return GuardInput(
        changes=changes,
        facts=facts,
        policy=plan.policy,
        vocabulary=vocabulary,
        managed=plan.managed,
        declared={},
    )


def _joined(todo: Sequence[Change], vocabulary: Vocabulary) -> Iterator[Ref]:
    """What the changed users are on, before and after."""
    for change in todo:
        for field, reference in vocabulary.references[change.ref.kind]:
            if isinstance(change, Update) and reference.membership:
                for values in (change.before, change.after):
                    key = values.get(field.name)
                    if isinstance(key, str) and key != NONE:
                        yield Ref(reference.kind, key)


def _now(seen: LiveObjects, kind: str, key: str, name: str) -> Value | None:
    return (seen.values(Ref(kind, key)) or {}).get(name)
