"""What a watch over drift has told already: a small file of fingerprints. Names nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import ReconcilerError
from reconciler.workflow.write_file import check, descriptor_of, write_private

_FORMAT = "reconciler-drift-state"
_VERSION = "1.0"
_LARGEST = 64 * 1024 * 1024
"""Bytes; a million traces."""
_FINGERPRINT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftState:
    """The state of one project on one target."""

    project: str
    target: str
    fingerprints: frozenset[str] = frozenset()


def recall(path: Path, project: str, target: str) -> DriftState:
    """What was told before; nothing where there is no file yet, or an empty one. Raises ReconcilerError for a file that
    is another thing, or a link: it would be overwritten at the end."""
    fresh = DriftState(project=project, target=target)
    if descriptor_of(path) is not None:
        raise ReconcilerError(f"the state {path} is not a regular file")
    check(path)
    try:
        if not path.exists():
            return fresh
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise ReconcilerError(f"the state {path} cannot be read: {error.strerror}") from error
    if not content.strip():
        return fresh
    found = _parsed(content)
    if found is None:
        raise ReconcilerError(f"{path} is no state of drift", remedy="give another path; or take the file away")
    if (found.project, found.target) != (project, target):
        raise ReconcilerError(
            f'the state {path} is of the project "{found.project}" on "{found.target}", '
            f'not of "{project}" on "{target}"',
            remedy="give each target a state of its own",
        )
    return found


def remember(path: Path, seen: DriftState, fingerprints: Iterable[str]) -> None:
    """Write what is there now, whole or not at all: what is gone is forgotten, and would be new again."""
    state = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "project": seen.project,
        "target": seen.target,
        "seen": sorted(set(fingerprints)),
    }
    write_private(path, json.dumps(state, indent=1) + "\n")


def _parsed(content: bytes) -> DriftState | None:
    """None for anything that `remember` did not write."""
    try:
        data = json.loads(content) if len(content) <= _LARGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or (data.get("format"), data.get("format_version")) != (_FORMAT, _VERSION):
        return None
    project, target, seen = data.get("project"), data.get("target"), data.get("seen")
    if not isinstance(project, str) or not isinstance(target, str) or not isinstance(seen, list):
        return None
    if not all(isinstance(each, str) and _FINGERPRINT.fullmatch(each) for each in seen):
        return None
    return DriftState(project=project, target=target, fingerprints=frozenset(seen))
