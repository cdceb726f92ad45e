"""What many applies at once left behind, judged by what history says of them: as if one had come after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reconciler.engine.verify import differences
from reconciler.kinds import KINDS
from reconciler.model.memory import MEMORY, HistoryEntry
from reconciler.model.ref import Ref
from reconciler.model.values import Value
from tests.support.esp import Esp

World = dict[Ref, dict[str, Value]]

UNDER_LOCK = ("proving that nothing moved", "writing", "reading back", "committing")
"""Phases that begin while the lock is held."""


def world(esp: Esp) -> World:
    """All live objects."""
    with esp.site().target.reader() as reader:
        sheets = reader.snapshot().sheets
        return {Ref(kind, key): sheet.values_of(key) for kind, sheet in sheets.items() for key in sheet}


@dataclass(frozen=True, slots=True)
class Past:
    """What history holds of a run."""

    outcome: str
    entries: Sequence[HistoryEntry]


def past(esp: Esp, runs: Sequence[str]) -> dict[str, Past]:
    """Of these runs; those that were not announced are missing."""
    site = esp.site()
    with site.target.reader() as reader:
        rows = site.memory.runs(reader.session, site.project, 50)
        found = {row.run.id: row.outcome for row in rows if row.run.id in runs}
        return {run: Past(found[run], site.memory.entries(reader.session, run)) for run in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`answers`: what each process said (see `many_appliers`); `past`: what history says of its run."""

    before: World
    after: World
    answers: Sequence[Mapping[str, Any]]
    past: Mapping[str, Past]

    def wrongs(self) -> Iterator[str]:
        """Everything that would not be so if they had come one after the other."""
        yield from self._interleaved()
        yield from self._losers()
        yield from self._chain()

    def _interleaved(self) -> Iterator[str]:
        """Two that held the lock at the same time."""
        spans = sorted(span for answer in self.answers for span in held(answer["events"]))
        for (_, ended), (began, _) in pairwise(spans):
            if began < ended:
                yield "two were at work at the same time"

    def _losers(self) -> Iterator[str]:
        """Who did not end well must have left nothing, and must have been told why."""
        for answer in self.answers:
            found = self.past.get(answer["run"], Past("", ()))
            if (found.outcome == "done") is not (answer["code"] == 0):
                yield f"exit {answer['code']}, and history says {found.outcome}: {answer['said']}"
            if answer["code"] not in (0, 4, 5):
                yield f"exit {answer['code']}: {answer['said']}"
            recorded = [entry for entry in found.entries if entry.action != MEMORY]
            if len(recorded) != answer["done"] or (answer["code"] and found.entries):
                yield f"exit {answer['code']} after {answer['done']} changes, history holds {len(recorded)}"

    def _chain(self) -> Iterator[str]:
        """Each run found what the one before it left, and the last one's is what is there."""
        ended = {answer["run"]: answer["events"][-1][1] for answer in self.answers if answer["code"] == 0}
        state = {ref: dict(values) for ref, values in self.before.items()}
        for run in sorted(ended, key=ended.__getitem__):
            for entry in self.past[run].entries:
                if entry.action != MEMORY:
                    yield from followed(state, entry)
        for ref in sorted(state.keys() ^ self.after.keys()):
            yield f"{ref} is there or is not, against what history says"
        for ref in state.keys() & self.after.keys():
            for name, now, said in differences(ref.kind, self.after[ref], state[ref], KINDS):
                yield f"{ref} {name}: history ends with {said}, live is {now}"


def held(events: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    """From when to when a process held the lock for sure, once for each time that it began."""
    spans: list[tuple[int, int]] = []
    for phase, moment in events:
        if phase == UNDER_LOCK[0]:
            spans.append((moment, moment))
        elif phase in UNDER_LOCK:
            spans[-1] = (spans[-1][0], moment)
    return spans


def followed(state: World, entry: HistoryEntry) -> Iterator[str]:
    """Do to `state` what the entry says, and tell what it took for granted and is not so."""
    found, ref = state.get(entry.ref), entry.ref
    if (found is None) is not (entry.before is None):
        yield f"{entry.action} of {ref}, which {'is not there' if found is None else 'is there'}"
    for name, now, thought in differences(ref.kind, found or {}, entry.before or {}, KINDS):
        yield f"{entry.action} of {ref} {name}: from {thought}, its predecessor left {now}"
    match entry.action:
        case "delete":
            state.pop(ref, None)
        case "create" | "update":
            state[ref] = {**(found or {}), **(entry.after or {})}
        case other:
            raise AssertionError(f"no file of these rounds asks for a {other}")
