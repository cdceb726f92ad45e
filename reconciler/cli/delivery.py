"""Where a result goes: one text or document on stdout, others into files. Knows no result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli import streams
from reconciler.workflow.checkout import exposed
from reconciler.workflow.keeping import keep

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)
STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """One result to deliver: its format, and the path it goes to (`-`: stdout)."""

    format: str
    path: str = STDOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a text is to look where it goes. `open`: on a terminal, where names need no mask (RULES 30)."""

    colour: bool
    open: bool
    width: int


def as_json(data: Any) -> str:
    """A JSON document in ASCII, DEL escaped too, so that nothing in it can do anything to a terminal."""
    return json.dumps(data, indent=2).replace("\x7f", "\\u007f")


Renderers = Mapping[str, Callable[[Look], str]]
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

    def complete(self) -> tuple[Output, ...]:
        """Every output. Raises UsageError when two want stdout."""
        on_stdout = [output for output in self.outputs if output.path == STDOUT]
        if len(on_stdout) > 1:
            raise click.UsageError("two outputs want stdout; give one of them a path, as in --output json=plan.json")
        return self.outputs if on_stdout else (Output(TEXT), *self.outputs)

    @property
    def speaks(self) -> bool:
        """Whether stdout is for words; else it is a document's and words go to stderr."""
        return Output(TEXT) in self.complete()

    def deliver(self, renderers: Renderers) -> None:
        """Render each output and put it where it belongs, files first: what stdout says is then true."""
        for output in sorted(self.complete(), key=lambda output: output.path == STDOUT):
            render = renderers.get(output.format)
            if render is None:
                raise click.UsageError(f"this command has no {output.format} output")
            if output.path == STDOUT:
                streams.say(render(self.look()))
            else:
                self._file(Path(output.path), render(Look(colour=False, open=False, width=streams.PLAIN_WIDTH)))

    def look(self) -> Look:
        """How text looks on stdout."""
        return Look(
            colour=streams.wants_colour(sys.stdout, refused=self.colourless),
            open=sys.stdout.isatty(),
            width=streams.width(),
        )

    def _file(self, path: Path, text: str) -> None:
        keep(path, text)
        if not self.quiet and exposed(path):
            streams.hint(f"warning: {path} may hold customers' data and git does not ignore it")
