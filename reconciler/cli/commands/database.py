"""`reconciler database`: the tables of the built-in system, and the reconciler's memory beside them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli import terminal
from reconciler.cli.options import site, with_target
from reconciler.workflow import database
from reconciler.workflow.site import Choices


@click.group("database")
def command() -> None:
    """Create, upgrade or fill the built-in database."""


@command.command("create")
@with_target
def create(place: Choices) -> int:
    """Make the tables of the built-in system and the memory.

    The memory is the reconciler's own tables: what it applied last, runs, the lock. A system that has its tables
    already gets the memory alone.
    """
    return _told(database.create(site(place)))


@command.command("upgrade")
@with_target
def upgrade(place: Choices) -> int:
    """Bring the tables to this version.

    It is no error when there is nothing to do. Tables of a newer version are refused.
    """
    return _told(database.upgrade(site(place)))


@command.command("seed")
@with_target
def seed(place: Choices) -> int:
    """Fill an empty built-in database, to try things out.

    It then looks like an ESP that has been running for years, with customers and what they use. The memory says that
    an object was managed whose file is gone: the first plan shows a deletion that is refused.
    """
    return _told(database.seed(site(place)))


def _told(done: Sequence[str]) -> int:
    with terminal.after("the database is as it was asked for"):
        for line in done or ("nothing to do",):
            terminal.say(terminal.safe_text(line))
    return 0
