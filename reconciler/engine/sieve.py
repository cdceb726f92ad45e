"""Packed rows in, the keys worth a look out: what equals its live row never becomes an object. Knows only tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.engine.packed import taker
from reconciler.model.record import Block, Sheet

Memos = Mapping[str, tuple[str, str]]
UNKNOWN = ("", "")
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(slots=True)
class Sifted:
    """`missing`: declared, not live; `differing`: another live value (or one that has to be looked at);
    `news`: equal, but memory says something else or nothing."""

    missing: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    equal: int = 0


def sift(declared: Sheet, live: Sheet, remembered: Memos) -> Sifted:
    """Sort the declared keys of one kind by what has to be done with them."""
    found = Sifted()
    for block in declared.blocks:
        for live_block in live.blocks:
            _compare(block, live_block, remembered, found)
        found.missing += block.rows.keys() - live.index.keys()
    return found


def _compare(block: Block, live: Block, remembered: Memos, found: Sifted) -> None:
    fields = block.fields
    if not set(fields) <= set(live.fields):
        found.differing += [key for key in block.rows if key in live.rows]
        return
    take = taker(live.fields, fields)
    rows = live.rows
    whole = fields == live.fields
    equal: list[str] = []
    for key, row in block.rows.items():
        other = rows.get(key)
        if other is None:
            continue
        if (other if whole else take(other)) != row:
            found.differing.append(key)
        else:
            equal.append(key)
    found.equal += len(equal)
    found.news += _news(block, equal, remembered)


def _news(block: Block, keys: list[str], remembered: Memos) -> list[str]:
    """The keys of which memory says something else or nothing. All at once first: mostly there is none."""
    stated = [dict(zip(block.fields, block.rows[key], strict=True)) for key in keys]
    texts = [remembered.get(key, UNKNOWN)[0] for key in keys]
    if encode(stated) == f"[{','.join(texts)}]":
        return []
    return [key for key, values, text in zip(keys, stated, texts, strict=True) if text != encode(values)]
