"""Carrying a plan out: the apply itself, and the word about it. Knows no plan's origin: files or history."""

from __future__ import annotations

import time

from reconciler.cli import rendering, streams
from reconciler.cli.delivery import Delivery
from reconciler.model.errors import ReconcilerError
from reconciler.model.plan import Plan
from reconciler.model.target import Reminding
from reconciler.workflow.journey import applied
from reconciler.workflow.site import Site


def carry_out(here: Site, plan: Plan, delivery: Delivery) -> None:
    """Run the plan and say what was done. Raises as `journey.applied`."""
    started = time.monotonic()
    with streams.phases(quiet=delivery.quiet) as progress:
        outcome = applied(here, plan, progress)
    try:
        reminders = here.target.afterwards if outcome.done and isinstance(here.target, Reminding) else ()
        delivery.deliver(rendering.of_outcome(plan, outcome, time.monotonic() - started, reminders))
    except (ReconcilerError, OSError) as error:  # the live system is changed, and no exit code may deny it
        streams.complain(f"applied, as run {outcome.run.id}; but {streams.plain(str(error))}")
