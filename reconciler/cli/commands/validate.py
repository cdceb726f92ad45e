"""`reconciler validate`: are the files right. Looks at no live system and imports none."""

from __future__ import annotations

import click

from reconciler.cli import output
from reconciler.cli.options import site, with_output, with_target
from reconciler.cli.output import JSON, OF_FILES, TEXT, WORDS, Delivery, TextStyle, json_text
from reconciler.model.facts import Desired
from reconciler.model.finding import Finding
from reconciler.report.words import counted
from reconciler.workflow.plan import validated
from reconciler.workflow.site import Choices


@click.command("validate")
@with_target
@with_output
@click.option("--schemas", "by_schemas", is_flag=True, help="Ask the committed JSON Schemas too, as an editor does.")
def command(place: Choices, delivery: Delivery, by_schemas: bool) -> int:
    """Check the files, without looking at any live system.

    Every complaint at once, each with its file and line and what to write instead. Exits 1 when there is an error.
    """
    delivery.complete((*WORDS, *OF_FILES))
    here = site(place)
    desired, findings = validated(here)
    if by_schemas:
        from reconciler.workflow import schemas  # start-up: few ask for it

        findings = (*findings, *schemas.schema_complaints(here))
    files = {block.place for sheet in desired.sheets.values() for block in sheet.blocks}
    delivery.deliver(
        {
            TEXT: lambda look: _words(desired, findings, look),
            JSON: lambda look: _document(findings),
            **output.file_renderers(findings, here.settings.root, files=files),
        }
    )
    return 1 if any(finding.blocks for finding in findings) else 0


def _document(findings: tuple[Finding, ...]) -> str:
    from reconciler.workflow.schemas import findings_json  # start-up: few ask for JSON

    return json_text({"findings": findings_json(findings)})


def _words(desired: Desired, findings: tuple[Finding, ...], look: TextStyle) -> str:
    if findings:
        from reconciler.report.text import findings_text  # start-up: where something is wrong

        return findings_text(findings, colour=look.colour)
    declared = ", ".join(counted(len(sheet), kind) for kind, sheet in desired.sheets.items())
    return f"The files are right: {declared}."
