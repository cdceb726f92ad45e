"""One sentence a change, for the plan and for the apply: "would create package Growth", "created package Growth"."""

from __future__ import annotations

from enum import Enum

from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.report.masking import OPEN, Masking
from reconciler.report.sanitise import safe_text
from reconciler.report.words import counted


class Tense(Enum):
    """Whether it is yet to come or done."""

    WOULD = "would"
    DONE = "done"


_VERBS: dict[type[Change], tuple[str, str]] = {
    Create: ("create", "created"),
    Update: ("update", "updated"),
    Rename: ("rename", "renamed"),
    Reassign: ("reassign", "reassigned"),
    Delete: ("delete", "deleted"),
    Forget: ("stop managing", "stopped managing"),
}


def verb(operation: type[Change], tense: Tense) -> str:
    """`create` or `created`: what such a change does, or did."""
    todo, done = _VERBS[operation]
    return done if tense is Tense.DONE else todo


def sentence(change: Change, tense: Tense, masking: Masking = OPEN) -> str:
    """The change in one line of safe text, without a full stop."""
    kind = change.ref.kind
    name = masking.name(kind, change.ref.key)
    does = verb(type(change), tense) if tense is Tense.DONE else f"would {verb(type(change), tense)}"
    match change:
        case Rename():
            return safe_text(f"{does} {kind} {masking.name(kind, change.old)} to {name}")
        case Reassign():
            # No count: who is on it at apply time is moved, whatever the plan saw.
            count = sum(map(len, change.members.values()))
            who = counted(count, "user") + " of" if change.members else "everyone on"
            return safe_text(f"{does} {who} {kind} {name} to {change.to}")
        case _:
            return safe_text(f"{does} {kind} {name}")
