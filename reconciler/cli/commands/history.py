"""`reconciler history`: which runs there were, and what one of them did."""

from __future__ import annotations

import click

from reconciler.cli import output
from reconciler.cli.options import site, with_output, with_target
from reconciler.cli.output import WORDS, Delivery
from reconciler.workflow import history
from reconciler.workflow.site import Choices


@click.command("history")
@with_target
@with_output
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many runs at most."
)
@click.argument("run", metavar="[RUN]", default="")
def command(place: Choices, delivery: Delivery, limit: int, run: str) -> int:
    """List the runs, or show what one of them did.

    With RUN, the id of a run or the beginning of one, each change is shown with before and after. Where the output is
    no terminal, people whom no file names are masked.
    """
    delivery.complete(WORDS)
    here = site(place)
    if run:
        row, entries = history.show_run(here, run)
        delivery.deliver(output.run_renderers(row, entries, history.history_masking(here)))
    else:
        delivery.deliver(output.runs_renderers(history.list_runs(here, limit)))
    return 0
