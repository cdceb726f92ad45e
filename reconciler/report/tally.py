"""How many changes of the live system a plan has, in the three words that other programs count in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reconciler.model.change import Change, Create, Delete, Reassign, Rename, Update
from reconciler.report.topic import DRIFT, Topic

_COUNTED: Mapping[type[Change], str] = {
    Create: "create",
    Update: "update",
    Rename: "update",
    Reassign: "update",
    Delete: "delete",
}
"""To stop managing an object changes nothing in the live system, so it is not counted."""


def tally(topic: Topic) -> dict[str, int]:
    """`create`, `update`, `delete` → how many, each always there. Of drift: what an apply would put back."""
    plan = topic.plan
    changes = () if plan is None else plan.drifted if topic.command == DRIFT else plan.changes
    counts = Counter(_COUNTED[type(change)] for change in changes if type(change) in _COUNTED)
    return {word: counts[word] for word in ("create", "update", "delete")}
