"""`export`: the live system written as files (RULES 23). Knows who reads and who writes, not how YAML is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
