"""Which report serves which output of a command. Knows no layout: `report` does."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.delivery import JSON, OF_FILES, REPORTS, TEXT, Delivery, Look, Renderers, as_json
from reconciler.kinds import KINDS
from reconciler.model.errors import FileErrors
from reconciler.model.memory import Entry, RunRow
from reconciler.model.plan import Plan
from reconciler.report import history, text
from reconciler.report.masking import OPEN, Masking
from reconciler.report.outcome import outcome_text
from reconciler.report.topic import Frame, Topic, drifted, planned, validated
from reconciler.workflow import saved
from reconciler.workflow.checkout import inside

if TYPE_CHECKING:
    from reconciler.engine.apply import Outcome  # start-up: a plan is not applied


def of_plan(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """A plan in words, as the plan file, or as a report. `root`: where the files lie; None: here."""
    reports = _reports(planned(plan), root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(text_of_plan, plan), JSON: lambda look: saved.written(plan, environ), **reports}


def of_drift(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """Only what moved behind our back in words and in reports; the whole plan as a document, with its
    `resource_drift`. `root` as above."""
    reports = _reports(drifted(plan, KINDS), root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(_text_of_drift, plan), JSON: lambda look: saved.written(plan, environ), **reports}


def of_files(topic: Topic, root: Path) -> Renderers:
    """Complaints about the files as reports."""
    return _reports(topic, root, OF_FILES)


def tell_of_files(errors: FileErrors, command: str, root: Path, delivery: Delivery) -> None:
    """Deliver the reports of a command that the files stopped: a reviewer sees the complaints at their lines."""
    delivery.deliver_known(of_files(validated(errors.findings, command=command), root))


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
        lifted = [{"code": each.code, "reason": each.reason} for each in plan.source.allowances]
        return as_json({"run": outcome.run.id, **refs, "allowances": lifted, **told})

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


def _reports(topic: Topic, root: Path | None, formats: Iterable[str], *, masked: bool = True) -> Renderers:
    """What makes each report. Masked also on a terminal: what is made for a program is passed on."""

    def render(form: str, look: Look) -> str:
        module = import_module(f"reconciler.report.{REPORTS[form].module}")  # start-up: only those asked for
        folder = inside(root or Path())
        frame = Frame(vocabulary=KINDS, masked=masked, folder=folder, token=secrets.token_hex(16))
        text: str = module.report(topic, frame)
        return text

    return {form: partial(render, form) for form in formats}


def _text_of_drift(plan: Plan, look: Look) -> str:
    return text.drift_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _masked(plan: Plan, look: Look) -> bool:
    return not look.open and plan.policy.privacy != "full"
