"""The keys of `reconciler.yaml`, declared once: the verdict on the file and its JSON Schema are made from them.

Imported only where a file is read or the schema is made (start-up). Knows no place, no environment and no target type.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reconciler.settings.terms import (
    Bytes,
    Cache,
    Class,
    Globs,
    Line,
    Lint,
    Name,
    Percent,
    Plain,
    Root,
    Seconds,
    Tenants,
    Url,
)


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

    type: Line = Field(description="`native`, or what another package calls its type of target.", examples=["native"])
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
    memory: Plain = optional_key("Where the reconciler keeps what it remembers: the name of a schema.", "reconciler")
    table_prefix: Plain = optional_key("What the system's tables are prefixed with.", "mw_")
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

    project: Line = Field(description="The name under which is kept what was applied.", examples=["production"])
    root: Root = key(
        ".",
        "The folder that holds `packages.d` and the others, seen from this file; inside of its work tree of git.",
        "desired",
    )
    target: Plain = optional_key("The target that is used when none is named; else the only one.", "production")
    targets: Annotated[dict[Name, TargetKeys], Field(max_length=100)] = key(
        {}, "The live systems by name.", {"production": {"type": "native"}}
    )
    mode: Literal["additive", "managed", "authoritative"] = key(
        "managed",
        "What is deleted when it is in no file: nothing (`additive`), what this project made or adopted (`managed`), "
        "or whatever is not in `hands_off` (`authoritative`).",
    )
    hands_off: Globs = key([], "Objects that are never compared, moved or deleted.", ["package/Internal*"])
    external: Globs = key([], "Objects that files may refer to and that are never touched.", ["role/Admin"])
    safety: SafetyKeys = key({}, "When a plan is refused, and how long an apply may take.", {"max_change_percent": 20})
    limits: LimitsKeys = key({}, "How large a file may be before it is refused.", {"file_bytes": "64 MiB"})
    lint: Lint = key({}, "How seriously a finding is taken, by its code.", {"wildcard": "off"})
    privacy: Literal["masked", "full"] = key(
        "masked", "Whether names of customers that no file declares are shown outside a terminal."
    )
    cache: Cache = key(
        True,
        "Keep parsed files: true (in the cache folder of the user), false, or a folder of its own below this file's.",
        True,
        "var/cache",
    )
