"""`reconciler pause`: one row that makes every apply refuse (docs/rules.md#rule-38)."""

from __future__ import annotations

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_target
from reconciler.workflow import doctor
from reconciler.workflow.site import Choices


@click.command("pause")
@with_target
@click.option("--reason", required=True, metavar="TEXT", help="Why; everyone who meets the pause reads it.")
def command(place: Choices, reason: str) -> int:
    """Make every apply refuse until it is resumed.

    Plans are still made and shown. The pause is kept in the database, so it holds for everyone.
    """
    if not reason.strip():
        raise click.UsageError("--reason is empty")
    here = site(place)
    paused = doctor.pause(here, reason.strip())
    with terminal.after("applies are paused"):
        terminal.say(
            f"Applies of project {terminal.safe_text(here.project)} are paused: {terminal.safe_text(paused.reason)}"
        )
    return 0
