"""The guards on facts once more, inside the write transaction, by locking reads (RULES 16). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.engine.guards import ON_FACTS, Case, in_use
from reconciler.engine.impact import Effective, over_limit, over_limit_severity
from reconciler.engine.questions import question
from reconciler.engine.scope import Globs
from reconciler.model.change import Change, Delete, Reassign, Update
from reconciler.model.facts import Question
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.plan import Plan
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Overrides, Reference, Vocabulary
from reconciler.model.target import Writer
from reconciler.model.values import NONE, Value


def recheck_start(plan: Plan, todo: Sequence[Change], writer: Writer, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """All guards on facts before anything is written."""
    asked = question(todo, vocabulary, Globs(plan.policy.hands_off))
    needed = Question(asked.holders, asked.pointers, _moved_from(todo, asked.meters))
    case = _case(plan, todo, writer, vocabulary, needed)
    findings = tuple(finding for guard in ON_FACTS for finding in guard(case))
    return _lifted(plan, findings)


def recheck_moved(plan: Plan, todo: Sequence[Change], writer: Writer, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """After the moves, right before the deletes: the locking recount must be nobody (RULES 11)."""
    victims = tuple(change for change in todo if isinstance(change, Delete))
    refs = frozenset(change.ref for change in victims)
    if not refs:
        return ()
    return tuple(in_use(_case(plan, victims, writer, vocabulary, Question(refs, refs))))


def recheck_limits(
    plan: Plan, todo: Sequence[Change], found: Mapping[Ref, Record], writer: Writer, vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """Use against the limits as they are now written; skipped where the settings only warn of it."""
    severity = over_limit_severity(plan.policy)
    lifted = {allowance.code for allowance in plan.source.allowances}
    if severity is not Severity.ERROR or "over-limit" in lifted:
        return ()
    updates = tuple(change for change in todo if isinstance(change, Update))
    facts = writer.facts(question(updates, vocabulary, Globs(())))
    held = _with_what_they_are_on(found, writer, vocabulary)
    effective = _effective(held, vocabulary)
    return tuple(over_limit(updates, facts, plan.policy, vocabulary, effective))


def _case(plan: Plan, changes: Sequence[Change], writer: Writer, vocabulary: Vocabulary, needed: Question) -> Case:
    return Case(
        changes=changes,
        facts=writer.facts(needed),
        policy=plan.policy,
        vocabulary=vocabulary,
        managed=plan.managed,
        declared={},
    )


def _moved_from(todo: Sequence[Change], meters: frozenset[Ref]) -> frozenset[Ref]:
    return meters.intersection(change.ref for change in todo if isinstance(change, Reassign))


def _lifted(plan: Plan, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return allowed(findings, frozenset(allowance.code for allowance in plan.source.allowances))


def _with_what_they_are_on(found: Mapping[Ref, Record], writer: Writer, vocabulary: Vocabulary) -> Mapping[Ref, Record]:
    wanted = {
        Ref(reference.kind, key)
        for ref, record in found.items()
        for field, reference in vocabulary.references[ref.kind]
        if reference.membership and isinstance(key := record.values.get(field.name), str) and key != NONE
    }
    return {**found, **writer.read(wanted.difference(found))}


def _effective(held: Mapping[Ref, Record], vocabulary: Vocabulary) -> Effective:
    def look(kind: str, key: str, name: str) -> Value | None:
        values = held[Ref(kind, key)].values if Ref(kind, key) in held else {}
        for field in vocabulary.held[kind]:
            if isinstance(field.type, Overrides):
                own = values.get(field.name)
                if isinstance(own, Mapping) and name in own:
                    return own[name]
                through = vocabulary.fields[kind][field.type.through].type
                holder = values.get(field.type.through)
                if isinstance(through, Reference) and isinstance(holder, str):
                    record = held.get(Ref(through.kind, holder))
                    return record.values.get(name) if record is not None else None
        return None

    return look
