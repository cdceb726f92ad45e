"""What a shell may offer behind an option: kinds, names from the files, targets. Silent where nothing can be read, and
never in touch with a live system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from reconciler.cli.output import FORMATS
from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError
from reconciler.model.finding import CODES
from reconciler.workflow.site import Choices, Site, open_site

VARIABLE = "_RECONCILER_COMPLETE"
"""How the script of a shell asks."""
SHELLS = ("bash", "zsh", "fish")
OFFERED = 200
"""A person reads no more."""
SPECIAL = re.compile(r"([^\w@%+=:,./-])")


def kinds(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The kinds that there are."""
    return [kind for kind in KINDS.kinds if kind.startswith(typed)]


def liftable_classes(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """What `--allow` can lift."""
    return [word for word, code in CODES.items() if code.liftable and word.startswith(typed)]


def formats(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The formats of a result."""
    return [word for word in FORMATS if word.startswith(typed)]


def targets(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The systems that reconciler.yaml names."""
    site = _site(context)
    return [_word(name) for name in sorted(site.settings.targets) if name.startswith(typed)] if site else []


def references(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Objects of the files as `kind/name`."""
    site = _site(context)
    found = (text for text in _declared(site) if text.startswith(typed)) if site else ()
    return [_word(text) for text in islice(found, OFFERED)]


def _site(context: click.Context) -> Site | None:
    """The place that the options so far choose; None where there is none to be read."""
    config = context.params.get("config")
    choices = Choices(config=config if isinstance(config, Path) else None)
    try:
        return open_site(choices, os.environ, Path())
    except (ReconcilerError, OSError):
        return None


def _declared(site: Site) -> Iterator[str]:
    from reconciler.config import load  # start-up: only a shell that asks for names reads files

    stated = site.settings
    try:
        sheets = load.load(stated.root, site.vocabulary, site.limits, stated.cache, stated.folder).sheets
    except (ReconcilerError, OSError):
        return iter(())
    return (f"{kind}/{key}" for kind in site.vocabulary.kinds for key in sorted(sheets[kind]))


def _word(text: str) -> str:
    """As it has to stand on the command line: bash inserts what it is given, the others quote it by themselves."""
    return SPECIAL.sub(r"\\\\\1", text) if os.environ.get(VARIABLE, "").startswith("bash") else text
