"""Carrying a plan out: the plan in words, the apply itself, and the word about it. Knows no plan's origin: files or
history."""

from __future__ import annotations

import time

from reconciler.cli import logs, rendering, streams
from reconciler.cli.delivery import Delivery
from reconciler.model.errors import ReconcilerError
from reconciler.model.plan import Plan
from reconciler.model.target import HasReminders
from reconciler.workflow.plan import applied
from reconciler.workflow.site import Site


def show(plan: Plan, delivery: Delivery, *, asking: bool) -> None:
    """The plan in words: on stdout, or on stderr where stdout is a document's. Raises ReconcilerError where it cannot
    be shown and somebody is to be asked about it."""
    say = streams.say if delivery.speaks else streams.hint
    try:
        say(rendering.text_of_plan(plan, delivery.look()))
    except ReconcilerError as error:
        if asking:
            raise
        streams.warn(streams.safe_text(error.message))


def apply_plan(here: Site, plan: Plan, delivery: Delivery) -> None:
    """Run the plan and say what was done. Raises as `journey.applied`; once that has returned, nothing."""
    started = time.monotonic()
    with streams.phases(quiet=delivery.quiet) as progress:
        outcome = applied(here, plan, progress)
    done = f"applied, as run {outcome.run.id}"
    with streams.after(done):
        log = logs.current_log()
        if log is not None:
            log.write(logs.INFO, "applied", done, run=outcome.run.id, duration_ms=logs.milliseconds(started))
        reminders = here.target.afterwards if outcome.done and isinstance(here.target, HasReminders) else ()
        told = rendering.result_renderers(plan, outcome, time.monotonic() - started, reminders)
        delivery.deliver(told, done=done)
