"""How much of a file is read before it counts as hostile. Knows no file and no YAML."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """`file_bytes`: bytes of one file; `depth`: mappings and lists inside each other; `aliases`: uses of anchors."""

    file_bytes: int = 16 * MEBIBYTE
    depth: int = 64
    aliases: int = 50
