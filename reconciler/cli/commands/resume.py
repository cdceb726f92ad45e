"""`reconciler resume`: the end of a pause."""

from __future__ import annotations

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_target
from reconciler.workflow import doctor
from reconciler.workflow.site import Choices


@click.command("resume")
@with_target
def command(place: Choices) -> int:
    """End a pause.

    It is no error when nothing is paused.
    """
    here = site(place)
    ended = doctor.resume(here)
    with terminal.after("applies are not paused"):
        terminal.say(
            f"Applies of project {terminal.safe_text(here.project)} {'run again' if ended else 'were not paused'}."
        )
    return 0
