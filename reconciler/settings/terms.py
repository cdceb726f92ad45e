"""What a value in `reconciler.yaml` may be, as pydantic types that complain with a code and a remedy of ours.

Imported only where a file is read or the schema is made (start-up). Knows no key.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.kinds import KINDS
from reconciler.model.finding import CODES
from reconciler.model.names import did_you_mean
from reconciler.model.values import OFF
from reconciler.settings.access import ENCRYPTED
from reconciler.settings.address import Unfit, parsed, plain_password
from reconciler.settings.explain import brief
from reconciler.settings.quantities import BYTES, PERCENT, SECONDS, pattern, quantity

LIFTABLE = tuple(sorted(code.word for code in CODES.values() if code.liftable))


def _complaint(code: str, message: str, remedy: str) -> PydanticCustomError:
    """`code` is one of CODES; the explainer passes all three on as they are."""
    return PydanticCustomError(code, "{message}", {"message": message, "remedy": remedy})


def _measured(units: dict[str, int], example: str) -> tuple[BeforeValidator, WithJsonSchema]:
    def read(stated: object) -> int:
        try:
            return quantity(stated, units)
        except ValueError:
            raise _complaint("type", f"{brief(repr(stated))} is no quantity", f"write it like {example}") from None

    written = {"type": ["integer", "string"], "minimum": 0, "pattern": pattern(units)}
    return BeforeValidator(read), WithJsonSchema(written)


def _count_or_off(stated: object) -> int | None:
    if stated == OFF:
        return None
    if isinstance(stated, bool) or not isinstance(stated, int) or stated < 0:
        raise _complaint("range", f"{brief(repr(stated))} is no number from 0", "write one, or off")
    return stated


def _glob(stated: str) -> str:
    kind, slash, name = stated.partition("/")
    if not (slash and name and any(fnmatchcase(known, kind) for known in KINDS.kinds)):
        known = ", ".join(KINDS.kinds)
        raise _complaint(
            "name", f'"{brief(stated)}" is no kind/name', f"write it like {KINDS.kinds[0]}/Internal*; kinds: {known}"
        )
    return stated


def _no_secret(stated: str) -> str:
    """None of these complaints quotes the text: it may be the secret."""
    if plain_password(stated):
        raise _complaint("secret", "a password stands here in plain", "put env:NAME, file:PATH or ${NAME} in its place")
    if stated.startswith(ENCRYPTED):
        raise _complaint("secret", "this is encrypted and is not decrypted here", "write env:NAME or file:PATH")
    return stated


def _url(stated: str) -> str:
    try:
        parsed(stated)
    except Unfit as unfit:
        raise _complaint(unfit.code, unfit.message, unfit.remedy) from None
    return stated


OWN_CACHE = "~"
"""Stands for the user's own cache folder."""
GIT = ".git"


def _cache(stated: object) -> str:
    """The folder; empty: none. Below the one of the file, for whoever proposes a change can write this line."""
    if isinstance(stated, bool):
        return OWN_CACHE if stated else ""
    if not isinstance(stated, str) or not stated.strip() or not stated.isprintable():
        raise _complaint("type", f"{brief(repr(stated))} is no folder", "write true, false or a folder")
    steps = PurePosixPath(stated).parts
    if not steps or stated.startswith(("/", "~")) or ".." in steps or GIT in map(str.lower, steps):
        raise _complaint(
            "choice",
            f'"{brief(stated)}" is not a folder of its own below the one of this file',
            "write one like var/cache, or true for the cache folder of the user",
        )
    return stated


def _root(stated: str) -> str:
    if not stated.isprintable():
        raise _complaint("name", f"{brief(repr(stated))} holds characters that are not seen", "write a folder")
    return stated


def _code(word: str) -> str:
    return _one_of(word, tuple(CODES), "finding")


def _no_more_than_codes(stated: object) -> object:
    """Before each is looked at: what a code was meant to be takes long to find out."""
    if isinstance(stated, dict) and len(stated) > len(CODES):
        raise _complaint(
            "range", f"it has more than {len(CODES)} entries, which is how many codes there are", "write fewer"
        )
    return stated


def _class(word: str) -> str:
    return _one_of(word, LIFTABLE, "class of change that settings may block")


def _one_of(word: str, words: tuple[str, ...], what: str) -> str:
    if word not in words:
        raise _complaint(
            "choice", f'"{brief(word)}" is no {what}{did_you_mean(word, words)}', f"write one of {', '.join(words)}"
        )
    return word


Percent = Annotated[int, *_measured(PERCENT, "10 %")]
Seconds = Annotated[int, *_measured(SECONDS, "30 s or 2 min")]
Bytes = Annotated[int, *_measured(BYTES, "16 MiB")]
Tenants = Annotated[
    int | None,
    PlainValidator(_count_or_off),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "if": {"type": "string"}, "then": {"enum": [OFF]}}),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(?:.*\S)?$")]
Glob = Annotated[str, AfterValidator(_glob), WithJsonSchema({"type": "string", "pattern": "^[^/]+/.+$"})]
Plain = Annotated[str, AfterValidator(_no_secret)]
Url = Annotated[Plain, AfterValidator(_url)]
Code = Annotated[str, AfterValidator(_code), WithJsonSchema({"type": "string", "enum": list(CODES)})]
Class = Annotated[str, AfterValidator(_class), WithJsonSchema({"type": "string", "enum": list(LIFTABLE)})]
Cache = Annotated[str, PlainValidator(_cache), WithJsonSchema({"type": ["boolean", "string"], "minLength": 1})]
Root = Annotated[Line, AfterValidator(_root)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Severity = Literal["off", "note", "warning", "error"]
Globs = Annotated[list[Glob], Field(max_length=10_000)]
Lint = Annotated[dict[Code, Severity], BeforeValidator(_no_more_than_codes)]
