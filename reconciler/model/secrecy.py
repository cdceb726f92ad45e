"""What must not be said while one command runs. Where a secret is read it is told here; whatever is shown passes
`veiled`, so that also a message that nobody foresaw, in a report or a traceback, gives nothing away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

VEIL: Final = "***"
SHORTEST: Final = 4
"""Characters; what is shorter is no secret, and to hide it would spoil every other word."""

_secrets: ContextVar[frozenset[str]] = ContextVar("secrets", default=frozenset())
_any: ContextVar[re.Pattern[str] | None] = ContextVar("any secret", default=None)


def start() -> None:
    """A new command: nothing is secret yet."""
    _secrets.set(frozenset())
    _any.set(None)


def hide(*secrets: str) -> None:
    """From here on these are hidden, however they are written."""
    known = _secrets.get().union(*map(_spellings, secrets))
    _secrets.set(known)
    longest_first = sorted(known, key=len, reverse=True)  # a part of a longer one would leave the rest of it to be seen
    _any.set(re.compile("|".join(map(re.escape, longest_first))) if known else None)


def hidden_in(text: str) -> str:
    """The same without any secret."""
    pattern = _any.get()
    return pattern.sub(VEIL, text) if pattern else text


def veiled_data(value: Any) -> Any:
    """Data for JSON without any secret in its values; keys are ours."""
    match value:
        case str():
            return hidden_in(value)
        case Mapping():
            return {name: veiled_data(inner) for name, inner in value.items()}
        case list() | tuple():
            return [veiled_data(inner) for inner in value]
        case _:
            return value


def _spellings(secret: str) -> frozenset[str]:
    """As it is, percent-encoded, decoded, as Python, JSON and HTML show it, and in base64."""
    # Start-up: `--help` has no secret.
    from base64 import b64encode
    from html import escape
    from json import dumps
    from urllib.parse import quote, quote_plus, unquote

    plain = {secret, unquote(secret)}
    encoded = {*map(quote, plain), *map(quote_plus, plain), *(quote(each, safe="") for each in plain)}
    found = {*plain, *encoded, *(re.sub("%..", lambda code: code[0].lower(), each) for each in encoded)}
    found |= {repr(each)[1:-1] for each in plain} | {dumps(each)[1:-1] for each in plain} | set(map(escape, plain))
    found |= {b64encode(each.encode("utf-8", "surrogateescape")).decode("ascii") for each in plain}
    return frozenset(each for each in found if len(each) >= SHORTEST)
