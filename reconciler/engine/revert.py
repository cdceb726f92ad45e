"""A finished run in, an ordinary draft of a plan out that takes it back: guards, report, file and apply are the same.

What memory shall hold once a run is taken back: what it held before, as far as no later run has changed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.engine.compare import stated_values
from reconciler.engine.diff import Differ
from reconciler.engine.globs import Globs
from reconciler.engine.inputs import Inputs
from reconciler.engine.notes import irreversible
from reconciler.engine.planner import PlanDraft, drafted, in_safe_order
from reconciler.engine.removal import origin_of
from reconciler.engine.renames import renamed_live
from reconciler.engine.states import States, states_of_files
from reconciler.engine.undo import NOWHERE, Undo, moved_on
from reconciler.model.change import Change, Create, Delete, Members, Operation, Reassign, Rename, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import MEMORY, Held, HistoryEntry, Memo, Run
from reconciler.model.plan import Counts, Plan
from reconciler.model.record import Record, Sheet, sheet_of
from reconciler.model.ref import Ref
from reconciler.model.resource import Names
from reconciler.model.values import NONE, canonical

MemoryBefore = tuple[str, str] | None
"""(stated, origin) as memory had it; None where it had nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredMemory:
    """`held`: memory of now; `aside`: objects that are not taken back, whose memory stays as well."""

    run: Run
    entries: Sequence[HistoryEntry]
    held: Mapping[Ref, Held]
    aside: frozenset[Ref]
    scope: Globs

    @property
    def renamed(self) -> frozenset[Ref]:
        """The names that renames gave and that go again."""
        return frozenset(entry.ref for entry in self.entries if entry.action == Operation.RENAME)

    def remember(self) -> tuple[Memo, ...]:
        """What memory has to learn again, by object."""
        return tuple(Memo(ref, before[0], origin_of(before[1])) for ref, before in self._before() if before is not None)

    def drop(self) -> tuple[Ref, ...]:
        """What it has to forget, by object."""
        return tuple(ref for ref, before in self._before() if before is None)

    def _before(self) -> Iterator[tuple[Ref, MemoryBefore]]:
        by_object = dict(self._by_object())
        updates = {entry.ref: entry for entry in self.entries if entry.action == Operation.UPDATE}
        for ref, (before, dropped) in sorted(by_object.items()):
            now = self.held.get(ref)
            if ref in self.aside or (self.scope and ref not in self.scope):
                continue
            if dropped if now is None else now.run == self.run.id:
                if now is not None or before is not None:
                    yield ref, before
            elif now is not None and ref in updates:
                stated = _without(now.stated, before, updates[ref])
                if stated != now.stated:
                    yield ref, (stated, now.origin)

    def _by_object(self) -> Iterator[tuple[Ref, tuple[MemoryBefore, bool]]]:
        """object → what memory held of it before the run, and whether the run dropped it."""
        for entry in self.entries:
            for what, key, pair in restored_memory(entry):
                before = None if pair is None else (str(pair[0]), str(pair[1]))
                yield Ref(entry.ref.kind, key), (before, what == "dropped")


def restored_memory(entry: HistoryEntry) -> Iterator[tuple[str, str, Sequence[Any] | None]]:
    """(`remembered` or `dropped`, key, what memory held) of an entry about memory; nothing for any other."""
    for what, objects in (entry.raw or {}).items() if entry.action == MEMORY else ():
        if isinstance(objects, Mapping):
            yield from ((what, key, pair) for key, pair in objects.items() if pair is None or len(pair) == 2)


def _without(stated: str, before: MemoryBefore, entry: HistoryEntry) -> str:
    """What a later run remembered, with the fields of the run taken back to what they were."""
    now, then = stated_values(stated), stated_values(before[0]) if before else {}
    for name in {**(entry.before or {}), **(entry.after or {})}:
        if name in now and name in then:
            now[name] = then[name]
        else:
            now.pop(name, None)
    return canonical(now)


FILES_STAY = "a revert changes no file: git still declares the other state, and the next plan will show it"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToRevert:
    """What is to be taken back."""

    run: Run
    entries: Sequence[HistoryEntry]
    held: Mapping[Ref, Held]
    """What memory holds now of everything that the run wrote to it."""
    members: Mapping[Ref, Members]
    """Who is now on the objects between which the run moved users."""


@dataclass(frozen=True, slots=True)
class _Revert:
    """The steps of one draft."""

    past: RunToRevert
    inputs: Inputs

    def draft(self) -> PlanDraft:
        """Renames first, then each entry by itself, then effects, references and memory."""
        inputs = self.inputs
        findings: list[Finding] = []
        entries = list(self._ours(findings))
        names: dict[str, dict[str, str]] = {}
        moves = list(self._renames(entries, findings, names))
        live = renamed_live(inputs.snapshot.sheets, names, inputs.vocabulary)
        undoing = Undo(
            vocabulary=inputs.vocabulary,
            live=live,
            names=names,
            managed={ref: held.run == self.past.run.id for ref, held in self.past.held.items()},
            members=self.past.members,
            supports=inputs.target.supports,
            creates=inputs.target.creates,
        )
        undone = [each for entry in entries for each in undoing.changes(entry)]
        findings += (each for each in undone if isinstance(each, Finding))
        changes = [each for each in undone if not isinstance(each, Finding)]
        states = states_of_files(inputs.vocabulary, _wanted(changes), live)
        differ = Differ(states)
        changes = [*moves, *(undoing.judged(change, differ) for change in changes)]
        ordered = in_safe_order(changes, inputs.vocabulary)
        findings += self._nowhere(ordered, live)
        findings += irreversible(ordered, inputs.vocabulary, live, inputs.snapshot.catalogues, inputs.target.creates)
        return self._finished(ordered, findings, live, states, self._restored_memory(entries, findings, undoing))

    def _finished(
        self,
        changes: tuple[Change, ...],
        findings: list[Finding],
        live: Mapping[str, Sheet],
        states: States,
        memory: RestoredMemory,
    ) -> PlanDraft:
        remember, drop = memory.remember(), memory.drop()
        if changes or remember or drop:
            findings.append(Finding(code="git-unchanged", severity=Severity.NOTE, message=FILES_STAY))
        touched = {change.ref for change in changes}
        changed = {entry.ref for entry in self.past.entries if entry.is_change}
        plan = Plan(
            target=self.inputs.target.name,
            target_type=self.inputs.target.type,
            project=self.inputs.project,
            changes=changes,
            findings=tuple(findings),
            counts=Counts(
                compared=len(changed),
                adopted=sum(memo.ref not in touched for memo in remember),
                released=sum(ref not in touched and ref not in memory.renamed for ref in drop),
            ),
            managed={kind: len(objects) for kind, objects in self.inputs.remembered.objects.items()},
            policy=self.inputs.policy,
            remember=remember,
            drop=drop,
        )
        return drafted(plan, self.inputs, live, states.once_done(changes))

    def _ours(self, findings: list[Finding]) -> Iterator[HistoryEntry]:
        """The entries about objects that are still ours to change."""
        for entry in self.past.entries:
            ref = entry.ref
            if not entry.is_change or (self.inputs.scope and ref not in self.inputs.scope):
                continue
            if ref in self.inputs.remembered.foreign:
                findings.append(
                    _left(ref, "foreign", f'project "{self.inputs.remembered.foreign[ref]}" manages it now')
                )
            elif ref in self.inputs.hands_off:
                findings.append(_left(ref, "hands-off", "the settings leave it alone"))
            else:
                yield entry

    def _renames(
        self, entries: Sequence[HistoryEntry], findings: list[Finding], names: dict[str, dict[str, str]]
    ) -> Iterator[Rename]:
        """What gets its old name back; `names` learns of all that have the old name in the end."""
        for entry in entries:
            if entry.action != Operation.RENAME or entry.before is None:
                continue
            new, old = entry.ref, Ref(entry.ref.kind, str(entry.before.get("name", "")))
            sheet = self.inputs.snapshot.sheets.get(new.kind, Sheet(new.kind))
            taken = old.key in sheet or old.key in self.inputs.snapshot.unnameable.get(new.kind, ())
            if (new.key in sheet) is not taken:
                names.setdefault(new.kind, {})[new.key] = old.key
                if not taken:
                    yield Rename(ref=old, old=new.key)
            else:
                why = f'"{old.key}" is live too' if taken else "it is not live any more"
                findings.append(moved_on(new, why))

    def _nowhere(self, changes: Sequence[Change], live: Mapping[str, Sheet]) -> Iterator[Finding]:
        """What a change would name and what will not be there: a later run, or a hand, took it away."""
        made = {change.ref for change in changes if isinstance(change, Create)}
        to_delete = {change.ref for change in changes if isinstance(change, Delete)}

        def is_there(ref: Ref) -> bool:
            return ref in made or (ref not in to_delete and ref.key in live.get(ref.kind, ()))

        for change in changes:
            if isinstance(change, Reassign) and not is_there(Ref(change.ref.kind, change.to)):
                yield _blocked(change.ref, "", "dangling", f"{Ref(change.ref.kind, change.to)} is not live")
            if not isinstance(change, Create | Update):
                continue
            for field, reference in self.inputs.vocabulary.references[change.ref.kind]:
                key = change.after.get(field.name)
                if isinstance(key, str) and key != NONE and not is_there(Ref(reference.kind, key)):
                    yield _blocked(change.ref, field.name, "dangling", f"{Ref(reference.kind, key)} is not live")
            for field in self.inputs.vocabulary.held[change.ref.kind]:
                items = change.after.get(field.name)
                if isinstance(field.type, Names) and isinstance(items, tuple):
                    known = self.inputs.snapshot.catalogues.get(field.type.catalogue, frozenset())
                    for item in sorted(set(items) - known):
                        yield _blocked(change.ref, field.name, "no-match", f'there is no "{item}" any more')

    def _restored_memory(
        self, entries: Sequence[HistoryEntry], findings: Sequence[Finding], undoing: Undo
    ) -> RestoredMemory:
        outside = {entry.ref for entry in self.past.entries if entry.is_change} - {e.ref for e in entries}
        stuck = {f.ref for f in findings if f.severity is Severity.LEFT_OUT and f.ref is not None}
        stuck |= {entry.ref for entry in entries if undoing.ref_of(entry.ref) in stuck}
        for entry in self.past.entries:
            if entry.action == Operation.RENAME and entry.before and entry.ref in stuck | outside:
                stuck.add(Ref(entry.ref.kind, str(entry.before.get("name", ""))))
        return RestoredMemory(
            run=self.past.run,
            entries=self.past.entries,
            held=self.past.held,
            aside=frozenset(outside | stuck),
            scope=self.inputs.scope,
        )


def revert(past: RunToRevert, inputs: Inputs) -> PlanDraft:
    """The draft of a plan that takes `past` back; nothing is judged yet (`planner.complete` does). The files are looked
    at for the places of remedies alone."""
    return _Revert(past, inputs).draft()


def _wanted(changes: Sequence[Change]) -> dict[str, Sheet]:
    """What the changes ask for, as files would state it: effects are judged by it."""
    records: dict[str, dict[str, Record]] = {}
    for change in changes:
        if isinstance(change, Create | Update):
            kind, key = change.ref.kind, change.ref.key
            records.setdefault(kind, {})[key] = Record(kind=kind, key=key, values=change.after, origin=NOWHERE)
    return {kind: sheet_of(kind, of_kind) for kind, of_kind in records.items()}


def _left(ref: Ref, code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.LEFT_OUT, message=message, ref=ref)


def _blocked(ref: Ref, field: str, code: str, message: str) -> Finding:
    remedy = "bring that back first, or revert the other objects with --only"
    return Finding(code=code, message=message, ref=ref, field=field, remedy=remedy)
