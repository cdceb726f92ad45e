"""An apply that does not give up at the first deadlock: the whole transaction again, a few times
(docs/rules.md#rule-33, docs/rules.md#rule-34)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.model.errors import Locked, ReconcilerError, Retry, TargetError
from reconciler.model.memory import Run
from reconciler.model.plan import Plan
from reconciler.workflow.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.engine.apply import Apply, ApplyResult
    from reconciler.model.target import Writer


TRIES = 5
LONGEST_WAIT = 2.0
"""Seconds between two tries, at most; half of it is chance, so that two who collide do not meet again."""

ASKING = 5
"""How often a system that was lost at the COMMIT is asked what became of it."""


def persisted(site: Site, plan: Plan, run: Run, progress: Callable[[str], None]) -> ApplyResult:
    """Apply, from the start again after each Retry and on a connection of its own. Raises what `Apply.apply` raises;
    after the last try that is a Retry that says how long all of them took."""
    began = time.monotonic()
    try:
        return _persisted(site, plan, run, progress)
    except Retry as error:
        took = time.monotonic() - began
        raise Retry(f"{error.message}; gave up after {TRIES} tries in {took:.1f} s", remedy=error.remedy) from error


def _persisted(site: Site, plan: Plan, run: Run, progress: Callable[[str], None]) -> ApplyResult:
    import stamina  # start-up: only an apply tries again

    stamina.instrumentation.set_on_retry_hooks([])  # what is tried again is told here
    for attempt in stamina.retry_context(
        on=Retry, attempts=TRIES, timeout=None, wait_max=LONGEST_WAIT, wait_jitter=LONGEST_WAIT / 2
    ):
        with attempt:
            if attempt.num > 1:
                progress(f"starting over, try {attempt.num} of {TRIES}")
            with site.target.writer() as writer:
                return _on(site, writer, plan, run, progress).apply()
    raise AssertionError("the last try returns or raises")


def rehearsed(site: Site, plan: Plan, run: Run, progress: Callable[[str], None]) -> ApplyResult:
    """All that an apply does but the COMMIT: it proves the account's grants and the system's triggers. Raises what
    `Apply.rehearse` raises."""
    with site.target.writer() as writer:
        return _on(site, writer, plan, run, progress).rehearse()


def _on(site: Site, writer: Writer, plan: Plan, run: Run, progress: Callable[[str], None]) -> Apply:
    """The apply of a plan on this site."""
    from reconciler.engine.apply import Apply  # start-up: a plan is not applied

    return Apply(
        plan=plan,
        writer=writer,
        memory=site.memory,
        run=run,
        vocabulary=site.vocabulary,
        progress=progress,
        clock=time.monotonic,
        in_doubt=lambda: outcome(site, run),
    )


def outcome(site: Site, run: Run) -> str | None:
    """What became of a run whose COMMIT was not answered, by a new connection under the lock; None when the system
    does not tell."""
    import stamina

    try:
        for attempt in stamina.retry_context(
            on=(TargetError, Locked), attempts=ASKING, timeout=None, wait_max=LONGEST_WAIT
        ):
            with attempt, site.target.writer() as writer:
                writer.begin()
                found = site.memory.outcome(writer.session, run)
                writer.rollback()
                return found
    except ReconcilerError:
        return None
    raise AssertionError("the last try returns or raises")
