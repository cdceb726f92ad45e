"""`reconciler doctor`: what a person asks first when something is odd."""

from __future__ import annotations

import click

from reconciler.cli import streams
from reconciler.cli.delivery import JSON, TEXT, Delivery, as_json
from reconciler.cli.options import located, shown, site
from reconciler.workflow import looking
from reconciler.workflow.site import Choices


@click.command("doctor")
@located
@shown
@click.option("--rehearse", is_flag=True, help="Apply the files too and roll it back: proves grants and triggers.")
def command(place: Choices, delivery: Delivery, rehearse: bool) -> int:
    """Say what the reconciler sees: connection, versions, tables, protection.

    Class A: the database itself refuses to delete what has users. B: it would clear or spread. C: nothing protects.
    """
    delivery.complete()
    here = site(place)
    found = list(looking.diagnosis(here))
    if rehearse:
        with streams.phases(quiet=delivery.quiet) as progress:
            found += looking.rehearsal(here, progress)
    lines = [(streams.plain(label), streams.plain(answer)) for label, answer in found]
    column = max(len(label) for label, _ in lines)
    delivery.deliver(
        {
            TEXT: lambda look: "\n".join(f"{label:<{column}}  {answer}" for label, answer in lines),
            JSON: lambda look: as_json(dict(lines)),
        }
    )
    return 0
