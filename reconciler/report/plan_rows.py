"""Changes ↔ the Terraform-shaped rows of a plan file.

`change.before` and `change.after` are flat: field → value, the names dotted as in `sending.daily_limit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from reconciler.model.change import Change, Create, Delete, Effect, Forget, Operation, Reassign, Rename, Update
from reconciler.model.plan import Impact
from reconciler.model.ref import Ref
from reconciler.model.values import Values
from reconciler.report.shapes import (
    CAUSE,
    FIELD,
    FLAG,
    IMPACT,
    JSON,
    ORIGIN,
    TEXT,
    VALUES,
    WHOLE,
    closed,
    mapping_of,
    optional,
    sequence,
    unordered,
)

_ORIGIN = optional(ORIGIN)
_FIELDS = sequence(FIELD)
_IMPACTS = sequence(IMPACT)
_DEFAULTS = unordered(TEXT)
_MEMBERS = mapping_of(sequence(TEXT))
_RAW = mapping_of(JSON)
_SENTENCES = sequence(TEXT)
_ACTIONS = dict.fromkeys(operation.action for operation in Operation)

_CHANGE = closed(
    "What is done: before and after hold field → value, dotted; null where there is none.",
    {
        "actions": {"type": "array", "items": {"enum": list(_ACTIONS)}, "minItems": 1},
        "before": optional(VALUES).schema,
        "after": optional(VALUES).schema,
    },
)

ROW_SCHEMA = closed(
    "One change. reassign moves the users of the object; forget only stops managing it.",
    {
        "address": {"type": "string", "description": "kind/name", "examples": ["package/Growth"]},
        "previous_address": {"type": ["string", "null"], "description": "Of a rename: what it is called now."},
        "type": {"type": "string", "description": "The kind."},
        "name": {"type": "string"},
        "operation": {"enum": [str(each) for each in Operation]},
        "change": _CHANGE,
        "action_reason": {
            "type": "string",
            "description": "Why: for creations and updates who moved, git or database.",
        },
        "fields": {**_FIELDS.schema, "description": "The fields that an update changes."},
        "defaults": {**_DEFAULTS.schema, "description": "Fields of a creation that no file states."},
        "reassign": {
            "anyOf": [
                closed(
                    "Where the users go, how many the plan saw, and who: none are named where everyone goes.",
                    {"to": TEXT.schema, "expected": WHOLE.schema, "members": _MEMBERS.schema},
                ),
                {"type": "null"},
            ]
        },
        "stated": {"type": "boolean", "description": "Whether a file asks for it; false for what left the files."},
        "effect": {"enum": [str(each) for each in Effect], "description": "The worst of its fields."},
        "guard": {**sequence(TEXT).schema, "description": "Codes of the findings that block it."},
        "impact": _IMPACTS.schema,
        "origin": _ORIGIN.schema,
        "note": TEXT.schema,
    },
)

ROW_SCHEMA["properties"]["raw"] = {
    **_RAW.schema,
    "description": "Only of what comes back after a deletion: table → its rows as they were.",
}
ROW_SCHEMA["properties"]["explanation"] = {
    **_SENTENCES.schema,
    "description": "Only where there is one: what fields of it mean together once it is applied, a sentence each.",
}

DRIFT_SCHEMA = closed(
    "What happened in the database since the last apply: before is what was written then, after what is there now.",
    {
        "address": {"type": "string"},
        "type": {"type": "string"},
        "name": {"type": "string"},
        "change": _CHANGE,
    },
)

_WORST_FIRST = (Effect.LESS, Effect.UNKNOWN, Effect.MORE, Effect.NEUTRAL)


def row(change: Change, *, guard: Sequence[str] = (), impact: Sequence[Impact] = ()) -> dict[str, Any]:
    """One entry of `resource_changes`. `guard`, `impact`: what the plan says about this object."""
    written: dict[str, Any] = {
        "address": str(change.ref),
        "previous_address": None,
        "type": change.ref.kind,
        "name": change.ref.key,
        "fields": [],
        "defaults": [],
        "reassign": None,
        "stated": True,
        "effect": "neutral",
        "guard": sorted(guard),
        "impact": _IMPACTS.encode(tuple(impact)),
        "origin": _ORIGIN.encode(change.origin),
        "note": change.note,
    }
    match change:
        case Create():
            special = _done(change, None, change.after, change.cause)
            special["defaults"] = _DEFAULTS.encode(change.defaults)
            special |= {"raw": _RAW.encode(change.raw)} if change.raw else {}
        case Update():
            special = _done(change, change.before, change.after, change.cause)
            special["fields"] = _FIELDS.encode(change.fields)
            special["effect"] = str(_worst(change))
        case Rename():
            special = _done(change, None, None, "renamed")
            special["previous_address"] = str(Ref(change.ref.kind, change.old))
        case Reassign():
            special = _done(change, None, None, "removed")
            move = {"to": change.to, "expected": change.expected, "members": _MEMBERS.encode(change.members)}
            special |= {"reassign": move, "effect": "unknown"}
        case Delete():
            special = _done(change, change.before, None, "removed" if change.stated else "not-declared")
            special |= {"stated": change.stated, "effect": "less"}
        case Forget():
            special = _done(change, change.before, None, "not-declared") | {"stated": False}
        case _:  # pragma: no cover
            assert_never(change)
    if isinstance(change, Create | Update) and change.explained:
        special["explanation"] = _SENTENCES.encode(change.explained)
    return written | special


def change_of(found: Mapping[str, Any]) -> Change:
    """The change that `row` wrote. Raises ValueError or KeyError for anything else."""
    ref = Ref(TEXT.decode(found["type"]), TEXT.decode(found["name"]))
    said: dict[str, Any] = {
        "ref": ref,
        "origin": _ORIGIN.decode(found["origin"]),
        "note": TEXT.decode(found["note"]),
    }
    before, after = found["change"]["before"], found["change"]["after"]
    match found["operation"]:
        case Operation.CREATE:
            cause, defaults = CAUSE.decode(found["action_reason"]), _DEFAULTS.decode(found["defaults"])
            said |= {"raw": _RAW.decode(found.get("raw", {})), "explained": _explained(found)}
            return Create(**said, after=VALUES.decode(after), defaults=defaults, cause=cause)
        case Operation.UPDATE:
            return Update(
                **said,
                before=VALUES.decode(before),
                after=VALUES.decode(after),
                fields=_FIELDS.decode(found["fields"]),
                cause=CAUSE.decode(found["action_reason"]),
                explained=_explained(found),
            )
        case Operation.RENAME:
            return Rename(**said, old=Ref.parse(TEXT.decode(found["previous_address"])).key)
        case Operation.REASSIGN:
            move = found["reassign"]
            to, expected = TEXT.decode(move["to"]), WHOLE.decode(move["expected"])
            return Reassign(**said, to=to, expected=expected, members=_MEMBERS.decode(move["members"]))
        case Operation.DELETE:
            return Delete(**said, before=VALUES.decode(before), stated=FLAG.decode(found["stated"]))
        case Operation.FORGET:
            return Forget(**said, before=VALUES.decode(before))
        case other:
            raise ValueError(f"{other!r} is no operation")


def drift_row(change: Create | Update) -> dict[str, Any]:
    """One entry of `resource_drift`: what the last apply wrote, and what is in the database instead."""
    written: Values
    if isinstance(change, Create):
        written = {name: value for name, value in change.after.items() if name not in change.defaults}
        moved = {"actions": [Operation.DELETE.action], "before": written, "after": None}
    else:
        drifted = [delta for delta in change.fields if delta.cause in ("drift", "conflict")]
        told = ((d.name, d.after if d.remembered is None else d.remembered) for d in drifted)
        written = {name: value for name, value in told if value is not None}
        found = {delta.name: delta.before for delta in drifted if delta.before is not None}
        moved = {"actions": [Operation.UPDATE.action], "before": written, "after": found}
    return {"address": str(change.ref), "type": change.ref.kind, "name": change.ref.key, "change": moved}


def essence(change: Change) -> list[Any]:
    """What a fingerprint is made of: who, what was there, what will be there. No counts, causes, places and notes."""
    return [str(change.operation), str(change.ref), *_essence(change)]


def _essence(change: Change) -> list[Any]:
    match change:
        case Create():
            return [change.after, *([change.raw] if change.raw else [])]
        case Update():
            return [change.before, change.after]
        case Rename():
            return [change.old]
        case Reassign():
            return [change.to, *([change.members] if change.members else [])]
        case Delete() | Forget():
            return [change.before]


def _done(change: Change, before: Values | None, after: Values | None, reason: str) -> dict[str, Any]:
    return {
        "operation": str(change.operation),
        "change": {"actions": [change.operation.action], "before": before, "after": after},
        "action_reason": str(reason),
    }


def _explained(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Plan files that were made before there were sentences have none."""
    return _SENTENCES.decode(found.get("explanation", []))


def _worst(change: Update) -> Effect:
    effects = {delta.effect for delta in change.fields}
    return next((effect for effect in _WORST_FIRST if effect in effects), Effect.NEUTRAL)
