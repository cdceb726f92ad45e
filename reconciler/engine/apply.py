"""Run a plan in one transaction: announce, lock, prove, guard, write, read back, remember, commit
(docs/rules.md#rule-30 to #rule-33).

It never decides anew: it does what the plan says, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.engine.journal import allowance_entries, entries, memory_entries
from reconciler.engine.verify import doubled, not_held, prove, recheck_moved, recheck_start, touched
from reconciler.engine.write import Moves, Writing, member_count
from reconciler.model.change import Change, Delete, Rename
from reconciler.model.errors import Locked, Orphaned, ReconcilerError, Refused, Retry, Stale, TargetError, Unknown
from reconciler.model.facts import SAMPLE
from reconciler.model.finding import Finding
from reconciler.model.memory import Memory, Run
from reconciler.model.plan import Plan
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Writer

Progress = Callable[[str], None]

_DONE = "done"
"""The outcome of a run that was committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What an apply did. `already`: satisfied before it came; `moved`: source of a Reassign → how many users."""

    run: Run
    done: tuple[Change, ...]
    already: tuple[Change, ...]
    moved: dict[Ref, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """One apply: `apply` does it, `rehearse` all of it but the COMMIT."""

    plan: Plan
    writer: Writer
    memory: Memory
    run: Run
    vocabulary: Vocabulary
    progress: Progress
    clock: Callable[[], float]
    """Seconds, for `safety.max_lock_time`."""
    in_doubt: Callable[[], str | None] = field(default=lambda: None)
    """The run's outcome, asked of the system anew once the answer to the COMMIT is lost; None: it does not tell."""

    def apply(self) -> ApplyResult:
        """All or nothing. Raises Refused 3, Stale 4, Locked 5, Unknown 6, TargetError 1; nothing is written then.
        Raises Retry, a TargetError, where the same may be done again at once: the run stays announced."""
        if self.plan.blocked:
            raise Refused("the plan is blocked; nothing was changed", findings=self.plan.blocked)
        try:
            self.memory.announce(self.writer.session, self.run)
            self.writer.begin()
            self.memory.lock(self.writer.session, self.run)
        except Locked as locked:
            self.writer.rollback()
            raise self._named(locked) from locked
        committing = False
        try:
            outcome = self._in_transaction()
            self.progress("committing")
            committing = True
            self.writer.commit()
        except Unknown as unknown:
            self._give_up()
            return self._settled(outcome, unknown)
        except BaseException as error:
            self._give_up()
            if not committing or isinstance(error, (Locked, Refused, TargetError)):
                self._note_failure(error)
                raise
            return self._cut_off(outcome, error)
        self._recount(outcome)
        return outcome

    def rehearse(self) -> ApplyResult:
        """All that `apply` does up to the COMMIT, and then nothing of it. Raises what `apply` raises."""
        if self.plan.blocked:
            raise Refused("the plan is blocked; nothing was rehearsed", findings=self.plan.blocked)
        self.memory.announce(self.writer.session, self.run)
        try:
            self.writer.begin()
            self.memory.lock(self.writer.session, self.run)
            outcome = self._in_transaction()
        except BaseException as error:
            self._give_up()
            self._note_failure(error)
            raise
        self._give_up()
        self.memory.finish(self.writer.session, self.run, "rehearsed")
        self.writer.commit()
        return outcome

    def _recount(self, outcome: ApplyResult) -> None:
        """Raise Orphaned when users came to what was deleted, which only a system without guard lets happen."""
        if not any(isinstance(change, Delete) for change in outcome.done):
            return
        orphans: Mapping[Ref, Collection[Ref]] = {}
        with suppress(ReconcilerError, KeyboardInterrupt):  # it is done, whatever becomes of the question
            orphans = self.writer.orphans()
            if orphans:
                self.writer.rollback()
        if orphans:
            raise Orphaned(
                "applied, but the system let users come to what was being deleted",
                remedy=f"`reconciler revert {self.run.id}` brings it back under its old id, and them with it; "
                "`reconciler doctor` prints what would have prevented it",
                findings=tuple(_orphaned(orphans)),
            )

    def _give_up(self) -> None:
        """What ended the transaction is to be shown, not that a lost one cannot be rolled back."""
        with suppress(ReconcilerError):
            self.writer.rollback()

    def _settled(self, outcome: ApplyResult, unknown: Unknown) -> ApplyResult:
        """What became of a transaction whose COMMIT was not answered. Raises Unknown, or Retry where it is gone."""
        self.progress("the answer to the COMMIT was lost: asking what became of it")
        found = self.in_doubt()
        if found is None:
            raise Unknown(
                f"the answer to the COMMIT was lost ({unknown.message}); whether run {self.run.id} was applied is not "
                "known",
                remedy=f"run again when the system answers, or look with `reconciler history {self.run.id}`",
            )
        if found != _DONE:
            raise Retry("the connection was lost at the COMMIT; nothing was changed", remedy="run again")
        return outcome

    def _cut_off(self, outcome: ApplyResult, error: BaseException) -> ApplyResult:
        """What became of a transaction that was interrupted at its COMMIT: it may be done all the same. Raises the
        error where it is not, Unknown where nobody can tell."""
        found = self.in_doubt()
        if found is None:
            raise Unknown(
                f"interrupted at the COMMIT; whether run {self.run.id} was applied is not known",
                remedy=f"run again when the system answers, or look with `reconciler history {self.run.id}`",
            ) from error
        if found != _DONE:
            raise error
        return outcome

    def _in_transaction(self) -> ApplyResult:
        deadline = self.clock() + self.plan.policy.max_lock_seconds
        session = self.writer.session
        self._refuse_another_world()
        self.progress("proving that nothing moved")
        refs = touched(self.plan.changes)
        twins = tuple(doubled(self.plan.changes, self.writer.twins(refs)))
        if twins:
            raise Stale("a name is there twice by now; nothing was changed", findings=twins)
        found = self.writer.read(refs)
        proof = prove(self.plan.changes, found, self.vocabulary)
        if proof.stale:
            raise Stale("the live system is no longer what the plan saw; nothing was changed", findings=proof.stale)
        self._refuse(recheck_start(self.plan, proof.todo, found, self.writer, self.vocabulary))
        self.progress("writing")
        writing = Writing(self.writer, self.vocabulary, proof.todo)
        raw = writing.raw_of_deleted()
        writing.arrive()
        moved = writing.move(self.plan.policy)
        writing.let_go()
        self._refuse(recheck_moved(self.plan, proof.todo, self.writer, self.vocabulary))
        writing.delete()
        self._in_time(deadline)
        self.progress("reading back")
        lost = tuple(not_held(proof.todo, self.writer.read(refs), self.vocabulary))
        if lost:
            raise TargetError("the system did not keep what was written; rolled back", findings=lost)
        lifted = allowance_entries(self.plan.source.allowances)
        self.memory.record(session, self.run, [*entries(proof.todo, raw, moved), *lifted])
        self._remember()
        self.memory.finish(session, self.run, _DONE)
        self._in_time(deadline)
        return ApplyResult(run=self.run, done=proof.todo, already=proof.already, moved=_counted(moved))

    def _remember(self) -> None:
        """What memory holds afterwards, and in history what it held before."""
        session, project, plan = self.writer.session, self.plan.project, self.plan
        held = self.memory.held(session, project, [*(memo.ref for memo in plan.remember), *plan.drop])
        self.memory.record(session, self.run, list(memory_entries(held, plan.remember, plan.drop)))
        self.memory.remember(session, project, self.run, plan.remember)
        self.memory.drop(session, project, plan.drop)

    def _refuse_another_world(self) -> None:
        session = self.writer.session
        pause = self.memory.paused(session, self.plan.project)
        if pause is not None:
            raise Refused(
                f"applies are paused by {pause.actor} since {pause.since}: {pause.reason}",
                remedy="run `reconciler resume` when that is over",
            )
        instance = self.memory.instance(session)
        if self.plan.source.instance and instance != self.plan.source.instance:
            raise Stale("the plan was made for another database; nothing was changed", remedy="plan again")
        if self.memory.reverted(session, self.plan.project).get(self.run.plan, 0) > self.plan.source.reverted:
            raise Stale(
                "this plan was carried out and taken back since it was made; nothing was changed",
                remedy="plan again; `reconciler history` lists the revert",
            )
        others = self.memory.foreign(session, self.plan.project)
        changes = self.plan.changes
        ours = {*(change.ref for change in changes), *(memo.ref for memo in self.plan.remember)}
        ours |= {Ref(change.ref.kind, change.old) for change in changes if isinstance(change, Rename)}
        if not others.keys().isdisjoint(ours):
            raise Stale("another project has taken over; nothing was changed", findings=tuple(_taken(others, ours)))

    def _refuse(self, findings: tuple[Finding, ...]) -> None:
        blocking = tuple(finding for finding in findings if finding.blocks)
        if blocking:
            raise Refused("a guard refuses on the facts of now; nothing was changed", findings=blocking)

    def _in_time(self, deadline: float) -> None:
        if self.clock() > deadline:
            raise TargetError(
                f"the lock was held over safety.max_lock_time ({self.plan.policy.max_lock_seconds} s); rolled back",
                remedy="make the change in parts, or raise safety.max_lock_time",
            )

    def _named(self, locked: Locked) -> Locked:
        """The same error with the name of the run that was announced."""
        holder = None
        with suppress(ReconcilerError):
            holder = self.memory.holder(self.writer.session, self.run)
            self.writer.rollback()
        if holder is None:
            return locked
        return Locked(
            f"another apply holds the lock: run {holder.id} by {holder.actor} on {holder.host}, since {holder.started}",
            remedy="wait for it, or give --lock-timeout",
        )

    def _note_failure(self, error: BaseException) -> None:
        """Best effort, after the rollback: a run left `running` is marked `abandoned` by the next one."""
        refused = isinstance(error, (Refused, Stale))
        with suppress(ReconcilerError):
            self.memory.finish(self.writer.session, self.run, "refused" if refused else "failed")
            self.writer.commit()


def _orphaned(orphans: Mapping[Ref, Collection[Ref]]) -> Iterator[Finding]:
    for ref, users in sorted(orphans.items()):
        for user in sorted(users)[:SAMPLE]:
            yield Finding(code="unguarded", message=f"refers to {ref}, which is deleted", ref=user)
        if len(users) > SAMPLE:
            yield Finding(code="unguarded", message=f"{len(users) - SAMPLE:,} more refer to it", ref=ref)


def _taken(others: Mapping[Ref, str], ours: Collection[Ref]) -> Iterator[Finding]:
    for ref in sorted(others.keys() & ours):
        message = f'project "{others[ref]}" manages it since the plan was made'
        yield Finding(code="foreign", message=message, ref=ref, remedy="declare it in one project only, and plan again")


def _counted(moved: Moves) -> dict[Ref, int]:
    counts: dict[Ref, int] = {}
    for (ref, _), members in moved.items():
        counts[ref] = counts.get(ref, 0) + member_count(members)
    return counts
