"""`reconciler drift`: what was changed behind our back. Guards are not asked (RULES 6)."""

from __future__ import annotations

import os

import click

from reconciler.cli import rendering, streams
from reconciler.cli.delivery import Delivery
from reconciler.cli.options import located, shown, site
from reconciler.engine.verdict import drift_code
from reconciler.workflow.journey import Wish, planned
from reconciler.workflow.site import Choices


@click.command("drift")
@located
@shown
def command(place: Choices, delivery: Delivery) -> int:
    """Show what was changed in the live system since the last apply.

    Exits 2 when there is drift, a conflict, or an object deleted by hand. Changes of the files that wait to be applied
    are only counted.
    """
    delivery.complete()
    here = site(place)
    with streams.phases(quiet=delivery.quiet) as progress:
        plan = planned(here, Wish(), progress)
    delivery.deliver(rendering.of_drift(plan, os.environ))
    code = drift_code(plan)
    if code and not delivery.quiet:
        streams.hint(
            "`reconciler apply` writes what the files say; `reconciler export --write` takes what is live instead"
        )
    return code
