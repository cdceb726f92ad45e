"""Where a command works: one reconciler.yaml, and the live system chosen from it.

Connects to nothing until a reader or a writer is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import settings as setup
from reconciler.config import yaml
from reconciler.config.yaml import Limits
from reconciler.kinds import KINDS
from reconciler.model.errors import FileErrors, ReconcilerError
from reconciler.model.finding import Finding
from reconciler.model.ref import Origin
from reconciler.model.resource import Vocabulary
from reconciler.model.target import KeepsMemory, Target

if TYPE_CHECKING:
    from reconciler.memory.memory import SqlMemory
    from reconciler.settings import Settings

FILE_NAME = "reconciler.yaml"
LARGEST = 128 * 1024
"""Bytes of a reconciler.yaml; what it says of `limits:` is for the other files."""
MARGIN = 10.0
"""Seconds by which we wait longer for an answer than the system is given for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line says about the place: which file, which system, and where its secret is.
    `lock_timeout`: seconds to wait for another apply; `timeout`: for any answer of the system; None leaves them to the
    settings."""

    config: Path | None = None
    target: str = ""
    url_file: Path | None = None
    lock_timeout: float | None = None
    timeout: float | None = None


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
    def options(self) -> Mapping[str, Any]:
        """What the settings say of the chosen system that only its type understands; not where memory lies, which its
        instance id tells better."""
        options = self.settings.targets[self.target.name].options
        return {name: value for name, value in options.items() if name != "memory"}

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
        longest = float(self.settings.policy.max_lock_seconds)
        # The system itself ends what takes too long under the lock, and says so; giving up comes after that.
        timeout = self.choices.timeout or max(chosen.timeout, longest + MARGIN)
        chosen = replace(chosen, max_lock_time=longest, timeout=timeout)
        kind = target_type(chosen.type)
        findings = tuple(kind.check(chosen))
        if any(finding.blocks for finding in findings):
            raise ReconcilerError(f'the target "{chosen.name}" cannot be used as it is set', findings=findings)
        return kind.open(chosen, self.vocabulary)

    @cached_property
    def memory(self) -> SqlMemory:
        """What keeps memory in the session of the target."""
        from reconciler.memory.memory import SqlMemory  # start-up: imports SQLAlchemy

        target = self.target
        return SqlMemory(target.memory_schema, target.memory_owner) if isinstance(target, KeepsMemory) else SqlMemory()


def find_settings(choices: Choices, environ: Mapping[str, str], start: Path) -> Path:
    """The reconciler.yaml to use: the option, else what the environment or the folders above say.
    Raises ReconcilerError when there is none."""
    try:
        place = choices.config or setup.find(start, environ)
    except FileNotFoundError as error:
        raise ReconcilerError(
            "the current folder is not there any more", remedy="go to another one, or give --config with a whole path"
        ) from error
    if place is None:
        raise ReconcilerError(
            f"there is no {FILE_NAME} here or in a folder above",
            remedy="run `reconciler init` to write one, or point to it with --config",
        )
    given = place / FILE_NAME if place.is_dir() else place
    if not given.is_file():
        source = "" if choices.config else f"{setup.VARIABLE}: "
        raise ReconcilerError(f"{source}there is no file {given}", remedy="give the path of a reconciler.yaml")
    return given


def open_site(choices: Choices, environ: Mapping[str, str], start: Path) -> Site:
    """Read the settings. Raises FileErrors with every complaint, ReconcilerError when the file cannot be read."""
    place = find_settings(choices, environ, start)
    limits = Limits(file_bytes=LARGEST)
    try:
        content = place.read_bytes()
        folder = place.absolute().parent
    except OSError as error:
        raise ReconcilerError(f"{place} cannot be read: {error.strerror}") from error
    document = yaml.read(content, place.name, limits)
    stated = setup.build(document.data, document.lines, place.name, folder)
    if not _within_work_tree(stated.root, folder):
        raise FileErrors(
            f"{place.name} cannot be used",
            findings=(
                Finding(
                    code="unreadable",
                    message=f"the folder {stated.root} lies outside of the work tree of this file",
                    remedy="move it there; a change of this file must not read or write the files of others",
                    field="root",
                    origin=Origin(place.name, document.lines.get(("root",), 1)),
                    at_files=True,
                ),
            ),
        )
    return Site(settings=stated, choices=choices, environ=environ)


def _within_work_tree(root: Path, folder: Path) -> bool:
    """Whether the root, links followed, lies in the work tree of git that holds this folder, or in the folder where
    there is none; and not in what git keeps itself."""
    try:
        top = setup.work_tree(folder.resolve()) or folder.resolve()
        return ".git" not in root.resolve().relative_to(top).parts
    except (ValueError, RuntimeError, OSError):  # it lies elsewhere; or its links go round in a circle
        return False
