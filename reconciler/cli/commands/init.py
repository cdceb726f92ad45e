"""`reconciler init`: the first files."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import terminal
from reconciler.workflow import init


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path) -> int:
    """Write a first reconciler.yaml and the folders beside it.

    Never overwrites a file. FOLDER is where they go, here by default.
    """
    written = list(init.write_first_files(folder))
    with terminal.after("the files are written"):
        for path in written:
            terminal.say(f"wrote {terminal.safe_text(str(path))}")
    terminal.hint("next: set the address in reconciler.yaml and run `reconciler database create`")
    terminal.hint(
        "      then write files and `reconciler plan`, or begin with what is live: `reconciler export --write`"
    )
    return 0
