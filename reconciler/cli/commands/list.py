"""`reconciler list`: a live table as the admin panel shows it."""

from __future__ import annotations

import click

from reconciler.cli import completion
from reconciler.cli.options import KIND, known_kind, site, with_output, with_target
from reconciler.cli.output import JSON, TEXT, WORDS, Delivery, TextStyle, json_text
from reconciler.report.masking import OPEN
from reconciler.report.text import listing_text
from reconciler.workflow import doctor
from reconciler.workflow.site import Choices


@click.command("list")
@with_target
@with_output
@click.option("--search", default="", metavar="TEXT", help="Only names that contain this, in any case.")
@click.argument("kind", metavar=KIND, shell_complete=completion.kinds)
def command(place: Choices, delivery: Delivery, search: str, kind: str) -> int:
    """Show a live table as the admin panel does.

    Where the output is no terminal, people whom no file names are masked.
    """
    delivery.complete(WORDS)
    here = site(place)
    kind = known_kind(kind)
    table, masking = doctor.list_live(here, kind, search), doctor.live_masking(here, kind)

    def words(look: TextStyle) -> str:
        return listing_text(table, colour=look.colour, masking=OPEN if look.open else masking)

    def document(look: TextStyle) -> str:
        rows = [[masking.text(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows]
        return json_text([dict(zip(table.columns, row, strict=True)) for row in rows])

    delivery.deliver({TEXT: words, JSON: document})
    return 0
