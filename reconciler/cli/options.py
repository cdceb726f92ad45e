"""The options that several commands share. Each decorator turns its options into one argument of the command:
`with_target` into `place`, `with_output` into `delivery`, `with_scope` into `wish`."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from reconciler.cli import completion
from reconciler.cli.output import FORMATS, JSON, REPORTS, STDOUT, Delivery, Output, with_added
from reconciler.cli.terminal import hint, safe_text
from reconciler.kinds import KINDS
from reconciler.model.finding import CODES
from reconciler.model.names import did_you_mean
from reconciler.model.plan import Allowance, Plan
from reconciler.model.ref import Ref
from reconciler.workflow.plan import PlanRequest
from reconciler.workflow.site import Choices, Site, open_site

Command = Callable[..., Any]

KIND = "|".join(KINDS.kinds)
"""How `--help` shows an argument that is a kind."""

_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60}


def duration(text: str) -> float:
    """`10`, `10s`, `2m` → seconds. Raises BadParameter on anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text)
    if match is None or match[2] not in _SECONDS:
        raise click.BadParameter(f'"{safe_text(text)}" is no duration; write 10s or 2m')
    return float(match[1]) * _SECONDS[match[2]]


def some_time(text: str) -> float:
    """As `duration`, more than none."""
    seconds = duration(text)
    if not seconds:
        raise click.BadParameter("nothing answers in no time; write 10s or 2m")
    return seconds


def output(text: str) -> Output:
    """`text`, `json`, `json=plan.json` → where it goes. Raises BadParameter on anything else."""
    form, equals, path = text.partition("=")
    if form not in FORMATS:
        raise click.BadParameter(
            f'"{safe_text(form)}" is no format{did_you_mean(form, FORMATS)}; there is {", ".join(FORMATS)}'
        )
    if equals and not path:
        raise click.BadParameter("write a path behind the =")
    return Output(form, path or STDOUT)


def _options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Attach them so that `--help` lists them in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def with_target(command: Command) -> Command:
    """Which reconciler.yaml, which system, how long to wait for it: the argument `place`."""

    @functools.wraps(command)
    def placed(
        *,
        config: Path | None,
        target: str,
        database_url_file: Path | None,
        lock_timeout: float | None,
        timeout: float | None,
        **rest: Any,
    ) -> Any:
        choices = Choices(
            config=config, target=target, url_file=database_url_file, lock_timeout=lock_timeout, timeout=timeout
        )
        return command(place=choices, **rest)

    path = click.Path(path_type=Path)
    return _options(
        placed,
        click.option("-c", "--config", type=path, metavar="PATH", help="The reconciler.yaml to use, or its folder."),
        click.option(
            "-t",
            "--target",
            default="",
            metavar="NAME",
            shell_complete=completion.targets,
            help="The system to work on, by its name in reconciler.yaml.",
        ),
        click.option(
            "--database-url-file",
            type=path,
            metavar="PATH",
            help="A file that holds the address of the database; it wins over reconciler.yaml.",
        ),
        click.option(
            "--lock-timeout",
            type=duration,
            metavar="TIME",
            help="How long to wait for another apply: 10s (the default), 2m.",
        ),
        click.option(
            "--timeout",
            type=some_time,
            metavar="TIME",
            help="How long to wait for any answer of the database: 40s (the default), 5m.",
        ),
    )


def site(place: Choices) -> Site:
    """The place that the options of `with_target` choose, as it stands now."""
    return open_site(place, os.environ, Path())


def with_output(command: Command) -> Command:
    """What the result looks like and where it goes: the argument `delivery`."""

    @functools.wraps(command)
    def delivered(*, results: tuple[Output, ...], as_json: bool, no_color: bool, quiet: bool, **rest: Any) -> Any:
        wanted = (*results, Output(JSON)) if as_json and Output(JSON) not in results else results
        wanted = with_added(wanted, os.environ)
        return command(delivery=Delivery(outputs=wanted, colourless=no_color, quiet=quiet), **rest)

    return _options(
        delivered,
        click.option(
            "--output",
            "results",
            type=output,
            multiple=True,
            metavar="FORMAT[=PATH]",
            shell_complete=completion.formats,
            help="text or json, with =PATH into a file; of a plan, of drift and of the files also "
            f"{', '.join(REPORTS)}. Several at once.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --output json."),
        click.option("--no-color", is_flag=True, help="No colour, also on a terminal."),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no hints on stderr."),
    )


def with_scope(command: Command) -> Command:
    """Which objects a plan is limited to, and what it is allowed: the argument `wish`."""

    @functools.wraps(command)
    def wished(*, only: tuple[str, ...], allow: tuple[str, ...], reason: str, **rest: Any) -> Any:
        wish = PlanRequest(only=tuple(_reference(text) for text in only), allowances=tuple(_allowances(allow, reason)))
        return command(wish=wish, **rest)

    return _options(
        wished,
        click.option(
            "--only",
            multiple=True,
            metavar="REF",
            shell_complete=completion.references,
            help="Only this object, as package/Growth; * is wild. Repeat.",
        ),
        click.option(
            "--allow",
            multiple=True,
            metavar="CLASS",
            shell_complete=completion.liftable_classes,
            help=f"Lift what blocks: {', '.join(_liftable())}. Repeat.",
        ),
        click.option("--reason", default="", metavar="TEXT", help="Why --allow is given; kept with the plan."),
    )


def warn_if_nothing_matched(wish: PlanRequest, plan: Plan, delivery: Delivery) -> None:
    """Say it when `--only` left nothing to look at: a slip of the fingers must not pass for "no changes"."""
    if wish.only and not (plan.counts.compared or plan.changes or plan.findings or delivery.quiet):
        hint(f"--only {safe_text(' '.join(wish.only))}: the files and the memory hold no such object")


def known_kind(word: str) -> str:
    """The kind of this name; a plural will do. Raises UsageError when there is none."""
    for kind in (word, word.removesuffix("s")):
        if kind in KINDS:
            return kind
    raise click.UsageError(_unknown("kind", word, KINDS.kinds))


def _reference(text: str) -> str:
    """A glob `kind/name` as the engine wants it. Raises UsageError on what is no reference."""
    try:
        ref = Ref.parse(text)
    except ValueError as error:
        raise click.UsageError(safe_text(str(error))) from error
    return text if "*" in ref.kind else str(Ref(known_kind(ref.kind), ref.key))


def _liftable() -> list[str]:
    return [word for word, code in CODES.items() if code.liftable]


def _allowances(words: Iterable[str], reason: str) -> Iterable[Allowance]:
    liftable = _liftable()
    for word in words:
        if word in CODES and word not in liftable:
            raise click.UsageError(f'"{word}" is never lifted: {CODES[word].meaning}')
        if word not in liftable:
            raise click.UsageError(_unknown("class", word, liftable))
        if not reason.strip():
            raise click.UsageError("--allow needs --reason TEXT: it is kept with the plan")
        yield Allowance(code=word, reason=reason.strip())
    if reason and not words:
        raise click.UsageError("--reason says why --allow is given, and there is no --allow")


def _unknown(what: str, word: str, known: Iterable[str]) -> str:
    return f'there is no {what} "{safe_text(word)}"{did_you_mean(word, known)}; there is {", ".join(known)}'
