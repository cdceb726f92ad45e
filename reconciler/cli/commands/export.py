"""`reconciler export`: the live system as files."""

from __future__ import annotations

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_target
from reconciler.report.words import counted
from reconciler.workflow.export import export
from reconciler.workflow.site import Choices


@click.command("export")
@with_target
@click.option("--write", is_flag=True, help="Write the files; without it the difference is shown.")
@click.option("--complete", is_flag=True, help="Give objects that files declare every field, not only the stated ones.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no hints on stderr.")
def command(place: Choices, write: bool, complete: bool, quiet: bool) -> int:
    """Write the live system as files.

    An object that no file declares gets one with every field; of a declared object the stated fields are refreshed
    where they stand, comments and order kept. A declared object that is not live stays in its file. But for those, the
    plan is empty right after `export --write`.
    """
    here = site(place)
    with terminal.phases(quiet=quiet) as progress:
        found = export(here, progress, complete=complete)
    if found.findings and not quiet:
        terminal.remark(found.findings)
    if write:
        written = list(found.write())
        with terminal.after("the files are written"):
            for name in written:
                terminal.say(f"wrote {terminal.safe_text(name)}")
    else:
        terminal.say("\n".join(terminal.safe_text(line) for line in found.difference()))
    if not quiet and not found.files:
        terminal.hint("the files say what is live already")
    elif not quiet and not write:
        terminal.hint(f"{counted(len(found.files), 'file')} would be written; `--write` does it")
    return 0
