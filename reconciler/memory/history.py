"""Runs and their changes as rows, and rows as runs. Knows no statement and no transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from reconciler.model.memory import Entry, Run

RUN_FIELDS = tuple(field.name for field in fields(Run))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run and how it ended. `finished` is None while it runs; `changes`: how many it recorded."""

    run: Run
    outcome: str
    finished: str | None
    changes: int


def run_row(run: Run) -> dict[str, Any]:
    """Column → value. The columns are named like the fields of a Run."""
    return asdict(run)


def run_of(row: Mapping[str, Any]) -> Run:
    """The Run in a row that may hold other columns besides."""
    return Run(**{name: row[name] for name in RUN_FIELDS})


def change_row(run: Run, seq: int, entry: Entry) -> dict[str, Any]:
    """Column → value of one change; `seq` orders the changes of a run."""
    return {
        "run": run.id,
        "seq": seq,
        "kind": entry.ref.kind,
        "key": entry.ref.key,
        "action": entry.action,
        "before": _json(entry.before),
        "after": _json(entry.after),
        "raw": _json(entry.raw),
    }


# One encoder for all: `json.dumps` would make one a row. Escaped to ASCII, because raw rows may hold text that a
# server's character set refuses.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else _encode(content)
