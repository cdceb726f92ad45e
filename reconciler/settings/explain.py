"""What pydantic says about `reconciler.yaml`, in words for people: what is wrong, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.finding import CODES, MOST_ALIKE
from reconciler.model.nearest import did_you_mean
from reconciler.settings.published import schema

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Where = tuple[str, ...]

SECRET = frozenset({"url", "memory"})
"""Keys whose value is never quoted."""

STANDARD = {
    "extra_forbidden": "unknown-setting",
    "missing": "required",
    "literal_error": "choice",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "string_pattern_mismatch": "name",
    "string_too_short": "name",
    "string_too_long": "name",
}
"""Pydantic's words for what is wrong → ours; the others are of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong at one key; `code` is one of CODES."""

    where: Where
    code: str
    message: str
    remedy: str = ""


def complaints(errors: Iterable[ErrorDetails]) -> Iterator[Complaint]:
    """One complaint for each error, in the order in which pydantic found them."""
    whole = schema()
    seen: Counter[str] = Counter()
    for error in errors:
        seen[error["type"]] += 1
        where = tuple(str(part) for part in error["loc"] if part != "[key]")
        context = error.get("ctx", {})
        if error["type"] in CODES:
            yield Complaint(where=where, code=error["type"], message=context["message"], remedy=context["remedy"])
        else:
            # Nobody is told of more, so nobody asks what was meant.
            yield _in_our_words(where, error, whole if seen[error["type"]] <= MOST_ALIKE else {})


def _in_our_words(where: Where, error: ErrorDetails, whole: Mapping[str, Any]) -> Complaint:
    code = STANDARD.get(error["type"], "type")
    if code == "unknown-setting":
        message, remedy = _unknown(where[-1], list(_node(whole, where[:-1]).get("properties", {})))
    elif code == "required":
        message, remedy = "it is not stated and is needed", _remedy(_node(whole, where))
    else:
        node = _node(whole, where)
        message, remedy = _wrong(where, error["input"], code, node), _remedy(node)
    return Complaint(where=where, code=code, message=message, remedy=remedy)


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
            return f'"{stated}"'
        case _:
            return str(stated)


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
