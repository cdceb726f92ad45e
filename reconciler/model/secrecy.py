"""What must not be said while one command runs. Where a secret is read it is told here; what goes to stderr passes
`veiled`, so that also a message that nobody foresaw, in a traceback, gives nothing away."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

VEIL: Final = "***"
SHORTEST: Final = 4
"""Characters; what is shorter is no secret, and to hide it would spoil every other word."""

_secrets: ContextVar[frozenset[str]] = ContextVar("secrets", default=frozenset())


def begin() -> None:
    """A new command: nothing is secret yet."""
    _secrets.set(frozenset())


def keep(*secrets: str) -> None:
    """From here on these are hidden, however they are written."""
    _secrets.set(_secrets.get().union(*map(_spellings, secrets)))


def veiled(text: str) -> str:
    """The same without any secret."""
    for secret in sorted(_secrets.get(), key=len, reverse=True):
        text = text.replace(secret, VEIL)
    return text


def _spellings(secret: str) -> frozenset[str]:
    """As it is, percent-encoded, decoded, as Python shows it, and in base64."""
    # Start-up: `--help` has no secret.
    from base64 import b64encode
    from urllib.parse import quote, quote_plus, unquote

    plain = {secret, unquote(secret)}
    found = {*plain, *map(quote, plain), *map(quote_plus, plain), *(quote(each, safe="") for each in plain)}
    found |= {repr(each)[1:-1] for each in plain}
    found |= {b64encode(each.encode("utf-8", "surrogateescape")).decode("ascii") for each in plain}
    return frozenset(each for each in found if len(each) >= SHORTEST)
