"""Which report serves which output of a command. Knows no layout: `report` does."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.delivery import JSON, OF_FILES, REPORTS, TEXT, Delivery, Renderers, TextStyle, as_json
from reconciler.kinds import KINDS
from reconciler.model.errors import FileErrors
from reconciler.model.memory import HistoryEntry, RunRow
from reconciler.model.plan import Plan
from reconciler.report import history, text
from reconciler.report.masking import OPEN, Masking
from reconciler.report.text import outcome_text
from reconciler.report.topic import Frame, Topic, topic_of_drift, topic_of_files, topic_of_plan
from reconciler.workflow import plan_file
from reconciler.workflow.git import inside

if TYPE_CHECKING:
    from reconciler.engine.apply import ApplyResult  # start-up: a plan is not applied


def plan_renderers(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """A plan in words, as the plan file, or as a report. `root`: where the files lie; None: here."""
    reports = _reports(topic_of_plan(plan), root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(text_of_plan, plan), JSON: lambda look: plan_file.plan_text(plan, environ), **reports}


def drift_renderers(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """Only what moved behind our back in words and in reports; the whole plan as a document, with its
    `resource_drift`. `root` as above."""
    reports = _reports(topic_of_drift(plan, KINDS), root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(_text_of_drift, plan), JSON: lambda look: plan_file.plan_text(plan, environ), **reports}


def file_renderers(topic: Topic, root: Path) -> Renderers:
    """Complaints about the files as reports."""
    return _reports(topic, root, OF_FILES)


def report_file_errors(errors: FileErrors, command: str, root: Path, delivery: Delivery) -> None:
    """Deliver the reports of a command that the files stopped: a reviewer sees the complaints at their lines."""
    delivery.deliver_known(file_renderers(topic_of_files(errors.findings, command=command), root))


def result_renderers(plan: Plan, outcome: ApplyResult, seconds: float, reminders: Sequence[str] = ()) -> Renderers:
    """What an apply did, and what the target wants a person to know now."""

    def words(look: TextStyle) -> str:
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

    def document(look: TextStyle) -> str:
        refs = {"done": [str(change.ref) for change in outcome.done]}
        refs["already"] = [str(change.ref) for change in outcome.already]
        told = {"afterwards": list(reminders)} if reminders else {}
        lifted = [{"code": each.code, "reason": each.reason} for each in plan.source.allowances]
        return as_json({"run": outcome.run.id, **refs, "allowances": lifted, **told})

    return {TEXT: words, JSON: document}


def runs_renderers(rows: Sequence[RunRow]) -> Renderers:
    """The runs as a table."""
    return {
        TEXT: lambda look: history.runs_text(rows, colour=look.colour),
        JSON: lambda look: as_json(history.runs_document(rows)),
    }


def run_renderers(row: RunRow, entries: Sequence[HistoryEntry], masking: Masking) -> Renderers:
    """What one run did; `masking` hides people where it goes to no terminal."""

    def words(look: TextStyle) -> str:
        mask = OPEN if look.open else masking
        return history.run_text(row, entries, vocabulary=KINDS, masking=mask, width=look.width, colour=look.colour)

    return {TEXT: words, JSON: lambda look: as_json(history.run_document(row, entries, masking=masking))}


def text_of_plan(plan: Plan, look: TextStyle) -> str:
    """The plan in words, people masked where it goes to no terminal."""
    return text.plan_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _reports(topic: Topic, root: Path | None, formats: Iterable[str], *, masked: bool = True) -> Renderers:
    """What makes each report. Masked also on a terminal: what is made for a program is passed on."""

    def render(form: str, look: TextStyle) -> str:
        wanted = REPORTS[form]
        module = import_module(f"reconciler.report.formats.{wanted.module}")  # start-up: only those asked for
        folder = inside(root or Path())
        frame = Frame(vocabulary=KINDS, masked=masked, folder=folder, token=secrets.token_hex(16))
        text: str = getattr(module, wanted.function)(topic, frame)
        return text

    return {form: partial(render, form) for form in formats}


def _text_of_drift(plan: Plan, look: TextStyle) -> str:
    return text.drift_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _masked(plan: Plan, look: TextStyle) -> bool:
    return not look.open and plan.policy.privacy != "full"
