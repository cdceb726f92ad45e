"""Runs and their changes as rows, and rows as runs. Knows no statement and no transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from reconciler.model.memory import HistoryEntry, Run
from reconciler.model.ref import Ref
from reconciler.model.values import Values, from_json

RUN_FIELDS = tuple(field.name for field in fields(Run))


def run_row(run: Run) -> dict[str, Any]:
    """Column → value. The columns are named like the fields of a Run."""
    return asdict(run)


def run_from_row(row: Mapping[str, Any]) -> Run:
    """The Run in a row that may hold other columns besides."""
    return Run(**{name: row[name] for name in RUN_FIELDS})


def change_row(run: Run, seq: int, entry: HistoryEntry) -> dict[str, Any]:
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


def entry_from_row(row: Mapping[str, Any]) -> HistoryEntry:
    """The Entry in a row. What a hand has spoiled reads as nothing."""
    raw = _parsed(row["raw"])
    return HistoryEntry(
        ref=Ref(row["kind"], row["key"]),
        action=row["action"],
        before=_values(row["before"]),
        after=_values(row["after"]),
        raw=raw if isinstance(raw, dict) else None,
    )


def _values(text: str | None) -> Values | None:
    try:
        found = from_json(_parsed(text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


# One encoder for all: `json.dumps` would make one a row. Escaped to ASCII, because raw rows may hold text that a
# server's character set refuses.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else _encode(content)
