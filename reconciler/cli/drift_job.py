"""`drift` as a job that runs now and then: its options, and whom it tells how it ended.

The ping is a courtesy and never fails a run; what is asked for by `--textfile` and `--webhook` is, when it cannot be
done, an error.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from reconciler import __version__
from reconciler.cli import log, terminal
from reconciler.cli.options import Command
from reconciler.model.errors import ReconcilerError
from reconciler.model.secrecy import hidden_in
from reconciler.model.visible import safe_text
from reconciler.workflow import notify as news
from reconciler.workflow.write_file import write_public

PHASES = {
    "reading the files": "files",
    "comparing": "compare",
    "counting users": "count",
    "running the guards": "guard",
}
READING = "read"
"""The phase whose name names the target."""
LOG_BYTES = 10_000
_LARGEST = 2**20
"""Bytes of an earlier textfile that are looked at."""
INTERRUPTED, USAGE, ERROR = 130, 64, 1
DRIFT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What the command line asks for. `webhook`, `webhook_key`, `ping`: `env:NAME` or `file:PATH`."""

    state: Path | None = None
    only_new: bool = False
    textfile: Path | None = None
    webhook: str = ""
    webhook_format: str = "json"
    webhook_key: str = ""
    ping: str = ""
    ping_on_drift: str = "success"

    def check(self) -> None:
        """Raise UsageError for what makes no sense together."""
        if self.only_new and self.state is None:
            raise click.UsageError("--only-new needs --state FILE: it says what was told before")
        if self.state and self.textfile and self.state.absolute() == self.textfile.absolute():
            raise click.UsageError("--state and --textfile want one file")
        if self.webhook and self.webhook_format == "json" and not self.webhook_key:
            raise click.UsageError("--webhook needs --webhook-key, which signs the message; only Slack has none")
        if self.webhook_key and not (self.webhook and self.webhook_format == "json"):
            raise click.UsageError("--webhook-key signs what --webhook sends as json, and nothing is sent so")


def with_job_options(command: Command) -> Command:
    """What a job that runs now and then needs: the argument `wanted`."""

    names = [*JobOptions.__dataclass_fields__]

    @functools.wraps(command)
    def wanting(**rest: Any) -> Any:
        wanted = JobOptions(**{name: rest.pop(name) for name in names})
        wanted.check()
        return command(wanted=wanted, **rest)

    path = click.Path(path_type=Path)
    secret = functools.partial(click.option, default="", metavar="env:NAME|file:PATH")
    options = (
        click.option("--state", type=path, metavar="FILE", help="Keep in FILE what was told, for --only-new."),
        click.option("--only-new", is_flag=True, help="Tell only what was not told before; exit 2 for that alone."),
        click.option("--textfile", type=path, metavar="FILE", help="Write metrics for Prometheus' textfile collector."),
        secret("--webhook", help="Where the address stands to which drift is sent."),
        click.option(
            "--webhook-format", type=click.Choice(["json", "slack"]), default="json", help="The shape of the message."
        ),
        secret("--webhook-key", help="Where the key stands that signs the message (json)."),
        secret("--ping", help="Where the address stands that is told of each start and end."),
        click.option(
            "--ping-on-drift",
            type=click.Choice(["success", "failure"]),
            default="success",
            help="What the ping says of a run that found drift.",
        ),
    )
    made: Command = wanting
    for option in reversed(options):  # so that `--help` lists them in this order
        made = option(made)
    return made


@dataclass(slots=True, kw_only=True)
class JobRun:
    """One run as it goes. `samples`: what it has measured; `said`: what its ping says; `target`: as far as known;
    `written`: it has changed files, so that what cannot be told any more is no error."""

    wanted: JobOptions
    id: str = field(default_factory=log.invocation)
    target: str = ""
    said: str = ""
    written: bool = False
    samples: list[Any] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, *, quiet: bool) -> Iterator[Callable[[str], None]]:
        """A progress that measures how long each phase takes."""
        name, began = "", time.monotonic()

        def close() -> None:
            if name:
                self.phases[name] = self.phases.get(name, 0.0) + time.monotonic() - began

        with terminal.phases(quiet=quiet) as shown:

            def progress(next_one: str) -> None:
                nonlocal name, began
                close()
                name, began = PHASES.get(next_one, READING), time.monotonic()
                shown(next_one)

            try:
                yield progress
            finally:
                close()


def run_job(wanted: JobOptions, check: Callable[[JobRun], int]) -> int:
    """Run the check, and tell how it ended: metrics, then the ping. Raises what the check raises."""
    this = JobRun(wanted=wanted)
    bell = _bell(wanted)
    _ring(bell, this, "start")
    try:
        code = check(this)
        with terminal.after("the drift is written into the files") if this.written else nullcontext():
            _measure(this, code, well=True)
    except BaseException as error:
        code = _code_of(error)
        with suppress(Exception):  # the first failure is the one to be told
            _measure(this, code, well=False)
        this.said = safe_text(error.message) if isinstance(error, ReconcilerError) else type(error).__name__
        _ring(bell, this, str(code))
        raise
    _ring(bell, this, "0" if code == DRIFT and wanted.ping_on_drift == "success" else str(code))
    return code


def _bell(wanted: JobOptions) -> news.SecretAddress | None:
    """Where to ring; None, said aloud, where that cannot be."""
    if not wanted.ping:
        return None
    try:
        return news.address(wanted.ping, "--ping", os.environ)
    except ReconcilerError as error:
        terminal.warn(f"nothing is pinged: {safe_text(error.message)}")
        return None


def _ring(bell: news.SecretAddress | None, this: JobRun, step: str) -> None:
    if bell is None:
        return
    tail = hidden_in(this.said).encode("utf-8", "replace")[-LOG_BYTES:]
    body = tail.decode("utf-8", "ignore").encode()  # the cut may be inside of a character
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        news.post(bell.below(step, rid=this.id), body, kind, news.PING)
    except Exception as error:  # whatever it is, the run is worth more
        why = safe_text(error.message) if isinstance(error, ReconcilerError) else type(error).__name__
        terminal.warn(f"the ping was not heard: {why}")


def _measure(this: JobRun, code: int, *, well: bool) -> None:
    """Write the textfile. A run that failed leaves standing what an earlier one found."""
    path = this.wanted.textfile
    if path is None:
        return
    from reconciler.report import metrics  # start-up: prometheus-client is an extra

    samples, target = [*this.samples], safe_text(this.target)
    before = {} if well else metrics.earlier(_text_of(path))
    target = target or (next(iter(before)) if len(before) == 1 else "")
    ended = metrics.Ended(target=target, code=code, time=round(time.time(), 3), version=__version__, phases=this.phases)
    if well:
        samples.append(metrics.succeeded(ended))
    measured = {sample.name for sample in samples}
    samples += [sample for sample in before.get(target, ()) if sample.name not in measured]
    try:
        text = metrics.rendered([*metrics.run_samples(ended), *samples], target)
    except ImportError as error:
        raise ReconcilerError(
            "--textfile needs the package prometheus-client", remedy="pip install 'esp-reconciler[metrics]'"
        ) from error
    write_public(path, text)


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _code_of(error: BaseException) -> int:
    """The exit code that this end will have."""
    match error:
        case ReconcilerError():
            return error.exit_code
        case click.UsageError():
            return USAGE
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case _:
            return ERROR
