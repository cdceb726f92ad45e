"""What an apply did, in words. Knows no engine: it is told what was done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconciler.model.change import Change
from reconciler.model.plan import Plan
from reconciler.model.resource import Vocabulary
from reconciler.report.layout import GROUPED_FROM, NAMED, Page, Style
from reconciler.report.masking import Masking, masking_of
from reconciler.report.sanitise import safe_text
from reconciler.report.sentence import Tense, sentence, verb
from reconciler.report.summary import allowances_said, applied_summary
from reconciler.report.words import counted, listed


def outcome_text(
    plan: Plan,
    *,
    vocabulary: Vocabulary,
    done: Collection[Change],
    already: Collection[Change],
    run_id: str,
    seconds: float,
    masked: bool,
    colour: bool = False,
    reminders: Sequence[str] = (),
) -> str:
    """A sentence for each thing done, many of a sort in one, then the count, the run and how long it took.

    `done`, `already`: the changes of the plan that were written, and those that were so before (RULES 15).
    `reminders`: what a person should know now, a line each.
    """
    page = Page(colour=colour)
    masking = masking_of(plan, vocabulary, masked=masked)
    last = applied_summary(plan, done=done, already=already)
    lines = list(_sentences(done, masking))
    lines += [safe_text(line) for line in allowances_said(plan)]
    told = [safe_text(f"note: {reminder}") for reminder in reminders]
    return "\n".join([*lines, page.paint(last, Style.BOLD), safe_text(f"Run {run_id}, {seconds:,.1f} s."), *told])


def _sentences(changes: Collection[Change], masking: Masking) -> Iterator[str]:
    alike: dict[tuple[type[Change], str], list[Change]] = {}
    for change in changes:
        alike.setdefault((type(change), change.ref.kind), []).append(change)
    for (operation, kind), group in alike.items():
        if len(group) < GROUPED_FROM:
            yield from (sentence(change, Tense.DONE, masking) for change in group)
        else:
            names = listed([masking.name(kind, c.ref.key) for c in group[:NAMED]], len(group) - NAMED)
            yield safe_text(f"{verb(operation, Tense.DONE)} {counted(len(group), kind)}: {names}")
