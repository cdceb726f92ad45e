"""`reconciler database`: the tables of the built-in system, and the reconciler's memory beside them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli import streams
from reconciler.cli.options import located, site
from reconciler.workflow import provision
from reconciler.workflow.site import Choices


@click.group("database")
def command() -> None:
    """Create, upgrade or fill the built-in database."""


@command.command("create")
@located
def create(place: Choices) -> int:
    """Make the tables: the system's where it is the built-in one, and the reconciler's memory."""
    return _told(provision.create(site(place)))


@command.command("upgrade")
@located
def upgrade(place: Choices) -> int:
    """Bring the tables to this version. Refuses a newer one."""
    return _told(provision.upgrade(site(place)))


@command.command("seed")
@located
def seed(place: Choices) -> int:
    """Fill an empty built-in database like a running ESP, to try things out."""
    return _told(provision.seed(site(place)))


def _told(done: Sequence[str]) -> int:
    for line in done or ("nothing to do",):
        streams.say(streams.plain(line))
    return 0
