"""`reconciler plan`: what apply would do. Cannot write."""

from __future__ import annotations

import os

import click

from reconciler.cli import output, terminal
from reconciler.cli.options import site, warn_if_nothing_matched, with_output, with_scope, with_target
from reconciler.cli.output import Delivery
from reconciler.model.errors import FileErrors
from reconciler.model.exit_codes import plan_code
from reconciler.workflow.plan import PlanRequest, planned
from reconciler.workflow.site import Choices


@click.command("plan")
@with_target
@with_scope
@with_output
@click.option("--out", default="", metavar="PATH", help="Keep the plan in a file for apply; - is stdout.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there is something to change.")
def command(place: Choices, wish: PlanRequest, delivery: Delivery, out: str, detailed_exitcode: bool) -> int:
    """Show what apply would change, whom it hits and what forbids it.

    Reads the files and the live system and writes neither. The plan is shown whole, also when a guard blocks it (exit
    3). With --out it is kept as a file that `apply` runs word for word.
    """
    delivery = delivery.also(out)
    delivery.complete()
    here = site(place)
    try:
        with terminal.phases(quiet=delivery.quiet) as progress:
            plan = planned(here, wish, progress)
    except FileErrors as errors:
        from reconciler.report.topic import PLAN  # start-up: files are mostly right

        output.report_file_errors(errors, PLAN, here.settings.root, delivery)
        raise
    warn_if_nothing_matched(wish, plan, delivery)
    delivery.deliver(output.plan_renderers(plan, os.environ, here.settings.root))
    return plan_code(plan, detailed=detailed_exitcode)
