"""Which report serves which output of a command. Knows no layout: `report` does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from reconciler.cli.delivery import JSON, TEXT, Look, Renderers, as_json
from reconciler.engine.apply import Outcome
from reconciler.kinds import KINDS
from reconciler.model.plan import Plan
from reconciler.report import text
from reconciler.report.outcome import outcome_text
from reconciler.workflow import saved


def of_plan(plan: Plan, environ: Mapping[str, str]) -> Renderers:
    """A plan in words, or as the plan file."""
    return {TEXT: partial(text_of_plan, plan), JSON: lambda look: saved.written(plan, environ)}


def of_drift(plan: Plan, environ: Mapping[str, str]) -> Renderers:
    """Only what moved behind our back in words; the whole plan as a document, with its `resource_drift`."""
    return {TEXT: partial(_text_of_drift, plan), JSON: lambda look: saved.written(plan, environ)}


def of_outcome(plan: Plan, outcome: Outcome, seconds: float) -> Renderers:
    """What an apply did."""
    done = [change.ref for change in outcome.done]
    already = [change.ref for change in outcome.already]

    def words(look: Look) -> str:
        return outcome_text(
            plan,
            vocabulary=KINDS,
            done=done,
            already=already,
            run_id=outcome.run.id,
            seconds=seconds,
            masked=_masked(plan, look),
            colour=look.colour,
        )

    def document(look: Look) -> str:
        refs = {"done": list(map(str, done)), "already": list(map(str, already))}
        return as_json({"run": outcome.run.id, **refs})

    return {TEXT: words, JSON: document}


def text_of_plan(plan: Plan, look: Look) -> str:
    """The plan in words, people masked where it goes to no terminal."""
    return text.plan_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _text_of_drift(plan: Plan, look: Look) -> str:
    return text.drift_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _masked(plan: Plan, look: Look) -> bool:
    return not look.open and plan.policy.privacy != "full"
