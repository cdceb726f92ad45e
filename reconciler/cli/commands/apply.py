"""`reconciler apply`: run a plan, all or nothing.

Carrying a plan out: the plan in words, the apply itself, and the word about it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from reconciler.cli import output, terminal
from reconciler.cli.log import INFO, current_log, milliseconds
from reconciler.cli.options import site, warn_if_nothing_matched, with_output, with_scope, with_target
from reconciler.cli.output import STDOUT, WORDS, Delivery
from reconciler.model.errors import ReconcilerError
from reconciler.model.exit_codes import plan_code
from reconciler.model.plan import Plan
from reconciler.model.target import HasReminders
from reconciler.workflow.plan import PlanRequest, applied, planned
from reconciler.workflow.plan_file import check_plan, read_plan, read_plan_file
from reconciler.workflow.site import Choices, Site


def show(plan: Plan, delivery: Delivery, *, asking: bool) -> None:
    """The plan in words: on stdout, or on stderr where stdout is a document's. Raises ReconcilerError where it cannot
    be shown and somebody is to be asked about it."""
    say = terminal.say if delivery.speaks else terminal.hint
    try:
        say(output.text_of_plan(plan, delivery.look()))
    except ReconcilerError as error:
        if asking:
            raise
        terminal.warn(terminal.safe_text(error.message))


def apply_plan(here: Site, plan: Plan, delivery: Delivery) -> None:
    """Run the plan and say what was done. Raises as `journey.applied`; once that has returned, nothing."""
    started = time.monotonic()
    with terminal.phases(quiet=delivery.quiet) as progress:
        outcome = applied(here, plan, progress)
    done = f"applied, as run {outcome.run.id}"
    with terminal.after(done):
        log = current_log()
        if log is not None:
            log.write(INFO, "applied", done, run=outcome.run.id, duration_ms=milliseconds(started))
        reminders = here.target.afterwards if outcome.done and isinstance(here.target, HasReminders) else ()
        told = output.result_renderers(plan, outcome, time.monotonic() - started, reminders)
        delivery.deliver(told, done=done)


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
    if not plan_file and not approved and not terminal.interactive():
        raise click.UsageError("there is no terminal to ask on; give --auto-approve, or a plan file")
    delivery.check_places()
    here = site(place)
    plan = _from_file(here, plan_file) if plan_file else _made_now(here, wish, delivery, asking=not approved)
    if plan.blocked:
        if plan_file:
            terminal.hint(output.text_of_plan(plan, delivery.look()))
        terminal.complain("the plan is blocked; nothing was changed")
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
    with terminal.phases(quiet=delivery.quiet) as progress:
        plan = planned(here, wish, progress)
    warn_if_nothing_matched(wish, plan, delivery)
    show(plan, delivery, asking=asking)
    return plan


def _ask(plan: Plan) -> None:
    """Go on only after a yes. Raises ReconcilerError on a no."""
    if not click.confirm(f"Apply these changes to {terminal.safe_text(plan.target)}?", default=False, err=True):
        raise ReconcilerError("declined; nothing was changed")
