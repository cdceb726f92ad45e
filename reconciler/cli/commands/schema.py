"""`reconciler schema`: the JSON Schemas of the files, for editors and checkers."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import terminal
from reconciler.workflow import schemas


@click.command("schema")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("schemas"),
    show_default=True,
    help="Where they lie or go.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when one is missing or out of date.")
def command(folder: Path, check: bool) -> int:
    """Write the JSON Schemas for editors, or check that they are fresh.

    One for each kind, one for reconciler.yaml, one for the plan file.
    """
    if not check:
        written = list(schemas.write(folder))
        with terminal.after("the schemas are written"):
            for path in written:
                terminal.say(f"wrote {terminal.safe_text(str(path))}")
        return 0
    outdated = list(schemas.outdated(folder))
    for name in outdated:
        terminal.complain(f"{folder / name} is missing or out of date; `reconciler schema` writes it")
    if not outdated:
        terminal.say(f"The schemas in {folder} are up to date.")
    return 1 if outdated else 0
