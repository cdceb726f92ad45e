"""Packed rows in, the keys worth a look out: what equals its live row never becomes an object. Knows only tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.engine.packed import taker
from reconciler.model.record import Block, Sheet

encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(slots=True)
class Sifted:
    """`missing`: declared, not live; `differing`: another live value (or one that has to be looked at);
    `news`: equal, but memory says something else or nothing."""

    missing: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    equal: int = 0


def sift(declared: Sheet, live: Sheet, remembered: Mapping[str, tuple[str, str]]) -> Sifted:
    """Sort the declared keys of one kind by what has to be done with them."""
    found = Sifted()
    for block in declared.blocks:
        for live_block in live.blocks:
            _compare(block, live_block, remembered, found)
        found.missing += [key for key in block.rows if key not in live]
    return found


def _compare(block: Block, live: Block, remembered: Mapping[str, tuple[str, str]], found: Sifted) -> None:
    fields = block.fields
    if not set(fields) <= set(live.fields):
        found.differing += [key for key in block.rows if key in live.rows]
        return
    take = taker(live.fields, fields)
    rows = live.rows
    whole = fields == live.fields
    for key, row in block.rows.items():
        other = rows.get(key)
        if other is None:
            continue
        if (other if whole else take(other)) != row:
            found.differing.append(key)
        else:
            found.equal += 1
            memo = remembered.get(key)
            if memo is None or memo[0] != encode(dict(zip(fields, row, strict=True))):
                found.news.append(key)
