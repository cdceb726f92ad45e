"""The keys of `reconciler.yaml`, declared once, as plain data.

The fast verdict (`fast_keys.py`), pydantic's verdict and the JSON Schema (`document.py`) are made from them. A check is
a function that gives the value or raises Unfit, with a code of a finding and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple, TypeAlias

from reconciler.kinds import KINDS
from reconciler.model.finding import CODES
from reconciler.model.names import did_you_mean
from reconciler.model.values import OFF
from reconciler.settings.secrets import ENCRYPTED, Unfit, parsed, plain_password

MOST_SHOWN = 100
"""Characters of what is stated that a complaint repeats."""


class Flag:
    """true or false."""


class OneOf(NamedTuple):
    """One of a few words."""

    words: tuple[str, ...]


class Number(NamedTuple):
    """A whole number in a range; `high` None: without end."""

    low: int
    high: int | None = None


class TextValue(NamedTuple):
    """Text of some length and pattern that passes each check. `schema`: what the JSON Schema says of it, where that is
    not plain."""

    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    checks: tuple[Callable[[str], str], ...] = ()
    schema: Mapping[str, Any] | None = None


class Read(NamedTuple):
    """Whatever the function makes a value of. `schema`: what the JSON Schema says of it."""

    function: Callable[[object], Any]
    schema: Mapping[str, Any]


class ListOf(NamedTuple):
    """A list of at most so many."""

    item: TextValue
    most: int


class MapOf(NamedTuple):
    """A mapping. `most`: entries at most. `before`: a check of the whole before an entry is looked at."""

    key: TextValue
    value: TextValue | OneOf | Table
    most: int | None = None
    before: Callable[[object], object] | None = None


class Table(NamedTuple):
    """A mapping with these keys and no others."""

    doc: str
    keys: tuple[Key, ...]


Type: TypeAlias = Flag | OneOf | Number | TextValue | Read | ListOf | MapOf | Table

NEEDED: Final = object()
"""Stands for the default of a key that has to be stated."""


class Key(NamedTuple):
    """`default` is written as a person would and read like any other value, but for "": a text that is not stated.
    Without `examples` it is the example."""

    name: str
    type: Type
    doc: str
    default: Any = NEEDED
    examples: tuple[Any, ...] = ()


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


def _count_or_off(stated: object) -> int | None:
    if stated == OFF:
        return None
    if isinstance(stated, bool) or not isinstance(stated, int) or stated < 0:
        raise Unfit("range", f"{brief(repr(stated))} is not a number from 0", "write one, or off")
    return stated


def brief(text: str) -> str:
    """Its beginning, where it is too long to be read."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _measured(units: dict[str, int], example: str) -> Read:
    def read(stated: object) -> int:
        try:
            return quantity(stated, units)
        except ValueError:
            raise Unfit("type", f"{brief(repr(stated))} is not a quantity", f"write it like {example}") from None

    return Read(read, {"type": ["integer", "string"], "minimum": 0, "pattern": pattern(units)})


def _glob(stated: str) -> str:
    kind, slash, name = stated.partition("/")
    if not (slash and name and any(fnmatchcase(known, kind) for known in KINDS.kinds)):
        known = ", ".join(KINDS.kinds)
        raise Unfit(
            "name", f'"{brief(stated)}" is not a kind/name', f"write it like {KINDS.kinds[0]}/Internal*; kinds: {known}"
        )
    return stated


def _no_secret(stated: str) -> str:
    """None of these complaints quotes the text: it may be the secret."""
    if plain_password(stated):
        raise Unfit("secret", "a password stands here in plain", "put env:NAME, file:PATH or ${NAME} in its place")
    if stated.startswith(ENCRYPTED):
        raise Unfit("secret", "this is encrypted and is not decrypted here", "write env:NAME or file:PATH")
    return stated


def _url(stated: str) -> str:
    parsed(stated)
    return stated


OWN_CACHE = "~"
"""Stands for the user's own cache folder."""
GIT = ".git"


def _cache(stated: object) -> str:
    """The folder; empty: none. Below the one of the file, for whoever proposes a change can write this line."""
    if isinstance(stated, bool):
        return OWN_CACHE if stated else ""
    if not isinstance(stated, str) or not stated.strip() or not stated.isprintable():
        raise Unfit("type", f"{brief(repr(stated))} is not a folder", "write true, false or a folder")
    steps = PurePosixPath(stated).parts
    if not steps or stated.startswith(("/", "~")) or ".." in steps or GIT in map(str.lower, steps):
        raise Unfit(
            "choice",
            f'"{brief(stated)}" is not a folder of its own below the one of this file',
            "write one like var/cache, or true for the cache folder of the user",
        )
    return stated


def _root(stated: str) -> str:
    if not stated.isprintable():
        raise Unfit("name", f"{brief(repr(stated))} holds characters that are not seen", "write a folder")
    return stated


def _code(word: str) -> str:
    return _one_of(word, tuple(CODES), "finding")


def _no_more_than_codes(stated: object) -> object:
    """Before each is looked at: what a code was meant to be takes long to find out."""
    if isinstance(stated, dict) and len(stated) > len(CODES):
        raise Unfit("range", f"it has more than {len(CODES)} entries, which is how many codes there are", "write fewer")
    return stated


def _class(word: str) -> str:
    return _one_of(word, LIFTABLE, "class of change that settings may block")


def _one_of(word: str, words: tuple[str, ...], what: str) -> str:
    if word not in words:
        raise Unfit(
            "choice", f'"{brief(word)}" is not a {what}{did_you_mean(word, words)}', f"write one of {', '.join(words)}"
        )
    return word


PERCENTAGE = _measured(PERCENT, "10 %")
DURATION = _measured(SECONDS, "30 s or 2 min")
SIZE = _measured(BYTES, "16 MiB")
TENANTS = Read(
    _count_or_off,
    {"type": ["integer", "string"], "minimum": 0, "if": {"type": "string"}, "then": {"enum": [OFF]}},
)
LINE = TextValue(shortest=1, longest=100, pattern=r"^\S(?:.*\S)?$")
ROOT = LINE._replace(checks=(_root,))
NAME = TextValue(shortest=1, longest=100)
GLOBS = ListOf(TextValue(checks=(_glob,), schema={"type": "string", "pattern": "^[^/]+/.+$"}), 10_000)
PLAIN = TextValue(checks=(_no_secret,))
URL = TextValue(checks=(_no_secret, _url))
CODE = TextValue(checks=(_code,), schema={"type": "string", "enum": list(CODES)})
CLASS = TextValue(checks=(_class,), schema={"type": "string", "enum": list(LIFTABLE)})
CACHE = Read(_cache, {"type": ["boolean", "string"], "minLength": 1})
LINT = MapOf(CODE, OneOf(("off", "note", "warning", "error")), before=_no_more_than_codes)

TARGET = Table(
    "One live system.",
    (
        Key("type", LINE, "`native`, or what another package calls its type of target.", examples=("native",)),
        Key(
            "url",
            URL,
            "The database: an SQLAlchemy URL without a password, `env:NAME` or `file:PATH`. `${NAME}` stands for its "
            "password. The variables are called `ESP_URL`, `ESP_…_URL`, and for a password `ESP_PASSWORD`, "
            "`ESP_…_PASSWORD`; the file as `esp_url` or `esp_…_url`; others are not looked up, and of the parameters "
            "after a `?` only those that give nothing else away are taken. A relative SQLite path starts at this "
            "file's folder. RECONCILER_DATABASE_URL wins over it.",
            default="",
            examples=(
                "sqlite:///esp.db",
                "env:ESP_DATABASE_URL",
                "postgresql://reconciler:${ESP_PASSWORD}@db.example/esp",
            ),
        ),
        Key("insecure", Flag(), "Allows a connection to another host without TLS.", default=False),
        Key(
            "memory",
            PLAIN,
            "Where the reconciler keeps what it remembers: the name of a schema.",
            default="",
            examples=("reconciler",),
        ),
        Key("table_prefix", PLAIN, "What the system's tables are prefixed with.", default="", examples=("mw_",)),
        Key(
            "columns",
            MapOf(TextValue(), TextValue(), 1_000),
            "Fields of a package that this version of the system has a column for: field → column.",
            default={},
            examples=({"automation.reset_limit": "reset_automation_limit"},),
        ),
        Key(
            "app_moves",
            OneOf(("leave", "revert")),
            "Customers whom the system itself has moved to another package: reported and left, or moved back.",
            default="leave",
        ),
    ),
)
SAFETY = Table(
    "When a plan is refused, and how long an apply may take.",
    (
        Key(
            "block",
            ListOf(CLASS, 100),
            "Classes of change that block a plan.",
            default=["too-much", "empty"],
            examples=(["too-much", "empty", "delete"],),
        ),
        Key(
            "max_change_percent",
            Number(0, 100),
            "`too-much`: more than this per cent of the managed objects of one kind change or go.",
            default=30,
        ),
        Key("min_sample", Number(0), "`too-much` needs more changes than this.", default=3),
        Key(
            "max_tenants_affected",
            TENANTS,
            "More customers than this may not be affected at once.",
            default="off",
            examples=(500, "off"),
        ),
        Key(
            "growth",
            PERCENTAGE,
            "By how much a package that is emptied may have grown since the plan was made.",
            default="10 %",
        ),
        Key(
            "max_lock_time",
            DURATION,
            "How long an apply may hold the lock; past it, it rolls back.",
            default="30 s",
        ),
        Key(
            "over_limit",
            OneOf(("off", "warn", "block")),
            "What to do about customers whose use is above a new limit.",
            default="warn",
        ),
        Key(
            "signed_plans",
            OneOf(("optional", "required")),
            "`required`: a plan file is applied only where RECONCILER_PLAN_KEY is set, so that it must be signed.",
            default="optional",
        ),
    ),
)
LIMITS = Table(
    "How large a file may be before it is refused.",
    (
        Key("file_bytes", SIZE, "Size of one file.", default="16 MiB"),
        Key("depth", Number(4, 1_000), "Mappings and lists inside each other.", default=64),
        Key("aliases", Number(0, 100_000), "Aliases (`*name`) in one file.", default=50),
    ),
)
SETTINGS = Table(
    "Settings of the reconciler for one repository. The environment is read here and in no other file.",
    (
        Key("project", LINE, "The name under which is kept what was applied.", examples=("production",)),
        Key(
            "root",
            ROOT,
            "The folder that holds `packages.d` and the others, seen from this file; inside of its work tree of git.",
            default=".",
            examples=("desired",),
        ),
        Key(
            "target",
            PLAIN,
            "The target that is used when none is named; else the only one.",
            default="",
            examples=("production",),
        ),
        Key(
            "targets",
            MapOf(NAME, TARGET, 100),
            "The live systems by name.",
            default={},
            examples=({"production": {"type": "native"}},),
        ),
        Key(
            "mode",
            OneOf(("additive", "managed", "authoritative")),
            "What is deleted when it is in no file: nothing (`additive`), what this project made or adopted "
            "(`managed`), or whatever is not in `hands_off` (`authoritative`).",
            default="managed",
        ),
        Key(
            "hands_off",
            GLOBS,
            "Objects that are never compared, moved or deleted.",
            default=[],
            examples=(["package/Internal*"],),
        ),
        Key(
            "external",
            GLOBS,
            "Objects that files may refer to and that are never touched.",
            default=[],
            examples=(["role/Admin"],),
        ),
        Key(
            "safety",
            SAFETY,
            "When a plan is refused, and how long an apply may take.",
            default={},
            examples=({"max_change_percent": 20},),
        ),
        Key(
            "limits",
            LIMITS,
            "How large a file may be before it is refused.",
            default={},
            examples=({"file_bytes": "64 MiB"},),
        ),
        Key(
            "lint", LINT, "How seriously a finding is taken, by its code.", default={}, examples=({"wildcard": "off"},)
        ),
        Key(
            "privacy",
            OneOf(("masked", "full")),
            "Whether names of customers that no file declares are shown outside a terminal.",
            default="masked",
        ),
        Key(
            "cache",
            CACHE,
            "Keep parsed files: true (in the cache folder of the user), false, or a folder of its own below this "
            "file's.",
            default=True,
            examples=(True, "var/cache"),
        ),
    ),
)
