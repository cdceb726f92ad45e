"""`reconciler revert`: a plan that takes a run back."""

from __future__ import annotations

import os

import click

from reconciler.cli import output, terminal
from reconciler.cli.commands.apply import apply_plan, show
from reconciler.cli.options import site, with_output, with_scope, with_target
from reconciler.cli.output import FORMATS, WORDS, Delivery
from reconciler.model.exit_codes import plan_code
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from reconciler.workflow.site import Choices


@click.command("revert")
@with_target
@with_scope
@with_output
@click.option("--out", default="", metavar="PATH", help="Keep the plan in a file for apply; - is stdout.")
@click.option("--auto-approve", "--yes", "-y", "approved", is_flag=True, help="Apply it at once, without a plan file.")
@click.argument("run", metavar="RUN")
def command(place: Choices, wish: PlanRequest, delivery: Delivery, out: str, approved: bool, run: str) -> int:
    """Plan to take a run back.

    RUN is the id of a run or the beginning of one; `reconciler history` lists them. The plan is an ordinary one: it is
    shown, guarded (exit 3), kept with --out and run by `reconciler apply`. What was changed since the run is left as
    it is, and said. No file is touched: git still declares the other state, and the next plan will show it.
    """
    if approved and out:
        raise click.UsageError("--out keeps the plan for later, --auto-approve applies it now; give one of them")
    asked = delivery.also(out)
    asked.complete(WORDS if approved else FORMATS)
    asked.check_places()
    here = site(place)
    with terminal.phases(quiet=delivery.quiet) as progress:
        plan = history.reverted(here, run, wish, progress)
    if not approved:
        asked.deliver(output.plan_renderers(plan, os.environ))
        if not (out or plan.blocked or delivery.quiet) and (plan.changes or plan.remember or plan.drop):
            terminal.hint("nothing was changed; to carry it out: --out plan.json and `reconciler apply plan.json`")
        return plan_code(plan)
    show(plan, delivery, asking=False)
    if plan.blocked:
        terminal.complain("the plan is blocked; nothing was changed")
        return plan_code(plan)
    apply_plan(here, plan, delivery)
    return 0
