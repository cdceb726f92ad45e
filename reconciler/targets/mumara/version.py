"""Which version of Mumara Campaigns this is. The application says so only in a table that also holds secrets, so it is
told by the columns of `packages`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.binding import Binder

NAME: Final = "Mumara Campaigns"
KNOWN: Final = "6.2.7"

UNUSED: Final = frozenset(
    {
        "modules",
        "list_ids",
        "segment_ids",
        "email_template_ids",
        "allow_smtp",
        "allow_tracking",
        "oversending",
        "oversending_price",
        "oversending_limit",
        "update_existing_users_setting",
    }
)
"""Columns of 6.2.7 that its forms do not show."""


def version(live: Binder, packages: sa.Table) -> str:
    """In words, by what `packages` has more or less than in the version known here."""
    there, known = set(live.columns(packages.name)), {column.name for column in packages.c}
    more, less = sorted(there - known - UNUSED), sorted(known - there)
    differing = [f"more: {', '.join(more)}"] if more else []
    differing += [f"less: {', '.join(less)}"] if less else []
    if not differing:
        return f"{NAME} {KNOWN} by its columns"
    return f"{NAME} other than {KNOWN} by the columns of {packages.name} ({'; '.join(differing)})"
