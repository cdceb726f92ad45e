"""`reconciler fmt`: the files in their stable order. Changes no meaning and looks at no live system."""

from __future__ import annotations

from contextlib import nullcontext

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_target
from reconciler.report.words import counted
from reconciler.workflow.fmt import unformatted
from reconciler.workflow.site import Choices


@click.command("fmt")
@with_target
@click.option("--check", is_flag=True, help="Write nothing; name the files and exit 1 when one is not in order.")
@click.option("-q", "--quiet", is_flag=True, help="No hints on stderr.")
def command(place: Choices, check: bool, quiet: bool) -> int:
    """Put the files in order: objects by name, fields as the reference lists them.

    Comments stay with what they are about, and every value stays as it is written. A file is never changed in meaning;
    where files do not load, none is written. Prints the name of each file that was not in order.
    """
    found = list(unformatted(site(place)))
    disorderly = [each for each in found if not each.kept]
    for each in disorderly if not check else ():
        each.write()
    with terminal.after("the files are in order") if disorderly and not check else nullcontext():
        for each in disorderly:
            terminal.say(terminal.safe_text(each.place))
    if quiet:
        return 1 if check and disorderly else 0
    for each in found:
        if each.kept:
            terminal.hint(f"{terminal.safe_text(each.place)} stays as it is: {each.kept}")
    if not disorderly:
        terminal.hint("the files are in order")
    elif check:
        terminal.hint(f"{counted(len(disorderly), 'file')} not in order; `reconciler fmt` puts that right")
    return 1 if check and disorderly else 0
