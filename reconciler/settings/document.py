"""The keys of `reconciler.yaml`, declared once: the verdict on the file and its JSON Schema are made from them.

Imported only where a file is read or the schema is made (start-up).

Numbers with a unit, as people write them: `10 %`, `30 s`, `16 MiB`.

What a value in `reconciler.yaml` may be, as pydantic types that complain with a code and a remedy of ours.

Imported only where a file is read or the schema is made (start-up).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from reconciler.kinds import KINDS
from reconciler.model.finding import CODES
from reconciler.model.names import did_you_mean
from reconciler.model.values import OFF
from reconciler.settings.read import brief
from reconciler.settings.secrets import ENCRYPTED, Unfit, parsed, plain_password

AMOUNT = re.compile(r"(\d{1,18})\s*([A-Za-z%]*)", re.ASCII)

PERCENT = {"": 1, "%": 1}
SECONDS = {"": 1, "s": 1, "sec": 1, "min": 60, "h": 3600}
BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def quantity(stated: object, units: dict[str, int]) -> int:
    """The number in the smallest unit. Raises ValueError when it is not a whole number with one of these units."""
    if isinstance(stated, bool) or not isinstance(stated, (int, str)):
        raise ValueError("neither a number nor text")
    match = AMOUNT.fullmatch(str(stated).strip())
    if match is None or match[2] not in units:
        raise ValueError("no such quantity")
    return int(match[1]) * units[match[2]]


def pattern(units: dict[str, int]) -> str:
    """The same rule as a pattern for JSON Schema."""
    words = "|".join(re.escape(unit) for unit in units if unit)
    return rf"^\s*[0-9]{{1,18}}\s*(?:{words})?\s*$"


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
_Line = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S(?:.*\S)?$")]
Glob = Annotated[str, AfterValidator(_glob), WithJsonSchema({"type": "string", "pattern": "^[^/]+/.+$"})]
_Plain = Annotated[str, AfterValidator(_no_secret)]
Url = Annotated[_Plain, AfterValidator(_url)]
_Code = Annotated[str, AfterValidator(_code), WithJsonSchema({"type": "string", "enum": list(CODES)})]
Class = Annotated[str, AfterValidator(_class), WithJsonSchema({"type": "string", "enum": list(LIFTABLE)})]
_Cache = Annotated[str, PlainValidator(_cache), WithJsonSchema({"type": ["boolean", "string"], "minLength": 1})]
Root = Annotated[_Line, AfterValidator(_root)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Severity = Literal["off", "note", "warning", "error"]
_Globs = Annotated[list[Glob], Field(max_length=10_000)]
Lint = Annotated[dict[_Code, _Severity], BeforeValidator(_no_more_than_codes)]


def key(default: Any, doc: str, *examples: Any) -> Any:
    """A key that may be left out. `default` is written as a person would and read like any other value."""
    return Field(default=default, description=doc, examples=[*examples] or [default], validate_default=True)


def _undefault(made: dict[str, Any]) -> None:
    del made["default"]


def optional_key(doc: str, *examples: Any) -> Any:
    """A text that may be left out and has no default."""
    return Field(default="", description=doc, examples=[*examples], json_schema_extra=_undefault)


class Keys(BaseModel):
    """A mapping with these keys and no others."""

    # Built once, as a part of the whole document (start-up).
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class TargetKeys(Keys):
    """One live system."""

    type: _Line = Field(description="`native`, or what another package calls its type of target.", examples=["native"])
    url: Url = optional_key(
        "The database: an SQLAlchemy URL without a password, `env:NAME` or `file:PATH`. `${NAME}` stands for its "
        "password. The variables are called `ESP_URL`, `ESP_…_URL`, and for a password `ESP_PASSWORD`, "
        "`ESP_…_PASSWORD`; the file as `esp_url` or `esp_…_url`; others are not looked up, and of the parameters after "
        "a `?` only those that give nothing else away are taken. A relative SQLite path starts at this file's folder. "
        "RECONCILER_DATABASE_URL wins over it.",
        "sqlite:///esp.db",
        "env:ESP_DATABASE_URL",
        "postgresql://reconciler:${ESP_PASSWORD}@db.example/esp",
    )
    insecure: bool = key(False, "Allows a connection to another host without TLS.")
    memory: _Plain = optional_key("Where the reconciler keeps what it remembers: the name of a schema.", "reconciler")
    table_prefix: _Plain = optional_key("What the system's tables are prefixed with.", "mw_")
    columns: Annotated[dict[str, str], Field(max_length=1_000)] = key(
        {},
        "Fields of a package that this version of the system has a column for: field → column.",
        {"automation.reset_limit": "reset_automation_limit"},
    )
    app_moves: Literal["leave", "revert"] = key(
        "leave", "Customers whom the system itself has moved to another package: reported and left, or moved back."
    )


class SafetyKeys(Keys):
    """When a plan is refused, and how long an apply may take."""

    block: Annotated[list[Class], Field(max_length=100)] = key(
        ["too-much", "empty"], "Classes of change that block a plan.", ["too-much", "empty", "delete"]
    )
    max_change_percent: Annotated[int, Field(ge=0, le=100)] = key(
        30, "`too-much`: more than this per cent of the managed objects of one kind change or go."
    )
    min_sample: Annotated[int, Field(ge=0)] = key(3, "`too-much` needs more changes than this.")
    max_tenants_affected: Tenants = key("off", "More customers than this may not be affected at once.", 500, "off")
    growth: Percent = key("10 %", "By how much a package that is emptied may have grown since the plan was made.")
    max_lock_time: Seconds = key("30 s", "How long an apply may hold the lock; past it, it rolls back.")
    over_limit: Literal["off", "warn", "block"] = key(
        "warn", "What to do about customers whose use is above a new limit."
    )
    signed_plans: Literal["optional", "required"] = key(
        "optional",
        "`required`: a plan file is applied only where RECONCILER_PLAN_KEY is set, so that it must be signed.",
    )


class LimitsKeys(Keys):
    """How large a file may be before it is refused."""

    file_bytes: Bytes = key("16 MiB", "Size of one file.")
    depth: Annotated[int, Field(ge=4, le=1000)] = key(64, "Mappings and lists inside each other.")
    aliases: Annotated[int, Field(ge=0, le=100_000)] = key(50, "Aliases (`*name`) in one file.")


class SettingsFile(Keys):
    """Settings of the reconciler for one repository. The environment is read here and in no other file."""

    project: _Line = Field(description="The name under which is kept what was applied.", examples=["production"])
    root: Root = key(
        ".",
        "The folder that holds `packages.d` and the others, seen from this file; inside of its work tree of git.",
        "desired",
    )
    target: _Plain = optional_key("The target that is used when none is named; else the only one.", "production")
    targets: Annotated[dict[Name, TargetKeys], Field(max_length=100)] = key(
        {}, "The live systems by name.", {"production": {"type": "native"}}
    )
    mode: Literal["additive", "managed", "authoritative"] = key(
        "managed",
        "What is deleted when it is in no file: nothing (`additive`), what this project made or adopted (`managed`), "
        "or whatever is not in `hands_off` (`authoritative`).",
    )
    hands_off: _Globs = key([], "Objects that are never compared, moved or deleted.", ["package/Internal*"])
    external: _Globs = key([], "Objects that files may refer to and that are never touched.", ["role/Admin"])
    safety: SafetyKeys = key({}, "When a plan is refused, and how long an apply may take.", {"max_change_percent": 20})
    limits: LimitsKeys = key({}, "How large a file may be before it is refused.", {"file_bytes": "64 MiB"})
    lint: Lint = key({}, "How seriously a finding is taken, by its code.", {"wildcard": "off"})
    privacy: Literal["masked", "full"] = key(
        "masked", "Whether names of customers that no file declares are shown outside a terminal."
    )
    cache: _Cache = key(
        True,
        "Keep parsed files: true (in the cache folder of the user), false, or a folder of its own below this file's.",
        True,
        "var/cache",
    )
