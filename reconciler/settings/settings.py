"""What `reconciler.yaml` says, as plain data. Holds addresses of secrets, never secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model.plan import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEntry:
    """One entry of `targets:` as it is written. `url` is not looked up yet (`settings.target` does that)."""

    type: str
    url: str = field(default="", repr=False)
    insecure: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`folder`: where reconciler.yaml lies; `root`: where the `*.d` folders lie; `cache`: where parsed files are kept,
    None: nowhere. `lint`: code → off, note, warning or error. Sizes are in bytes.
    `signed_plans`: no other plan file is applied."""

    project: str
    folder: Path
    root: Path
    targets: Mapping[str, TargetEntry]
    default_target: str | None = None
    policy: Policy = field(default_factory=Policy)
    file_bytes: int = 16 * 2**20
    depth: int = 64
    aliases: int = 50
    lint: Mapping[str, str] = field(default_factory=dict)
    cache: Path | None = None
    signed_plans: bool = False
