"""Where MailWizz itself moves customers: by the quota action "move", and by completed orders of price plans. Neither is
drift. Reads what is live; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.facts import ApplicationMoves, Snapshot
from reconciler.model.values import NONE
from reconciler.targets.mailwizz.mapping import BOUGHT
from reconciler.targets.sql.codec import text
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.mapping import System

_REVERT = "revert"
"""The value of `app_moves` that makes such moves drift again."""


def application_moves(
    wire: Connection, system: System, live: Snapshot, options: Mapping[str, Any]
) -> Mapping[str, ApplicationMoves]:
    """See Snapshot. Nothing where the settings want moves to be taken back."""
    if options.get("app_moves") == _REVERT:
        return {}
    return {"tenant": ApplicationMoves(through="package", leads=leads(live), given=dict(_given(wire, system)))}


def leads(live: Snapshot) -> dict[str, frozenset[str]]:
    """Package → all that its customers may come to, step by step; `none`: by the platform's rule."""
    steps: dict[str, str] = {}
    for kind, source in (("package", ""), ("platform", NONE)):
        for key, record in live.sheets[kind].items():
            to = record.values.get("quota.move_to")
            if record.values.get("quota.action") == "move" and isinstance(to, str):
                steps[source or key] = to
    return {start: frozenset(_path(start, steps)) for start in steps}


def _path(start: str, steps: Mapping[str, str]) -> Iterator[str]:
    seen = set()
    at = steps.get(start)
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = steps.get(at)


def _given(wire: Connection, system: System) -> Iterator[tuple[str, str]]:
    """Customer, and the package of the newest order that is complete."""
    if BOUGHT in system.reads:
        for email, group in wire.counts(system.reads[BOUGHT]):
            yield text(email), text(group)
