"""The last line of `plan`, `apply` and `drift`: how much of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from reconciler.model.change import Cause, Change, Create, Operation, Update
from reconciler.model.plan import Plan
from reconciler.model.visible import safe_text
from reconciler.report.words import counted

_ORDER = sorted(Operation, key=lambda operation: operation.place)


def summary(plan: Plan) -> str:
    """`Plan: 1 to create, 1 to delete (1 blocked); 57 unchanged, 12 unmanaged.`

    Refusals that belong to none of the changes are named after it.
    """
    refused = {finding.ref for finding in plan.blocked}
    done = Counter(change.operation for change in plan.changes)
    blocked = Counter(change.operation for change in plan.changes if change.ref in refused)
    todo = [
        f"{done[operation]:,} to {operation.todo}"
        + (f" ({blocked[operation]:,} blocked)" if blocked[operation] else "")
        for operation in _ORDER
        if done[operation]
    ]
    rest = _joined(", ".join(todo) or "no changes", _rest(plan))
    changed = {change.ref for change in plan.changes}
    others = sorted({finding.code for finding in plan.blocked if finding.ref not in changed})
    also = "Also blocked" if blocked.total() else "Blocked"
    return safe_text(f"Plan: {rest}." + (f" {also} by: {', '.join(others)}." if others else ""))


def applied_summary(plan: Plan, *, done: Collection[Change], already: Collection[Change]) -> str:
    """`Applied: 1 created, 2 updated; 1 already so; 57 unchanged.` `done` and `already` as the apply tells them."""
    counts = Counter(change.operation for change in done)
    parts = [f"{counts[operation]:,} {operation.done}" for operation in _ORDER if counts[operation]]
    so = [f"{len(already):,} already so"] if already else []
    return f"Applied: {_joined(', '.join(parts) or 'no changes', so, _rest(plan))}."


def drift_summary(plan: Plan) -> str:
    """`Drift: 2 objects (1 conflict, 1 deleted by hand); 3 changes pending, 57 unchanged, 12 unmanaged.`"""
    drifted = plan.drifted
    conflicts = sum(isinstance(change, Update) and change.cause is Cause.CONFLICT for change in drifted)
    deleted = sum(isinstance(change, Create) for change in drifted) + plan.counts.lost
    inside = [counted(conflicts, "conflict")] if conflicts else []
    inside += [f"{deleted:,} deleted by hand"] if deleted else []
    total = len(drifted) + plan.counts.lost
    found = counted(total, "object") + (f" ({', '.join(inside)})" if inside else "") if total else "none"
    pending = len(plan.changes) - len(drifted)
    waiting = [f"{counted(pending, 'change')} pending"] if pending else []
    return f"Drift: {_joined(found, [*waiting, *_rest(plan)])}."


def allowances_said(plan: Plan) -> Iterator[str]:
    """A line for each class that was lifted, with the reason given; not sanitised."""
    for allowance in plan.source.allowances:
        yield f"allowed: {allowance.code} ({allowance.reason})"


def _rest(plan: Plan) -> list[str]:
    """What no change touches, and what only memory learns (docs/rules.md#rule-9)."""
    counts = plan.counts
    words = {
        "adopted": counts.adopted,
        "released": counts.released,
        "gone on both sides": counts.gone,
    }
    return [
        f"{counts.unchanged:,} unchanged",
        f"{counts.unmanaged:,} unmanaged",
        *(f"{count:,} {word}" for word, count in words.items() if count),
    ]


def _joined(head: str, *groups: Iterable[str]) -> str:
    return "; ".join([head, *(", ".join(group) for group in groups if group)])
