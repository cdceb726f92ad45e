"""Where a result goes: one text or document on stdout, others into files. Knows no result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli import streams
from reconciler.model.secrecy import veiled_data
from reconciler.workflow.git import exposed
from reconciler.workflow.write_file import append, check, descriptor_of, write_private

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
    """How a text is to look where it goes. `open`: on a terminal, where names need no mask (RULES 30)."""

    colour: bool
    open: bool
    width: int


def as_json(data: Any) -> str:
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
                        f"{first} and {output.format} want one file, {streams.safe_text(output.path)}"
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
                with streams.after(done) if done else nullcontext():
                    self._deliver(output, renderers[output.format])

    def deliver_known(self, renderers: Renderers) -> None:
        """As `deliver`, of the formats that have a renderer: for an end that has no result but complaints."""
        for output in sorted(self.outputs, key=lambda output: output.path == STDOUT):
            if output.format in renderers:
                self._deliver(output, renderers[output.format])

    def _deliver(self, output: Output, render: Callable[[TextStyle], str]) -> None:
        if output.path == STDOUT:
            streams.say(render(self.look()))
            return
        text = render(TextStyle(colour=False, open=False, width=streams.PLAIN_WIDTH))
        if output.added:
            append(Path(output.path), text)
        else:
            self._file(Path(output.path), text)

    def look(self) -> TextStyle:
        """How text looks on stdout."""
        return TextStyle(
            colour=streams.wants_colour(sys.stdout, refused=self.colourless),
            open=sys.stdout.isatty(),
            width=streams.width(),
        )

    def _file(self, path: Path, text: str) -> None:
        write_private(path, text)
        if not self.quiet and descriptor_of(path) is None and exposed(path):
            streams.warn(f"{path} may hold customers' data and git does not ignore it")
