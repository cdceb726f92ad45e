"""`reconciler show`: a plan file in words. Needs neither files nor a live system."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli import output
from reconciler.cli.options import with_output
from reconciler.cli.output import STDOUT, Delivery
from reconciler.model.exit_codes import plan_code
from reconciler.workflow.plan_file import read_plan, read_plan_file


@click.command("show")
@with_output
@click.option("--detailed-exitcode", is_flag=True, help="Exit as the plan did: 2 with changes, 3 when blocked.")
@click.argument("plan_file", metavar="PLAN", type=click.Path(allow_dash=True))
def command(delivery: Delivery, detailed_exitcode: bool, plan_file: str) -> int:
    """Show a plan file again.

    PLAN is a file of `plan --out`; - reads it from stdin. A file that was changed by hand is refused (exit 4).
    """
    delivery.complete()
    if plan_file == STDOUT:
        plan = read_plan(sys.stdin.buffer, os.environ)
    else:
        plan = read_plan_file(Path(plan_file), os.environ)
    delivery.deliver(output.plan_renderers(plan, os.environ))
    return plan_code(plan, detailed=True) if detailed_exitcode else 0
