"""The declared side: what the files state, and every complaint about them. Knows no YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.finding import Finding
from reconciler.model.record import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """`sheets`: one a kind, empty where nothing is declared; file-only fields are among the values.
    `digest`: over all declared values, independent of layout, comments and file names."""

    sheets: Mapping[str, Sheet]
    findings: tuple[Finding, ...] = ()
    digest: str = ""
