"""`reconciler doctor`: what a person asks first when something is odd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_output, with_target
from reconciler.cli.output import JSON, TEXT, WORDS, Delivery, json_text
from reconciler.model.errors import ReconcilerError
from reconciler.workflow import doctor
from reconciler.workflow.site import Choices


@click.command("doctor")
@with_target
@with_output
@click.option("--rehearse", is_flag=True, help="Apply the files too and roll it back: proves grants and triggers.")
def command(place: Choices, delivery: Delivery, rehearse: bool) -> int:
    """Say what the reconciler sees: connection, versions, tables, protection.

    Class A: the database itself refuses to delete what has users. B: it would clear or spread. C: nothing protects.
    On PostgreSQL and MariaDB it also prints the GRANTs that an account to plan and one to apply need, and warns when
    the account in use may do more than that.
    """
    delivery.complete(WORDS)
    here = site(place)
    found: list[tuple[str, str]] = []
    trouble: ReconcilerError | None = None
    doing = "diagnosis"
    try:
        for line in doctor.diagnosis(here):
            found.append(line)
        doing = "rehearsal"
        if rehearse:
            with terminal.phases(quiet=delivery.quiet) as progress:
                found += doctor.rehearsal(here, progress)
    except ReconcilerError as error:  # what was seen is told all the same
        trouble = error
        found.append((doing, f"failed: {error.message}"))
    lines = [(terminal.safe_text(label), terminal.safe_text(answer)) for label, answer in found]
    column = max(len(label) for label, _ in lines)
    delivery.deliver(
        {
            TEXT: lambda look: "\n".join(f"{label:<{column}}  {answer}" for label, answer in lines),
            JSON: lambda look: json_text(dict(_gathered(lines))),
        }
    )
    if trouble is not None:
        raise trouble
    return 0


def _gathered(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str | list[str]]]:
    """What has several answers gets a list of them."""
    answers: dict[str, list[str]] = {}
    for label, answer in lines:
        answers.setdefault(label, []).append(answer)
    for label, several in answers.items():
        yield label, several if len(several) > 1 else several[0]
