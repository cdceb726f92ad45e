"""Dotted names to nesting, as YAML writes it: `sending.daily_limit` is `daily_limit` under `sending`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names become mappings inside mappings, in the order in which they come. Values are not looked into."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return tree
