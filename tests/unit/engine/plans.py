"""Scenes for the engine: three dicts in, a plan out. No database, no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.inputs import Inputs
from reconciler.engine.planner import complete, draft
from reconciler.kinds import KINDS
from reconciler.model.change import Change
from reconciler.model.facts import Desired, Facts, Snapshot
from reconciler.model.finding import Finding
from reconciler.model.memory import Remembered
from reconciler.model.plan import Allowance, Plan, Policy, Source
from reconciler.model.record import Record, Sheet, sheet_of
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value, canonical

Objects = Mapping[str, Mapping[str, Any]]


@dataclass
class Everything:
    """A target that holds every field of every kind."""

    name: str = "test"
    type: str = "test"
    supports: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {kind: frozenset(f.name for f in fields) for kind, fields in KINDS.held.items()}
    )
    creates: frozenset[str] = frozenset(KINDS.kinds)


def with_defaults(kind: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """A live row: every field, those not given at their default."""
    defaults = {f.name: f.default for f in KINDS.held[kind] if f.default is not None}
    extra: dict[str, Value] = {"overrides": {}} if kind == "tenant" else {}
    return {**defaults, **extra, **values}


def sheets(objects: Objects, place: str, *, live: bool) -> dict[str, Sheet]:
    """kind → Sheet out of `{"package/Growth": {field: value}}`; file objects get lines 10, 20, …"""
    records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS.kinds}
    for number, (name, values) in enumerate(objects.items(), start=1):
        ref = Ref.parse(name)
        line = None if live else number * 10
        records[ref.kind][ref.key] = Record(
            kind=ref.kind,
            key=ref.key,
            values=with_defaults(ref.kind, values) if live else values,
            origin=Origin(place if live else f"{KINDS[ref.kind].folder}/all.yaml", line),
            lines={} if live else {each: number * 10 + i for i, each in enumerate(values, start=1)},
        )
    return {kind: sheet_of(kind, of_kind) for kind, of_kind in records.items()}


def plan_of(
    files: Objects,
    live: Objects,
    memory: Objects | None = None,
    *,
    facts: Facts | None = None,
    policy: Policy | None = None,
    target: Everything | None = None,
    allow: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    catalogues: Mapping[str, frozenset[str]] | None = None,
    twins: Mapping[str, tuple[tuple[str, ...], ...]] | None = None,
    foreign: Mapping[Ref, str] | None = None,
    finished: bool = True,
) -> Plan:
    """The whole planner over three dicts."""
    objects: dict[str, dict[str, tuple[str, str]]] = {kind: {} for kind in KINDS.kinds}
    for name, values in (memory or {}).items():
        ref = Ref.parse(name)
        objects[ref.kind][ref.key] = (canonical(values), f"{KINDS[ref.kind].folder}/old.yaml:1")
    made = draft(
        Inputs(
            desired=Desired(sheets=sheets(files, "", live=False)),
            snapshot=Snapshot(sheets(live, "live", live=True), catalogues or {}, twins or {}),
            remembered=Remembered(objects=objects, foreign=foreign or {}, finished=finished, tables=True),
            vocabulary=KINDS,
            target=target or Everything(),
            project="test",
            policy=policy or Policy(max_change_percent=100),
            only=only,
        )
    )
    return complete(
        made, facts or Facts(), source=Source(), allowances=tuple(Allowance(code=c, reason="because") for c in allow)
    )


def found(plan: Plan, code: str) -> list[Finding]:
    return [finding for finding in plan.findings if finding.code == code]


def change(plan: Plan, name: str) -> Change:
    (only,) = [each for each in plan.changes if str(each.ref) == name]
    return only
