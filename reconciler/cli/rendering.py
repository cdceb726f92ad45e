"""Which report serves which output of a command. Knows no layout: `report` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.delivery import JSON, TEXT, Look, Renderers, as_json
from reconciler.kinds import KINDS
from reconciler.model.memory import Entry, RunRow
from reconciler.model.plan import Plan
from reconciler.report import history, text
from reconciler.report.masking import OPEN, Masking
from reconciler.report.outcome import outcome_text
from reconciler.workflow import saved

if TYPE_CHECKING:
    from reconciler.engine.apply import Outcome  # start-up: a plan is not applied


def of_plan(plan: Plan, environ: Mapping[str, str]) -> Renderers:
    """A plan in words, or as the plan file."""
    return {TEXT: partial(text_of_plan, plan), JSON: lambda look: saved.written(plan, environ)}


def of_drift(plan: Plan, environ: Mapping[str, str]) -> Renderers:
    """Only what moved behind our back in words; the whole plan as a document, with its `resource_drift`."""
    return {TEXT: partial(_text_of_drift, plan), JSON: lambda look: saved.written(plan, environ)}


def of_outcome(plan: Plan, outcome: Outcome, seconds: float, reminders: Sequence[str] = ()) -> Renderers:
    """What an apply did, and what the target wants a person to know now."""

    def words(look: Look) -> str:
        return outcome_text(
            plan,
            vocabulary=KINDS,
            done=outcome.done,
            already=outcome.already,
            run_id=outcome.run.id,
            seconds=seconds,
            reminders=reminders,
            masked=_masked(plan, look),
            colour=look.colour,
        )

    def document(look: Look) -> str:
        refs = {"done": [str(change.ref) for change in outcome.done]}
        refs["already"] = [str(change.ref) for change in outcome.already]
        told = {"afterwards": list(reminders)} if reminders else {}
        return as_json({"run": outcome.run.id, **refs, **told})

    return {TEXT: words, JSON: document}


def of_runs(rows: Sequence[RunRow]) -> Renderers:
    """The runs as a table."""
    return {
        TEXT: lambda look: history.runs_text(rows, colour=look.colour),
        JSON: lambda look: as_json(history.runs_document(rows)),
    }


def of_run(row: RunRow, entries: Sequence[Entry], masking: Masking) -> Renderers:
    """What one run did; `masking` hides people where it goes to no terminal."""

    def words(look: Look) -> str:
        mask = OPEN if look.open else masking
        return history.run_text(row, entries, vocabulary=KINDS, masking=mask, width=look.width, colour=look.colour)

    return {TEXT: words, JSON: lambda look: as_json(history.run_document(row, entries, masking=masking))}


def text_of_plan(plan: Plan, look: Look) -> str:
    """The plan in words, people masked where it goes to no terminal."""
    return text.plan_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _text_of_drift(plan: Plan, look: Look) -> str:
    return text.drift_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _masked(plan: Plan, look: Look) -> bool:
    return not look.open and plan.policy.privacy != "full"
