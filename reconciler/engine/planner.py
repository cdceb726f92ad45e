"""Desired, live and remembered in; a plan out. Two pure steps with the reading of facts between them: `draft` says what
would change and what has to be known, `complete` judges it.

The order in which changes are safe (docs/rules.md#rule-20).

The steps of a draft: renames, then each kind by itself, then references and order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.engine.compare import Compared, Comparison, ambiguous_names
from reconciler.engine.diff import Differ
from reconciler.engine.guards import GUARDS, GuardInput
from reconciler.engine.inputs import Inputs
from reconciler.engine.needed_facts import answered, members_leaving, needed_facts, reached
from reconciler.engine.normalise import TargetLimits, hands_off_declared, normalise, tombstones
from reconciler.engine.notes import explained_fields, incomplete_fields, irreversible
from reconciler.engine.references import dangling, unreachable
from reconciler.engine.removal import Forgotten, Removals, RemovalStep, origin_of
from reconciler.engine.renames import Objects, renamed_live, renamed_memory, renames
from reconciler.engine.states import States, states_of_files
from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.facts import Facts, NeededFacts, Users
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.memory import Memo
from reconciler.model.plan import Allowance, Plan, Source
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan that has not seen the facts yet. `needed`: which it needs; `reached`: unchanged objects whose users
    are hit, found only where the settings count customers."""

    plan: Plan
    states: States
    stated: Mapping[str, Sheet]
    needed: NeededFacts
    reached: frozenset[Ref] = frozenset()


@dataclass(frozen=True, slots=True)
class _Drafting:
    """The steps of one draft."""

    inputs: Inputs

    def draft(self) -> PlanDraft:
        """Renames first, then each kind by itself, then references and order."""
        inputs = self.inputs
        findings: list[Finding] = list(inputs.desired.findings)
        moves = self._renames(findings)
        names: dict[str, dict[str, str]] = {}
        for move in moves:
            names.setdefault(move.ref.kind, {})[move.old] = move.ref.key
        live = renamed_live(self._with_renamed_unnameables(moves), names, inputs.vocabulary)
        memos = renamed_memory(inputs.remembered.objects, names, inputs.vocabulary)
        settled = self._settled(findings)
        states = states_of_files(inputs.vocabulary, settled, live)
        total = self._all_kinds(settled, live, memos, Differ(states))
        changes = in_safe_order((*moves, *total.changes), inputs.vocabulary)
        states = states.once_done(changes)
        findings += total.findings
        to_delete = self._to_delete(changes, live)
        findings += dangling(inputs.desired, inputs.vocabulary, inputs.external, to_delete=to_delete, live=live)
        findings += unreachable(changes, inputs.vocabulary, live, inputs.desired.sheets, to_delete)
        findings += irreversible(changes, inputs.vocabulary, live, inputs.snapshot.catalogues, inputs.target.creates)
        findings += incomplete_fields(changes, states, inputs.target.supports)
        findings += self._about_memory()
        plan = Plan(
            target=inputs.target.name,
            target_type=inputs.target.type,
            project=inputs.project,
            changes=changes,
            findings=tuple(findings),
            counts=replace(total.counts, unmanaged=self._unmanaged(live, memos, moves)),
            managed={
                kind: len(sheet.keys() | memos.get(kind, {}).keys()) for kind, sheet in inputs.desired.sheets.items()
            },
            policy=inputs.policy,
            remember=(*total.remember, *self._under_new_names(memos, moves, settled, total)),
            drop=tuple(sorted({*total.drop, *(Ref(move.ref.kind, move.old) for move in moves)})),
        )
        return drafted(plan, inputs, live, states)

    def _about_memory(self) -> Iterator[Finding]:
        pause = self.inputs.remembered.paused
        if pause is not None:
            message = f"applies are paused by {pause.actor} since {pause.since}: {pause.reason}"
            yield Finding(
                code="paused", severity=Severity.WARNING, message=message, remedy="`reconciler resume` ends it"
            )
        if not self.inputs.remembered.tables:
            message = "nothing is remembered of this database yet; every difference is taken for a first management"
            yield Finding(code="no-memory", severity=Severity.NOTE, message=message)

    def _to_delete(self, changes: Iterable[Change], live: Mapping[str, Sheet]) -> frozenset[Ref]:
        """What must not be named: this plan deletes it, or a tombstone says so and it is gone already."""
        to_delete = {change.ref for change in changes if isinstance(change, Delete)}
        for kind, sheet in self.inputs.desired.sheets.items():
            to_delete |= {
                Ref(kind, key) for key in tombstones(sheet, self.inputs.vocabulary[kind]).difference(live.get(kind, ()))
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
            and (ref in renamed or stated is not self.inputs.remembered.objects[kind].get(key, ("", ""))[0])
        ]

    def _renames(self, findings: list[Finding]) -> list[Rename]:
        live = dict(self.inputs.snapshot.sheets)
        for kind, records in self.inputs.snapshot.unnameable.items():
            if kind in live:
                live[kind] = Sheet(kind, (*live[kind].blocks, *_blocks(records)))
        moves: list[Rename] = []
        for found in renames(self.inputs, live):
            if isinstance(found, Finding):
                findings.append(found)
            elif not self.inputs.scope or found.ref in self.inputs.scope:
                moves.append(found)
        return moves

    def _with_renamed_unnameables(self, moves: list[Rename]) -> dict[str, Sheet]:
        live = dict(self.inputs.snapshot.sheets)
        for move in moves:
            record = self.inputs.snapshot.unnameable.get(move.ref.kind, {}).get(move.old)
            if record is not None:
                sheet = live[move.ref.kind]
                live[move.ref.kind] = Sheet(sheet.kind, (*sheet.blocks, *_blocks({move.old: record})))
        return live

    def _settled(self, findings: list[Finding]) -> dict[str, Sheet]:
        """kind → its comparable Sheet, for the kinds that are declared and held, in order of creation."""
        inputs = self.inputs
        place = TargetLimits(inputs.target.name, inputs.target.supports, inputs.snapshot.catalogues)
        if isinstance(inputs.target, RefusesValues):
            own = inputs.target
            place = replace(place, refusals=own.refusals, rivals=own.rivals, lacking=own.lacking)
        settled = {}
        for kind in inputs.vocabulary.creation_order:
            stated = inputs.stated(kind)
            if kind not in inputs.target.supports:
                findings += _no_place(stated, inputs.target.name)
                continue
            managed = inputs.remembered.objects.get(kind, {})
            out = list(
                hands_off_declared(stated, inputs.hands_off, inputs.remembered.foreign, inputs.snapshot, managed)
            )
            findings += out
            aside = {finding.ref.key for finding in out if finding.ref is not None}
            aside |= tombstones(stated, inputs.vocabulary[kind])
            if inputs.scope:
                aside |= stated.keys() - inputs.scope.among(kind, stated)
            settled[kind], complaints = normalise(stated, inputs.vocabulary, place, aside)
            findings += complaints
        return settled

    def _compared(
        self, kind: str, settled: Sheet, live: Sheet, memos: Mapping[str, tuple[str, str]], differ: Differ
    ) -> Compared:
        out = Comparison(inputs=self.inputs, kind=kind, settled=settled, live=live, memos=memos, differ=differ).run()
        ambiguous_names(out, self.inputs.snapshot.unclear, self.inputs.vocabulary)
        return out

    def _leaving(self, kind: str, live: Sheet, memos: Mapping[str, tuple[str, str]]) -> Iterator[RemovalStep]:
        # A twin is in no sheet, and yet it is live: nobody may forget it.
        twins = {name for group in self.inputs.snapshot.twins.get(kind, ()) for name in group}
        memos = {key: memo for key, memo in memos.items() if key not in twins} if twins else memos
        return Removals(inputs=self.inputs, kind=kind, live=live, memos=memos).changes()

    def _unmanaged(self, live: Mapping[str, Sheet], memos: Objects, moves: list[Rename]) -> int:
        renamed = {Ref(move.ref.kind, move.old) for move in moves}
        nameless = {Ref(kind, key) for kind, records in self.inputs.snapshot.unnameable.items() for key in records}
        return len(nameless - renamed) + sum(
            len(sheet.keys() - self.inputs.stated(kind).keys() - memos.get(kind, {}).keys())
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


def drafted(plan: Plan, inputs: Inputs, live: Mapping[str, Sheet], states: States) -> PlanDraft:
    """The draft around a plan whose changes are known. `live`: renames in view."""
    counted = inputs.policy.max_tenants_affected is not None
    hit = reached(plan.changes, inputs.vocabulary, live) if counted else frozenset()
    return PlanDraft(
        plan=plan,
        states=states,
        stated=inputs.desired.sheets,
        needed=needed_facts(plan.changes, inputs.vocabulary, hit),
        reached=hit,
    )


def draft(inputs: Inputs) -> PlanDraft:
    """Compare; nothing is judged yet."""
    return _Drafting(inputs).draft()


def complete(draft: PlanDraft, facts: Facts, *, source: Source, allowances: tuple[Allowance, ...] = ()) -> Plan:
    """Judge a draft by the facts: guards, impact, allowances."""
    vocabulary = draft.states.vocabulary
    facts = answered(facts, draft.needed, draft.plan.changes)
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
        impact=case.impact,
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
