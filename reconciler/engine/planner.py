"""Desired, live and remembered in; a plan out. Two pure steps with the reading of facts between them: `draft` says what
would change and what has to be known, `complete` judges it.

The order in which changes are safe (docs/rules.md#rule-20).

The steps of a draft: renames, then each kind by itself, then references and order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.engine.compare import Compared, Comparison, ambiguous_names
from reconciler.engine.diff import Differ
from reconciler.engine.globs import Globs
from reconciler.engine.guards import GUARDS, GuardInput
from reconciler.engine.limits import impact_of
from reconciler.engine.needed_facts import members_leaving, needed_facts, reached, under_new_names
from reconciler.engine.normalise import TargetLimits, hands_off_declared, normalise, tombstones
from reconciler.engine.notes import explained_fields, incomplete_fields, irreversible
from reconciler.engine.references import dangling, unreachable
from reconciler.engine.removal import Forgotten, Removals, Removed, origin_of
from reconciler.engine.renames import Objects, renamed_live, renamed_memory, renames
from reconciler.engine.states import States, states_of_files
from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.facts import Desired, Facts, NeededFacts, Snapshot, Users
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.memory import Memo, Remembered
from reconciler.model.names import folded
from reconciler.model.plan import Allowance, Plan, Policy, Source
from reconciler.model.record import Block, Record, Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Removal, Vocabulary
from reconciler.model.target import RefusesValues


def in_safe_order(changes: Iterable[Change], vocabulary: Vocabulary) -> tuple[Change, ...]:
    """Renames; creations, then updates of what is referred to; then those who refer; moves; deletions; forgetting.

    Within a step by kind and key. Deletions run against the order of creation, users before what they use.
    """
    rank = {kind: position for position, kind in enumerate(vocabulary.creation_order)}
    people = {resource.kind for resource in vocabulary if resource.removal is Removal.FORGET}

    def place(change: Change) -> tuple[int, int, str]:
        kind = change.ref.kind
        match change:
            case Rename():
                step = 0
            case Create() | Update() if kind in people:
                step = 3
            case Create():
                step = 1
            case Update():
                step = 2
            case Reassign():
                step = 4
            case Delete():
                return 5, -rank[kind], change.ref.key
            case Forget():
                step = 6
        return step, rank[kind], change.ref.key

    return tuple(sorted(changes, key=place))


class TargetAbilities(Protocol):
    """What planning asks of a target: what it can hold and create."""

    name: str
    type: str

    @property
    def supports(self) -> Mapping[str, frozenset[str]]:
        """kind → fields."""
        ...

    @property
    def creates(self) -> frozenset[str]:
        """Kinds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan that has not seen the facts yet. `question` says which it needs; `reached`: unchanged objects whose users
    are hit, found only where the settings count customers."""

    plan: Plan
    states: States
    stated: Mapping[str, Sheet]
    question: NeededFacts
    reached: frozenset[Ref] = frozenset()


class _Drafting:
    """The steps of one draft; holds the inputs so that they need not be handed on."""

    def __init__(
        self,
        desired: Desired,
        live: Snapshot,
        remembered: Remembered,
        vocabulary: Vocabulary,
        target: TargetAbilities,
        project: str,
        policy: Policy,
        scope: Globs,
    ) -> None:
        self.desired = desired
        self.snapshot = live
        self.remembered = remembered
        self.vocabulary = vocabulary
        self.target = target
        self.project = project
        self.policy = policy
        self.scope = scope
        self.hands_off = Globs(policy.hands_off)
        self.spared = Globs((*policy.hands_off, *policy.external))

    def draft(self) -> PlanDraft:
        """Renames first, then each kind by itself, then references and order."""
        findings: list[Finding] = list(self.desired.findings)
        moves = self._renames(findings)
        names: dict[str, dict[str, str]] = {}
        for move in moves:
            names.setdefault(move.ref.kind, {})[move.old] = move.ref.key
        live = renamed_live(self._with_renamed_unnameables(moves), names, self.vocabulary)
        memos = renamed_memory(self.remembered.objects, names, self.vocabulary)
        settled = self._settled(findings)
        states = states_of_files(self.vocabulary, settled, live)
        total = self._all_kinds(settled, live, memos, Differ(states))
        changes = in_safe_order((*moves, *total.changes), self.vocabulary)
        states = states.once_done(changes)
        findings += total.findings
        to_delete = self._to_delete(changes, live)
        findings += dangling(self.desired, self.vocabulary, Globs(self.policy.external), to_delete=to_delete, live=live)
        findings += unreachable(changes, self.vocabulary, live, self.desired.sheets, to_delete)
        findings += irreversible(changes, self.vocabulary, live, self.snapshot.catalogues, self.target.creates)
        findings += incomplete_fields(changes, states, self.target.supports)
        findings += self._about_memory()
        plan = Plan(
            target=self.target.name,
            target_type=self.target.type,
            project=self.project,
            changes=changes,
            findings=tuple(findings),
            counts=replace(total.counts, unmanaged=self._unmanaged(live, memos, moves)),
            managed={
                kind: len(sheet.keys() | memos.get(kind, {}).keys()) for kind, sheet in self.desired.sheets.items()
            },
            policy=self.policy,
            remember=(*total.remember, *self._under_new_names(memos, moves, settled, total)),
            drop=tuple(sorted({*total.drop, *(Ref(move.ref.kind, move.old) for move in moves)})),
        )
        counted = self.policy.max_tenants_affected is not None
        hit = reached(changes, self.vocabulary, live) if counted else frozenset()
        return PlanDraft(
            plan=plan,
            states=states,
            stated=self.desired.sheets,
            question=needed_facts(changes, self.vocabulary, hit),
            reached=hit,
        )

    def _about_memory(self) -> Iterator[Finding]:
        pause = self.remembered.paused
        if pause is not None:
            said = f"applies are paused by {pause.actor} since {pause.since}: {pause.reason}"
            yield Finding(code="paused", severity=Severity.WARNING, message=said, remedy="`reconciler resume` ends it")
        if not self.remembered.tables:
            said = "nothing is remembered of this database yet; every difference is taken for a first management"
            yield Finding(code="no-memory", severity=Severity.NOTE, message=said)

    def _to_delete(self, changes: Iterable[Change], live: Mapping[str, Sheet]) -> frozenset[Ref]:
        """What must not be named: this plan deletes it, or a tombstone says so and it is gone already."""
        to_delete = {change.ref for change in changes if isinstance(change, Delete)}
        for kind, sheet in self.desired.sheets.items():
            to_delete |= {
                Ref(kind, key) for key in tombstones(sheet, self.vocabulary[kind]).difference(live.get(kind, ()))
            }
        return frozenset(to_delete)

    def _all_kinds(
        self, settled: Mapping[str, Sheet], live: Mapping[str, Sheet], memos: Objects, differ: Differ
    ) -> Compared:
        total = Compared()
        for kind, sheet in settled.items():
            remembered = memos.get(kind, {})
            total.add(self._compared(kind, sheet, live[kind], remembered, differ))
            for leaving in self._leaving(kind, live[kind], remembered):
                if isinstance(leaving, Finding):
                    total.findings.append(leaving)
                elif isinstance(leaving, Forgotten):
                    total.drop.append(leaving.ref)
                    total.counts = replace(total.counts, gone=total.counts.gone + 1)
                else:
                    total.changes.append(leaving)
        total.drop += [change.ref for change in total.changes if isinstance(change, (Delete, Forget))]
        return total

    def _under_new_names(
        self, memos: Objects, moves: list[Rename], settled: Mapping[str, Sheet], total: Compared
    ) -> list[Memo]:
        """Memory of renamed objects, and of those that mention one, where nothing else made it new."""
        known = {memo.ref for memo in total.remember}
        renamed = {move.ref for move in moves}
        return [
            Memo(ref, stated, origin_of(origin))
            for kind, of_kind in (memos if moves else {}).items()
            for key, (stated, origin) in of_kind.items()
            if (ref := Ref(kind, key)) not in known
            and key in settled.get(kind, ())
            and (ref in renamed or stated is not self.remembered.objects[kind].get(key, ("", ""))[0])
        ]

    def _renames(self, findings: list[Finding]) -> list[Rename]:
        live = dict(self.snapshot.sheets)
        for kind, records in self.snapshot.unnameable.items():
            if kind in live:
                live[kind] = Sheet(kind, (*live[kind].blocks, *_blocks(records)))
        moves: list[Rename] = []
        for found in renames(
            self.desired, live, self.vocabulary, self.hands_off, self.remembered.foreign, self.snapshot.twins
        ):
            if isinstance(found, Finding):
                findings.append(found)
            elif not self.scope or found.ref in self.scope:
                moves.append(found)
        return moves

    def _with_renamed_unnameables(self, moves: list[Rename]) -> dict[str, Sheet]:
        live = dict(self.snapshot.sheets)
        for move in moves:
            record = self.snapshot.unnameable.get(move.ref.kind, {}).get(move.old)
            if record is not None:
                sheet = live[move.ref.kind]
                live[move.ref.kind] = Sheet(sheet.kind, (*sheet.blocks, *_blocks({move.old: record})))
        return live

    def _settled(self, findings: list[Finding]) -> dict[str, Sheet]:
        """kind → its comparable Sheet, for the kinds that are declared and held, in order of creation."""
        place = TargetLimits(self.target.name, self.target.supports, self.snapshot.catalogues)
        if isinstance(self.target, RefusesValues):
            own = self.target
            place = replace(place, refusals=own.refusals, rivals=own.rivals, lacking=own.lacking)
        settled = {}
        for kind in self.vocabulary.creation_order:
            stated = self.desired.sheets.get(kind, Sheet(kind))
            if kind not in self.target.supports:
                findings += _no_place(stated, self.target.name)
                continue
            managed = self.remembered.objects.get(kind, {})
            out = list(hands_off_declared(stated, self.hands_off, self.remembered.foreign, self.snapshot, managed))
            findings += out
            aside = {finding.ref.key for finding in out if finding.ref is not None}
            aside |= tombstones(stated, self.vocabulary[kind])
            if self.scope:
                aside |= stated.keys() - self.scope.among(kind, stated)
            settled[kind], complaints = normalise(stated, self.vocabulary, place, aside)
            findings += complaints
        return settled

    def _compared(
        self, kind: str, settled: Sheet, live: Sheet, memos: Mapping[str, tuple[str, str]], differ: Differ
    ) -> Compared:
        out = Comparison(
            resource=self.vocabulary[kind],
            vocabulary=self.vocabulary,
            differ=differ,
            stated=self.desired.sheets.get(kind, Sheet(kind)),
            settled=settled,
            live=live,
            memos=memos,
            supported=self.target.supports[kind],
            creates=kind in self.target.creates,
            unnameable=self.snapshot.unnameable.get(kind, {}),
            taken=frozenset(map(folded, self.snapshot.taken.get(kind, ()))),
            blocks_foreign_state="foreign-state" in self.policy.block,
            wanderings=self.snapshot.wanderings.get(kind),
        ).run()
        ambiguous_names(out, self.snapshot.unclear, self.vocabulary)
        return out

    def _leaving(self, kind: str, live: Sheet, memos: Mapping[str, tuple[str, str]]) -> Iterator[Removed]:
        stated = self.desired.sheets.get(kind, Sheet(kind))
        # A twin is in no sheet, and yet it is live: nobody may forget it.
        twins = {name for group in self.snapshot.twins.get(kind, ()) for name in group}
        memos = {key: memo for key, memo in memos.items() if key not in twins} if twins else memos
        return Removals(
            resource=self.vocabulary[kind],
            stated=stated,
            live=live,
            memos=memos,
            buried=tombstones(stated, self.vocabulary[kind]),
            policy=self.policy,
            finished=self.remembered.finished,
            scope=self.scope,
            spared=self.spared,
            foreign=self.remembered.foreign,
        ).changes()

    def _unmanaged(self, live: Mapping[str, Sheet], memos: Objects, moves: list[Rename]) -> int:
        renamed = {Ref(move.ref.kind, move.old) for move in moves}
        nameless = {Ref(kind, key) for kind, records in self.snapshot.unnameable.items() for key in records}
        return len(nameless - renamed) + sum(
            len(sheet.keys() - self.desired.sheets.get(kind, Sheet(kind)).keys() - memos.get(kind, {}).keys())
            for kind, sheet in live.items()
        )


def _blocks(records: Mapping[str, Record]) -> Iterator[Block]:
    for key, record in records.items():
        yield Block(record.origin.place, tuple(record.values), {key: tuple(record.values.values())})


def _no_place(stated: Sheet, target: str) -> Iterator[Finding]:
    for key in sorted(stated)[:1]:
        yield Finding(
            code="unsupported",
            message=f'target "{target}" has no place for any {stated.kind} ({len(stated):,} declared)',
            ref=Ref(stated.kind, key),
            origin=stated[key].origin,
            remedy="take them out, or --allow unsupported --reason TEXT and they are passed over",
        )


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
    vocabulary = draft.states.vocabulary
    facts = under_new_names(facts, draft.plan.changes)
    changes = tuple(_with_expected(draft.plan.changes, facts, vocabulary))
    case = GuardInput(
        changes=changes,
        facts=facts,
        policy=draft.plan.policy,
        states=draft.states,
        managed=draft.plan.managed,
        stated=draft.stated,
        reached=draft.reached,
    )
    findings = [*draft.plan.findings, *(finding for guard in GUARDS for finding in guard.find(case))]
    lifted = frozenset(allowance.code for allowance in allowances)
    for code in sorted(lifted.difference(finding.code for finding in findings if finding.blocks)):
        message = f"--allow {code} lifts nothing in this plan"
        findings.append(Finding(code="nothing-allowed", severity=Severity.NOTE, message=message))
    judged = tuple(sorted(allowed(tuple(findings), lifted), key=_by_weight))
    plan = replace(
        draft.plan,
        changes=tuple(explained_fields(changes, draft.states)),
        findings=judged,
        impact=tuple(impact_of(changes, facts, draft.states)),
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
