"""One predicate for the exit code and the summary (docs/reference/exit-codes.md)."""

from __future__ import annotations

from reconciler.model.plan import Plan

DONE, ERROR, PENDING, BLOCKED = 0, 1, 2, 3


def plan_code(plan: Plan, *, detailed: bool = False) -> int:
    """1: the files are wrong; 3: blocked by a guard; 2: changes pending, if `detailed`; else 0."""
    blocking = plan.blocked
    if any(finding.at_files for finding in blocking):
        return ERROR
    if blocking:
        return BLOCKED
    return PENDING if detailed and plan.changes else DONE


def drift_code(plan: Plan) -> int:
    """2 for drift, conflict and objects deleted by hand (docs/rules.md#rule-10); guards do not count."""
    return PENDING if plan.drifted or plan.counts.lost else DONE
