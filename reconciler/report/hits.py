"""Whom the change of one limit hits, for a reviewer. Knows no layout."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model.plan import Impact
from reconciler.report.entries import EntryMaker
from reconciler.report.words import counted


class Affected(NamedTuple):
    """Whom the change of one field hits. `users`: how many have the object; `changed`: those who feel it."""

    field: str
    users: int
    changed: int
    over: int
    near: int
    top: tuple[tuple[str, int, int], ...]


def affected_by(impact: Impact, speaker: EntryMaker) -> Affected:
    """An impact with its people masked as the speaker masks them."""
    top = tuple((speaker.person(impact.ref, key), used, rate) for key, used, rate in impact.top)
    return Affected(impact.field, impact.tenants, impact.tenants - impact.keep, impact.over, impact.near, top)


def affected_words(hit: Affected, who: str) -> str:
    """`201 tenants: 184 change, 17 keep an override · over the new limit now: 3`."""
    keep = hit.users - hit.changed
    words = f"{counted(hit.users, who)}: {hit.changed:,} change" + (f", {keep:,} keep an override" if keep else "")
    words += f" · over the new limit now: {hit.over:,}" if hit.over else ""
    return words + (f" · within 10 %: {hit.near:,}" if hit.near else "")
