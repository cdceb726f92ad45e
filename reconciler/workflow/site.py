"""Where a command works: one reconciler.yaml, and the live system chosen from it.

Knows how the rooms fit together; connects to nothing until a reader or a writer is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import settings as setup
from reconciler.config import yaml
from reconciler.config.limits import Limits
from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError
from reconciler.model.resource import Vocabulary
from reconciler.model.target import KeepsMemory, Target

if TYPE_CHECKING:
    from reconciler.memory.sql import SqlMemory
    from reconciler.settings import Settings

FILE_NAME = "reconciler.yaml"
LARGEST = 128 * 1024
"""Bytes of a reconciler.yaml; what it says of `limits:` is for the other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line says about the place: which file, which system, and where its secret is.
    `lock_timeout`: seconds to wait for another apply; None leaves it to the settings."""

    config: Path | None = None
    target: str = ""
    url_file: Path | None = None
    lock_timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """What reconciler.yaml says, what the command line chose, and the environment that holds the secrets."""

    settings: Settings
    choices: Choices
    environ: Mapping[str, str]
    vocabulary: Vocabulary = KINDS

    @property
    def project(self) -> str:
        """The name under which memory is kept."""
        return self.settings.project

    @property
    def limits(self) -> Limits:
        """How large a file may be."""
        return Limits(file_bytes=self.settings.file_bytes, depth=self.settings.depth, aliases=self.settings.aliases)

    @cached_property
    def target(self) -> Target:
        """The chosen live system, not yet connected. Raises TargetError or FileErrors on settings it cannot use."""
        from reconciler.targets.registry import target_type  # start-up: `validate` needs no target

        chosen = setup.target(self.settings, self.choices.target or None, self.environ, self.choices.url_file)
        if self.choices.lock_timeout is not None:
            chosen = replace(chosen, lock_timeout=self.choices.lock_timeout)
        chosen = replace(chosen, max_lock_time=float(self.settings.policy.max_lock_seconds))
        kind = target_type(chosen.type)
        findings = tuple(kind.check(chosen))
        if any(finding.blocks for finding in findings):
            raise ReconcilerError(f'the target "{chosen.name}" cannot be used as it is set', findings=findings)
        return kind.open(chosen, self.vocabulary)

    @cached_property
    def memory(self) -> SqlMemory:
        """What keeps memory in the session of the target."""
        from reconciler.memory.sql import SqlMemory  # start-up: imports SQLAlchemy

        target = self.target
        return SqlMemory(target.memory_schema, target.memory_owner) if isinstance(target, KeepsMemory) else SqlMemory()


def found(choices: Choices, environ: Mapping[str, str], start: Path) -> Path:
    """The reconciler.yaml to use: the option, else what the environment or the folders above say.
    Raises ReconcilerError when there is none."""
    if choices.config is not None:
        given = choices.config / FILE_NAME if choices.config.is_dir() else choices.config
        if not given.is_file():
            raise ReconcilerError(f"there is no file {given}", remedy="give the path of a reconciler.yaml")
        return given
    place = setup.find(start, environ)
    if place is None or not place.is_file():
        raise ReconcilerError(
            f"there is no {FILE_NAME} here or in a folder above",
            remedy="run `reconciler init` to write one, or point to it with --config",
        )
    return place


def opened(choices: Choices, environ: Mapping[str, str], start: Path) -> Site:
    """Read the settings. Raises FileErrors with every complaint, ReconcilerError when the file cannot be read."""
    place = found(choices, environ, start)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ReconcilerError(f"{place} cannot be read: {error.strerror}") from error
    document = yaml.read(content, place.name, Limits(file_bytes=LARGEST))
    return Site(
        settings=setup.build(document.data, document.lines, place.name, place.absolute().parent),
        choices=choices,
        environ=environ,
    )
