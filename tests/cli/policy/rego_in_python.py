"""The rules of docs/examples/opa/policy said once more in Python: the same walk over the same keys of a plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.values import UNLIMITED

MOST_DELETIONS = 2
MOST_TENANTS = 100
TICKET = re.compile(r"^[A-Z]+-[0-9]+")

Plan = Mapping[str, Any]


def denied(plan: Plan) -> list[str]:
    """What `deny` says, sorted."""
    return sorted({*_terraform(plan), *_ours(plan)})


def warned(plan: Plan) -> list[str]:
    """What `warn` says, sorted."""
    drifted = {f"{each['address']} was changed by hand; the plan takes that back" for each in plan["resource_drift"]}
    moved = {
        f"{row['address']}: {row['reassign']['expected']} users move to {row['reassign']['to']}"
        for row in plan["resource_changes"]
        if row["reassign"]
    }
    return sorted(drifted | moved)


def _terraform(plan: Plan) -> Iterator[str]:
    rows = plan["resource_changes"]
    deleted = {row["address"] for row in rows if "delete" in row["change"]["actions"]}
    if len(deleted) > MOST_DELETIONS:
        yield f"{len(deleted)} objects would be deleted; at most {MOST_DELETIONS} in one plan"
    for row in rows:
        actions, before, after = (row["change"][key] for key in ("actions", "before", "after"))
        if row["type"] == "role" and "delete" in actions:
            yield f"{row['address']}: roles are deleted by the security team alone"
        if row["type"] == "package" and "update" in actions and before and after:
            quotas = [found.get("sending.monthly_quota") for found in (before, after)]
            if None not in quotas and _size(quotas[1]) < _size(quotas[0]):
                yield f"{row['address']}: the monthly quota is not lowered for running contracts"


def _ours(plan: Plan) -> Iterator[str]:
    for row in plan["resource_changes"]:
        if row["effect"] == "less" and not row["note"]:
            yield f"{row['address']} takes service away and has no note: write the ticket into `note`"
        for hit in row["impact"]:
            changed = hit["tenants"] - hit["keep"]
            if changed > MOST_TENANTS:
                yield f"{row['address']}: {hit['field']} changes for {changed} tenants"
    for allowance in plan["source"]["allowances"]:
        if not TICKET.match(allowance["reason"]):
            yield f"--allow {allowance['code']}: the reason begins with a ticket, as in OPS-12"


def _size(value: Any) -> float:
    return float("inf") if value == UNLIMITED else value
