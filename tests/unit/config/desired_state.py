"""A repository in a folder, made from texts, and what loading it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.config.load import load
from reconciler.kinds import KINDS
from reconciler.model.facts import Desired
from reconciler.model.finding import Finding


def written(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for place, content in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def loaded(root: Path, files: Mapping[str, str | bytes]) -> Desired:
    return load(written(root, files), KINDS)


def said(finding: Finding) -> str:
    """The finding as people read it, without its severity."""
    ref = f"{finding.ref}: " if finding.ref else ""
    field = f"{finding.field}: " if finding.field else ""
    return f"[{finding.code}] {ref}{field}{finding.message}; {finding.remedy}  {finding.origin}"


def complaints(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    return [said(finding) for finding in loaded(root, files).findings]


def codes(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    return [finding.code for finding in loaded(root, files).findings]
