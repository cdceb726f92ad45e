"""Where a result goes: one text or document on stdout, others into files.

Which report serves which output of a command.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import terminal
from reconciler.kinds import KINDS
from reconciler.model.secrecy import veiled_data
from reconciler.workflow.write_file import append, check, descriptor_of, write_private

if TYPE_CHECKING:  # start-up: what makes a report is loaded where one is made
    from reconciler.engine.apply import ApplyResult
    from reconciler.model.errors import FileErrors
    from reconciler.model.finding import Finding
    from reconciler.model.memory import HistoryEntry, RunRow
    from reconciler.model.plan import Plan
    from reconciler.report.masking import Masking
    from reconciler.report.topic import Frame, Topic


TEXT, JSON = "text", "json"
STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A format for another program: a module of `reconciler.report.formats` with `report(topic, frame)`, or another
    `function` that takes the same, loaded at use.

    `of_files`: whether it can tell of files alone, without a plan. `appends`: environment variable → the format that
    goes to the end of the file it names, whenever this format is asked for.
    """

    module: str
    function: str = "report"
    of_files: bool = True
    appends: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Callable[[Topic, Frame], str]:
        """The function that makes the report (start-up: only those asked for are imported)."""
        made: Callable[[Topic, Frame], str] = getattr(
            import_module(f"reconciler.report.formats.{self.module}"), self.function
        )
        return made


REPORTS: Mapping[str, Report] = {
    "markdown": Report(module="markdown"),
    "html": Report(module="html"),
    "github": Report(module="github", appends={"GITHUB_STEP_SUMMARY": "markdown", "GITHUB_OUTPUT": "github-outputs"}),
    "github-outputs": Report(module="github", function="outputs"),
    "sarif": Report(module="sarif"),
    "gitlab": Report(module="gitlab", of_files=False),
    "gitlab-quality": Report(module="gitlab", function="quality"),
    "junit": Report(module="junit"),
}
"""The one place that names them; the renderers of `plan`, `show`, `validate` and `drift` are made from it."""

WORDS = (TEXT, JSON)
"""What every command has."""
FORMATS = (*WORDS, *REPORTS)
OF_FILES = tuple(form for form, report in REPORTS.items() if report.of_files)
"""The reports that need no plan."""


@dataclass(frozen=True, slots=True)
class Output:
    """One result to deliver: its format, and the path it goes to (`-`: stdout, as is `/dev/stdout`). `added`: nobody
    asked for it by name; it goes to the end of a file that was there before, and is left out where the command has no
    such output."""

    format: str
    path: str = STDOUT
    added: bool = False

    def __post_init__(self) -> None:
        if not self.added and descriptor_of(Path(self.path)) == 1:
            object.__setattr__(self, "path", STDOUT)


def with_added(outputs: Iterable[Output], environ: Mapping[str, str]) -> tuple[Output, ...]:
    """The outputs, and what their formats add to files that the environment names."""
    asked = tuple(outputs)
    wanted = {
        name: form
        for output in asked
        if output.format in REPORTS
        for name, form in REPORTS[output.format].appends.items()
    }
    return *asked, *(Output(form, environ[name], added=True) for name, form in wanted.items() if environ.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """How a text is to look where it goes. `open`: on a terminal, where names need no mask (docs/rules.md#rule-40)."""

    colour: bool
    open: bool
    width: int


def json_text(data: Any) -> str:
    """A JSON document without secrets, in ASCII, DEL escaped too, so that nothing in it does anything to a terminal."""
    return json.dumps(veiled_data(data), indent=2).replace("\x7f", "\\u007f")


Renderers = Mapping[str, Callable[[TextStyle], str]]
"""format → what makes the text in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the person asked for. Text goes to stdout when nothing else does."""

    outputs: tuple[Output, ...] = ()
    colourless: bool = False
    quiet: bool = False

    def also(self, path: str) -> Delivery:
        """The same with a JSON file more; nothing more for an empty path."""
        return replace(self, outputs=(*self.outputs, Output(JSON, path))) if path else self

    def complete(self, formats: Collection[str] = FORMATS) -> tuple[Output, ...]:
        """Every output. Raises UsageError when two want one place, or when the command has none of that format: asked
        for before the work begins, for afterwards it would deny what was done."""
        taken: dict[Path, str] = {}
        for output in self.outputs:
            if output.format not in formats and not output.added:
                raise click.UsageError(f"this command has no {output.format} output")
            if output.path != STDOUT and not output.added:
                first = taken.setdefault(Path(output.path).absolute(), output.format)
                if first != output.format:
                    raise click.UsageError(
                        f"{first} and {output.format} want one file, {terminal.safe_text(output.path)}"
                    )
        on_stdout = [output for output in self.outputs if output.path == STDOUT]
        if len(on_stdout) > 1:
            raise click.UsageError("two outputs want stdout; give one of them a path, as in --output json=plan.json")
        return self.outputs if on_stdout else (Output(TEXT), *self.outputs)

    def check_places(self) -> None:
        """Raise ReconcilerError where a file cannot go to its place, before anything is done that it is to tell of."""
        for output in self.outputs:
            if output.path != STDOUT and not output.added:
                check(Path(output.path))

    @property
    def speaks(self) -> bool:
        """Whether stdout is for words; else it is a document's and words go to stderr."""
        return Output(TEXT) in self.complete()

    def deliver(self, renderers: Renderers, *, done: str = "") -> None:
        """Render each output and put it where it belongs, files first: what stdout says is then true. `done`: what was
        done before, and is so however the telling ends; one output that fails then takes none of the others away."""
        for output in sorted(self.complete(), key=lambda output: output.path == STDOUT):
            if output.format in renderers or not output.added:
                with terminal.after(done) if done else nullcontext():
                    self._deliver(output, renderers[output.format])

    def deliver_known(self, renderers: Renderers) -> None:
        """As `deliver`, of the formats that have a renderer: for an end that has no result but complaints."""
        for output in sorted(self.outputs, key=lambda output: output.path == STDOUT):
            if output.format in renderers:
                self._deliver(output, renderers[output.format])

    def _deliver(self, output: Output, render: Callable[[TextStyle], str]) -> None:
        if output.path == STDOUT:
            terminal.say(render(self.look()))
            return
        text = render(TextStyle(colour=False, open=False, width=terminal.PLAIN_WIDTH))
        if output.added:
            append(Path(output.path), text)
        else:
            self._file(Path(output.path), text)

    def look(self) -> TextStyle:
        """How text looks on stdout."""
        return TextStyle(
            colour=terminal.wants_colour(sys.stdout, refused=self.colourless),
            open=sys.stdout.isatty(),
            width=terminal.width(),
        )

    def _file(self, path: Path, text: str) -> None:
        from reconciler.workflow.git import exposed

        write_private(path, text)
        if not self.quiet and descriptor_of(path) is None and exposed(path):
            terminal.warn(f"{path} may hold customers' data and git does not ignore it")


def plan_renderers(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """A plan in words, as the plan file, or as a report. `root`: where the files lie; None: here."""

    def topic() -> Topic:
        from reconciler.report.topic import topic_of_plan

        return topic_of_plan(plan)

    reports = _reports(topic, root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(text_of_plan, plan), JSON: partial(_document_of_plan, plan, environ), **reports}


def drift_renderers(plan: Plan, environ: Mapping[str, str], root: Path | None = None) -> Renderers:
    """Only what moved behind our back in words and in reports; the whole plan as a document, with its
    `resource_drift`. `root` as above."""

    def topic() -> Topic:
        from reconciler.report.topic import topic_of_drift

        return topic_of_drift(plan, KINDS)

    reports = _reports(topic, root, REPORTS, masked=plan.policy.privacy != "full")
    return {TEXT: partial(_text_of_drift, plan), JSON: partial(_document_of_plan, plan, environ), **reports}


def file_renderers(
    findings: Sequence[Finding], root: Path, *, files: Collection[str] = (), command: str = "validate"
) -> Renderers:
    """Complaints about the files as reports."""

    def topic() -> Topic:
        from reconciler.report.topic import topic_of_files

        return topic_of_files(findings, files, command)

    return _reports(topic, root, OF_FILES)


def report_file_errors(errors: FileErrors, command: str, root: Path, delivery: Delivery) -> None:
    """Deliver the reports of a command that the files stopped: a reviewer sees the complaints at their lines."""
    delivery.deliver_known(file_renderers(errors.findings, root, command=command))


def result_renderers(plan: Plan, outcome: ApplyResult, seconds: float, reminders: Sequence[str] = ()) -> Renderers:
    """What an apply did, and what the target wants a person to know now."""

    def words(look: TextStyle) -> str:
        from reconciler.report.text import outcome_text

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
        return json_text({"run": outcome.run.id, **refs, "allowances": lifted, **told})

    return {TEXT: words, JSON: document}


def runs_renderers(rows: Sequence[RunRow]) -> Renderers:
    """The runs as a table."""
    from reconciler.report import history

    return {
        TEXT: lambda look: history.runs_text(rows, colour=look.colour),
        JSON: lambda look: json_text(history.runs_document(rows)),
    }


def run_renderers(row: RunRow, entries: Sequence[HistoryEntry], masking: Masking) -> Renderers:
    """What one run did; `masking` hides people where it goes to no terminal."""
    from reconciler.report import history
    from reconciler.report.masking import OPEN

    def words(look: TextStyle) -> str:
        mask = OPEN if look.open else masking
        return history.run_text(row, entries, vocabulary=KINDS, masking=mask, width=look.width, colour=look.colour)

    return {TEXT: words, JSON: lambda look: json_text(history.run_document(row, entries, masking=masking))}


def text_of_plan(plan: Plan, look: TextStyle) -> str:
    """The plan in words, people masked where it goes to no terminal."""
    from reconciler.report.text import plan_text

    return plan_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _document_of_plan(plan: Plan, environ: Mapping[str, str], _: TextStyle) -> str:
    from reconciler.workflow.plan_file import sealed_plan

    return sealed_plan(plan, environ)


def _reports(
    topic: Callable[[], Topic], root: Path | None, formats: Iterable[str], *, masked: bool = True
) -> Renderers:
    """What makes each report. Masked also on a terminal: what is made for a program is passed on."""

    def render(form: str, look: TextStyle) -> str:
        from reconciler.report.topic import Frame
        from reconciler.workflow.git import inside

        folder = inside(root or Path())
        frame = Frame(vocabulary=KINDS, masked=masked, folder=folder, token=secrets.token_hex(16))
        return REPORTS[form].load()(topic(), frame)

    return {form: partial(render, form) for form in formats}


def _text_of_drift(plan: Plan, look: TextStyle) -> str:
    from reconciler.report.text import drift_text

    return drift_text(plan, vocabulary=KINDS, width=look.width, colour=look.colour, masked=_masked(plan, look))


def _masked(plan: Plan, look: TextStyle) -> bool:
    return not look.open and plan.policy.privacy != "full"
