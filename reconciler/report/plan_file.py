"""The plan file: a plan as canonical, Terraform-shaped JSON, and back.

Two digests tell two things. The `fingerprint` is over the changes alone: equal plans do equal things. The `digest` is
over everything but `meta`: a plan file that was edited after it was made is refused; with a key it is signed as well.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from math import isfinite
from typing import Any, NoReturn

from reconciler.model.change import Create, Update
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.finding import Finding, limited
from reconciler.model.plan import FORMAT_VERSION, Impact, Plan
from reconciler.model.ref import Ref
from reconciler.report.plan_rows import DRIFT_SCHEMA, ROW_SCHEMA, change_of, drift_row, essence, row
from reconciler.report.shapes import (
    COUNTS,
    DEFINITIONS,
    FINDING,
    IMPACT,
    MEMO,
    POLICY,
    REF,
    SOURCE,
    TEXT,
    WHOLE,
    Shape,
    closed,
    mapping_of,
    sequence,
    unordered,
)

_FORMAT = "reconciler-plan"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_SEALS = frozenset({"meta", "digest", "signature"})
"""What the digest does not cover."""

_PARTS: Mapping[str, tuple[Shape[Any], str]] = {
    "project": (TEXT, "The name under which memory is kept."),
    "source": (SOURCE, ""),
    "policy": (POLICY, ""),
    "findings": (
        sequence(FINDING),
        "Complaints from the files and from the guards; of those about no change 200 of each code, and a count.",
    ),
    "impact": (sequence(IMPACT), "Whom the changes of limits hit."),
    "counts": (COUNTS, ""),
    "managed": (mapping_of(WHOLE), "Kind → how many objects this project manages."),
    "remember": (sequence(MEMO), "What memory learns."),
    "drop": (sequence(REF), "What memory forgets."),
    "declared": (unordered(REF), "Those of the people named here that a file names."),
}
"""The parts of a plan that are written under their own names."""


def plan_document(plan: Plan, *, meta: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as JSON-able data, not sealed yet. `meta`: what may differ between equal plans, times above all."""
    changed = frozenset(change.ref for change in plan.changes)
    plan = replace(plan, findings=tuple(limited(plan.findings, spared=changed)))
    codes: dict[Ref, set[str]] = {}
    for finding in plan.blocked:
        if finding.ref is not None:
            codes.setdefault(finding.ref, set()).add(finding.code)
    impact: dict[Ref, list[Impact]] = {}
    for hit in plan.impact:
        impact.setdefault(hit.ref, []).append(hit)
    return {
        "format": _FORMAT,
        "format_version": FORMAT_VERSION,
        "target": {"name": plan.target, "type": plan.target_type},
        "resource_changes": [
            row(
                change,
                guard=sorted(codes.get(change.ref, ())),
                impact=impact.get(change.ref, ()) if isinstance(change, Update) else (),
            )
            for change in plan.changes
        ],
        "resource_drift": [drift_row(change) for change in plan.drifted if isinstance(change, Create | Update)],
        "errored": bool(plan.blocked),
        "applyable": not plan.blocked and bool(plan.changes or plan.remember or plan.drop),
        "fingerprint": fingerprint(plan),
        **{name: shape.encode(getattr(plan, name)) for name, (shape, _) in _PARTS.items()},
        "meta": dict(meta),
    }


def seal(doc: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """The document with its `digest`, and with its `signature` when there is a key."""
    digest = _digest(doc)
    signed = {"signature": _signature(digest, key)} if key else {}
    return {
        **{name: part for name, part in doc.items() if name not in ("digest", "signature")},
        "digest": digest,
    } | signed


def dumps(doc: Mapping[str, Any]) -> str:
    """The document as text, the same for the same document: keys sorted, a line for each change and finding, ASCII
    only, so that no name in it can do anything to a terminal."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_part(doc[name])}" for name in sorted(doc)) + "\n}\n"


def parse_plan(text: str | bytes, key: bytes | None) -> Plan:
    """The plan in a plan file.

    Raises ReconcilerError when it is no plan file, and Stale when it is one of a newer format, when it was changed
    after it was made (a key that stands twice was never written), or when a key is set and the signature is missing or
    wrong.
    """
    try:
        doc = json.loads(text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite)
        if not isinstance(doc, dict) or doc.get("format") != _FORMAT:
            raise _no_plan()
        _check_version(doc.get("format_version"))
        _check_seal(doc, key)
        plan = _plan(doc)
        # A policy engine reads the actions, we read the operations: what is told twice must agree, or it is not ours.
        if _digest(plan_document(plan, meta={})) != doc["digest"]:
            raise _no_plan()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _no_plan() from None
    return plan


def fingerprint(plan: Plan) -> str:
    """The hash of what the changes do and of what they found; nothing else of the plan or the world is in it."""
    state = sha256()
    for change in plan.changes:
        state.update(_canonical(essence(change)).encode())
    return state.hexdigest()


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a sealed plan file."""
    properties: dict[str, Any] = {
        "format": {"const": _FORMAT},
        "format_version": {"const": FORMAT_VERSION, "description": "A reader refuses newer ones."},
        "target": closed("The live system.", {"name": TEXT.schema, "type": TEXT.schema}),
        "resource_changes": {"type": "array", "items": ROW_SCHEMA, "description": "The changes, in order."},
        "resource_drift": {"type": "array", "items": DRIFT_SCHEMA},
        "errored": {"type": "boolean", "description": "Whether a finding blocks the plan."},
        "applyable": {"type": "boolean", "description": "Whether an apply would be let through and do anything."},
        "fingerprint": {"type": "string", "description": "SHA-256 over the changes alone."},
        **{name: {**shape.schema, **({"description": doc} if doc else {})} for name, (shape, doc) in _PARTS.items()},
        "meta": {"type": "object", "description": "Times and the like; not covered by the digest."},
        "digest": {"type": "string", "description": "SHA-256 over everything but meta."},
    }
    signature = {"type": "string", "description": "HMAC-SHA-256 over the digest, where a key is set."}
    schema = closed("What reconciler plan --out writes and reconciler apply carries out.", properties)
    schema["properties"]["signature"] = signature
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "plan.schema.json",
        "title": "Plan",
        **schema,
        "$defs": dict(DEFINITIONS),
    }


def _plan(doc: Mapping[str, Any]) -> Plan:
    return Plan(
        target=TEXT.decode(doc["target"]["name"]),
        target_type=TEXT.decode(doc["target"]["type"]),
        changes=tuple(change_of(found) for found in doc["resource_changes"]),
        **{name: shape.decode(doc[name]) for name, (shape, _) in _PARTS.items()},
    )


def _part(part: Any) -> str:
    if isinstance(part, list) and part:
        return "[\n" + ",\n".join(map(_canonical, part)) + "\n]"
    return _canonical(part)


def _canonical(part: Any) -> str:
    return _ENCODER.encode(part)


def _digest(doc: Mapping[str, Any]) -> str:
    covered = {name: part for name, part in doc.items() if name not in _SEALS}
    return sha256(_canonical(covered).encode()).hexdigest()


def _signature(digest: str, key: bytes) -> str:
    return hmac.new(key, digest.encode(), sha256).hexdigest()


def _check_version(version: object) -> None:
    numbers = str(version).split(".")
    if not isinstance(version, str) or len(numbers) != 2 or not all(n.isdecimal() and len(n) < 6 for n in numbers):
        raise _no_plan()
    if tuple(map(int, numbers)) > tuple(map(int, FORMAT_VERSION.split("."))):
        raise Stale(
            f"this plan file has format {version}; this reconciler reads up to {FORMAT_VERSION}",
            remedy="use the reconciler that made it, or make the plan again",
        )


def _check_seal(doc: Mapping[str, Any], key: bytes | None) -> None:
    digest, signature = doc.get("digest"), doc.get("signature")
    if not isinstance(digest, str) or not _equal(digest, _digest(doc)):
        raise _tampered("the plan file was changed after it was made")
    if key and not isinstance(signature, str):
        raise _tampered("the plan file is not signed, and a key is set")
    if key and not _equal(str(signature), _signature(digest, key)):
        raise _tampered("the signature of the plan file is wrong: it was made with another key, or changed")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _tampered(message: str) -> Stale:
    remedy = "make the plan again, and apply that"
    return Stale(message, remedy=remedy, findings=(Finding(code="tampered", message=message, remedy=remedy),))


def _no_plan() -> ReconcilerError:
    return ReconcilerError("this is not a plan file", remedy="make one with: reconciler plan --out plan.json")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key stands twice: another reader, a policy engine above all, might take the other value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _tampered("the plan file was changed after it was made: a key stands twice in it")
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(number: str) -> float:
    found = float(number)
    return found if isfinite(found) else _refused(number)
