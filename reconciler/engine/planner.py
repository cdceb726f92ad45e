"""Desired, live and remembered in; a plan out. Two pure steps with the reading of facts between them: `draft` says what
would change and what has to be known, `complete` judges it. Knows no kind, no file and no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.engine.closed import retired
from reconciler.engine.drafting import PlanDraft, TargetAbilities, _Drafting
from reconciler.engine.excess import over_limit
from reconciler.engine.guards import ON_FACTS, ON_FILES, GuardInput
from reconciler.engine.impact import impact_of
from reconciler.engine.meaning import explained_fields
from reconciler.engine.moves import downgrades
from reconciler.engine.questions import members_leaving, under_new_names
from reconciler.engine.scope import Globs
from reconciler.model.change import Change, Reassign
from reconciler.model.facts import Desired, Facts, Snapshot, Users
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.memory import Remembered
from reconciler.model.plan import Allowance, Plan, Policy, Source
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary


def draft(
    desired: Desired,
    live: Snapshot,
    remembered: Remembered,
    *,
    vocabulary: Vocabulary,
    target: TargetAbilities,
    project: str,
    policy: Policy,
    only: tuple[str, ...] = (),
) -> PlanDraft:
    """Compare; nothing is judged yet. `only`: globs `kind/name` that the plan is limited to."""
    return _Drafting(desired, live, remembered, vocabulary, target, project, policy, Globs(only)).draft()


def complete(draft: PlanDraft, facts: Facts, *, source: Source, allowances: tuple[Allowance, ...] = ()) -> Plan:
    """Judge a draft by the facts: guards, impact, allowances."""
    vocabulary = draft.world.vocabulary
    facts = under_new_names(facts, draft.plan.changes)
    changes = tuple(_with_expected(draft.plan.changes, facts, vocabulary))
    case = GuardInput(
        changes=changes,
        facts=facts,
        policy=draft.plan.policy,
        vocabulary=vocabulary,
        managed=draft.plan.managed,
        declared={kind: len(sheet) for kind, sheet in draft.stated.items()},
        stated=draft.stated,
        reached=draft.reached,
    )
    findings = list(draft.plan.findings)
    for guard in (*ON_FACTS, *ON_FILES):
        findings += guard(case)
    findings += retired(changes, draft.world, draft.stated)
    findings += downgrades(changes, draft.plan.policy, draft.world)
    findings += over_limit(changes, facts, draft.plan.policy, vocabulary, draft.world.now)
    lifted = frozenset(allowance.code for allowance in allowances)
    for code in sorted(lifted.difference(finding.code for finding in findings if finding.blocks)):
        said = f"--allow {code} lifts nothing in this plan"
        findings.append(Finding(code="nothing-allowed", severity=Severity.NOTE, message=said))
    judged = tuple(sorted(allowed(tuple(findings), lifted), key=_by_weight))
    plan = replace(
        draft.plan,
        changes=tuple(explained_fields(changes, draft.world)),
        findings=judged,
        impact=tuple(impact_of(changes, facts, vocabulary)),
        source=replace(source, allowances=allowances),
    )
    return replace(plan, declared=_declared_people(plan, draft.stated, vocabulary))


def _with_expected(changes: tuple[Change, ...], facts: Facts, vocabulary: Vocabulary) -> Iterator[Change]:
    """Reassigns learn how many they will move; those with nobody to move are dropped."""
    leaving = members_leaving(changes, vocabulary)
    for change in changes:
        if not isinstance(change, Reassign) or change.members:
            yield change
            continue
        expected = facts.holders.get(change.ref, Users()).count - leaving.get(change.ref, 0)
        if expected > 0:
            yield replace(change, expected=expected)


def _declared_people(plan: Plan, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> frozenset[Ref]:
    """Of the people whom findings and impact name, those that a file names: only they are shown unmasked."""
    named = {name for finding in plan.findings for name in finding.names}
    named |= {finding.ref.key for finding in plan.findings if finding.ref is not None}
    named |= {key for impact in plan.impact for key, _, _ in impact.top}
    return frozenset(
        Ref(resource.kind, name)
        for resource in vocabulary
        if resource.personal
        for name in named.intersection(stated.get(resource.kind, ()))
    )


RANK = {severity: position for position, severity in enumerate(Severity)}


def _by_weight(finding: Finding) -> tuple[int, str, str, str, str]:
    place = "" if finding.ref is None else str(finding.ref)
    return RANK[finding.severity], place, finding.code, finding.field, finding.message
