"""`reconciler apply`: run a plan, all or nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli import rendering, streams
from reconciler.cli.carrying import apply_plan, show
from reconciler.cli.delivery import STDOUT, WORDS, Delivery
from reconciler.cli.options import site, warn_if_nothing_matched, with_output, with_scope, with_target
from reconciler.model.errors import ReconcilerError
from reconciler.model.exit_codes import plan_code
from reconciler.model.plan import Plan
from reconciler.workflow.plan import PlanRequest, planned
from reconciler.workflow.plan_file import check_plan, read_plan, read_plan_file
from reconciler.workflow.site import Choices, Site


@click.command("apply")
@with_target
@with_scope
@with_output
@click.option(
    "--auto-approve", "--yes", "-y", "approved", is_flag=True, help="Do not ask; needed where there is no terminal."
)
@click.argument("plan_file", metavar="[PLAN]", default="", type=click.Path(allow_dash=True))
def command(place: Choices, wish: PlanRequest, delivery: Delivery, approved: bool, plan_file: str) -> int:
    """Make the live system what the files say, all or nothing.

    Without PLAN it plans, shows the plan and asks. With PLAN, a file of `plan --out` (- reads stdin), it runs that plan
    word for word: it was shown before, so nothing is asked, and it is refused (exit 4) when the world has moved on.
    """
    delivery.complete(WORDS)
    if plan_file and wish != PlanRequest():
        raise click.UsageError("a plan file is run word for word; give --only and --allow to `reconciler plan --out`")
    if not plan_file and not approved and not streams.interactive():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve, or a plan file")
    delivery.check_places()
    here = site(place)
    plan = _from_file(here, plan_file) if plan_file else _made_now(here, wish, delivery, asking=not approved)
    if plan.blocked:
        if plan_file:
            streams.hint(rendering.text_of_plan(plan, delivery.look()))
        streams.complain("the plan is blocked; nothing was changed")
        return plan_code(plan)
    if plan.changes and not plan_file and not approved:
        _ask(plan)
    apply_plan(here, plan, delivery)
    return 0


def _from_file(here: Site, plan_file: str) -> Plan:
    """The plan of the file, once it is sure that it belongs here."""
    if plan_file == STDOUT:
        plan = read_plan(sys.stdin.buffer, os.environ)
    else:
        plan = read_plan_file(Path(plan_file), os.environ)
    return check_plan(here, plan)


def _made_now(here: Site, wish: PlanRequest, delivery: Delivery, *, asking: bool) -> Plan:
    """A fresh plan, shown."""
    with streams.phases(quiet=delivery.quiet) as progress:
        plan = planned(here, wish, progress)
    warn_if_nothing_matched(wish, plan, delivery)
    show(plan, delivery, asking=asking)
    return plan


def _ask(plan: Plan) -> None:
    """Go on only after a yes. Raises ReconcilerError on a no."""
    if not click.confirm(f"Apply these changes to {streams.safe_text(plan.target)}?", default=False, err=True):
        raise ReconcilerError("declined; nothing was changed")
