"""Packed rows in, the keys worth a look out: what equals its live row never becomes an object. Knows only tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.record import Block, Row, Sheet, taker

Memos = Mapping[str, tuple[str, str]]
UNKNOWN = ("", "")
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_encode_as_it_is = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


@dataclass(slots=True)
class Differing:
    """`missing`: declared, not live; `differing`: another live value (or one that has to be looked at);
    `news`: equal, but memory says something else or nothing."""

    missing: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    equal: int = 0


def find_differing(declared: Sheet, live: Sheet, remembered: Memos) -> Differing:
    """Sort the declared keys of one kind by what has to be done with them."""
    found = Differing()
    for block in declared.blocks:
        met = sum([_compare(block, live_block, remembered, found) for live_block in live.blocks])
        if met < len(block.rows):
            found.missing += [key for key in block.rows if key not in live]
    return found


def _compare(block: Block, live: Block, remembered: Memos, found: Differing) -> int:
    """How many keys of the block are in the live one. All rows at once first: mostly they are equal."""
    fields, rows = block.fields, live.rows
    here = block.rows if block.rows.keys() <= rows.keys() else {k: row for k, row in block.rows.items() if k in rows}
    if not set(fields) <= set(live.fields):
        found.differing += here
        return len(here)
    others = map(rows.__getitem__, here)
    seen = list(others if fields == live.fields else map(taker(live.fields, fields), others))
    if seen == list(here.values()):
        equal = here
    else:
        pairs = zip(here.items(), seen, strict=True)
        equal = {key: row for (key, row), other in pairs if row == other}
        found.differing += [key for key in here if key not in equal]
    found.equal += len(equal)
    found.news += _news(fields, equal, remembered)
    return len(here)


def _news(fields: tuple[str, ...], equal: Mapping[str, Row], remembered: Memos) -> list[str]:
    """The keys of which memory says something else or nothing. All at once first: mostly there is none."""
    stated = [dict(zip(fields, row, strict=True)) for row in equal.values()]
    texts = [remembered.get(key, UNKNOWN)[0] for key in equal]
    # What is in order already is not sorted again: where it is not, each object is.
    if _encode_as_it_is(stated) == f"[{','.join(texts)}]":
        return []
    return [key for key, values, text in zip(equal, stated, texts, strict=True) if text != encode(values)]
