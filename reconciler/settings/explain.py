"""What pydantic says about `reconciler.yaml`, in words for people: what is wrong, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.finding import CODES, MOST_ALIKE
from reconciler.model.names import did_you_mean
from reconciler.settings.published import schema

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Where = tuple[str, ...]

MOST = MOST_ALIKE
"""Complaints of one code that are told one by one."""

LONGEST = 100
"""Characters of what is stated that a complaint repeats."""

SECRET = frozenset({"url", "memory"})
"""Keys whose value is never quoted."""

STANDARD = {
    "extra_forbidden": "unknown-setting",
    "missing": "required",
    "literal_error": "choice",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "too_long": "range",
    "string_pattern_mismatch": "name",
    "string_too_short": "name",
    "string_too_long": "name",
}
"""Pydantic's words for what is wrong → ours; the others are of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingComplaint:
    """What is wrong at one key; `code` is one of CODES."""

    where: Where
    code: str
    message: str
    remedy: str = ""


def setting_complaints(errors: Iterable[ErrorDetails]) -> Iterator[SettingComplaint]:
    """One complaint for each error, in the order in which pydantic found them; of a code the first `MOST` and a
    count."""
    whole = schema()
    counts: Counter[str] = Counter()
    for error in errors:
        code = error["type"] if error["type"] in CODES else STANDARD.get(error["type"], "type")
        counts[code] += 1
        if counts[code] <= MOST:
            yield _complaint(error, code, whole)
    for code, count in counts.items():
        yield from uncounted(code, count)


def uncounted(code: str, count: int) -> Iterator[SettingComplaint]:
    """How many complaints of this code are not told one by one, where there are any."""
    if count > MOST:
        told = f"{count - MOST:,} more complaints of this code"
        yield SettingComplaint(where=(), code=code, message=told, remedy="put the others right first")


def _complaint(error: ErrorDetails, code: str, whole: Mapping[str, Any]) -> SettingComplaint:
    where = tuple(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] in CODES:
        context = error.get("ctx", {})
        return SettingComplaint(where=where, code=code, message=context["message"], remedy=context["remedy"])
    if code == "unknown-setting":
        message, remedy = _unknown(where[-1], list(_node(whole, where[:-1]).get("properties", {})))
    elif code == "required":
        message, remedy = "it is not stated and is needed", _remedy(_node(whole, where))
    elif error["type"] == "too_long":
        most = error["ctx"]["max_length"]
        message, remedy = f"it has more than {most:,} entries", f"write at most {most:,}"
    else:
        node = _node(whole, where)
        message, remedy = _wrong(where, error["input"], code, node), _remedy(node)
    return SettingComplaint(where=where, code=code, message=message, remedy=remedy)


def _unknown(key: str, known: list[str]) -> tuple[str, str]:
    return f"there is no such key{did_you_mean(key, known)}", f"the keys here: {', '.join(known)}"


def _wrong(where: Where, stated: Any, code: str, node: Mapping[str, Any]) -> str:
    shown = "this" if SECRET & set(where) else _shown(stated)
    near = did_you_mean(str(stated), node.get("enum", ()))
    reasons = {
        "choice": f"is not allowed here{near}",
        "range": "is out of range",
        "name": "is not a name of one line",
    }
    return f"{shown} {reasons.get(code, 'is of the wrong type')}"


def _shown(stated: Any) -> str:
    match stated:
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(stated).lower()
        case str():
            return f'"{brief(stated)}"'
        case _:
            return brief(str(stated))


def brief(text: str) -> str:
    """Its beginning, where it is too long to be read."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _node(whole: Mapping[str, Any], where: Where) -> Mapping[str, Any]:
    """The part of the schema that speaks of this place."""
    node = whole
    for part in where:
        inner = node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items")
        node = inner if isinstance(inner, Mapping) else {}
    return node


def _remedy(node: Mapping[str, Any]) -> str:
    match node:
        case {"enum": words}:
            return f"write one of {', '.join(words)}"
        case {"type": "boolean"}:
            return "write true or false"
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"write a number from {low} to {high}"
        case {"type": "integer", "minimum": low}:
            return f"write a number from {low}"
        case {"type": "array"}:
            return "write a list"
        case {"type": "object"}:
            return "write a mapping"
        case _:
            return "write text on one line"
