"""All declared objects of one kind against the live ones: creations, updates, and what only memory has to learn.
Knows no kind by name."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from reconciler.engine.diff import Differ, strongest
from reconciler.engine.sieve import encode, sift
from reconciler.model.change import Cause, Change, Create, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import Memo
from reconciler.model.names import folded
from reconciler.model.plan import Counts
from reconciler.model.record import Record, Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Resource, Vocabulary
from reconciler.model.values import Value, Values, from_json

LINES_UP_TO = 1_000
"""More objects than that are remembered with their file only: finding a line costs a look into the file."""

Memos = Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class Outcome:
    """What came out for one kind, or for all. `drop`: what memory is to forget."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remember: list[Memo] = field(default_factory=list)
    drop: list[Ref] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def add(self, other: Outcome) -> None:
        """Take in what came out for another kind."""
        self.changes += other.changes
        self.findings += other.findings
        self.remember += other.remember
        self.drop += other.drop
        names = [each.name for each in fields(Counts)]
        self.counts = Counts(**{name: getattr(self.counts, name) + getattr(other.counts, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One kind: `stated` as the files have it, `settled` made comparable, `live` with renames in view;
    `unnameable`: live names that are in no sheet."""

    resource: Resource
    vocabulary: Vocabulary
    differ: Differ
    stated: Sheet
    settled: Sheet
    live: Sheet
    memos: Memos
    supported: frozenset[str]
    creates: bool
    unnameable: Collection[str] = ()

    def run(self) -> Outcome:
        """Compare everything once."""
        out = Outcome()
        sifted = sift(self.settled, self.live, self.memos)
        unchanged = sifted.equal
        live_names = {folded(name): name for name in (*self.unnameable, *self.live)} if sifted.missing else {}
        for key in sorted(sifted.missing):
            for change_or_finding in self._missing(key, live_names):
                if isinstance(change_or_finding, Finding):
                    out.findings.append(change_or_finding)
                    if change_or_finding.code == "absent" and key in self.memos:
                        out.counts = replace(out.counts, lost=out.counts.lost + 1)
                else:
                    out.changes.append(change_or_finding)
                    out.remember.append(self._memo(key))
        for key in sorted(sifted.differing):
            update, memo = self._update(key), self._memo(key)
            if update is not None:
                out.changes.append(update)
                out.findings += self._released(key)
            else:
                unchanged += 1
                self._bookkeeping(out, key)
            if update is not None or self.memos.get(key, ("",))[0] != memo.stated:
                out.remember.append(memo)
        with_lines = len(sifted.news) <= LINES_UP_TO
        for key in sorted(sifted.news):
            out.remember.append(self._memo(key, with_line=with_lines))
            self._bookkeeping(out, key)
        compared = sifted.equal + len(sifted.differing)
        out.counts = replace(out.counts, compared=compared, unchanged=unchanged)
        return out

    def _missing(self, key: str, live_names: Mapping[str, str]) -> Iterator[Create | Finding]:
        ref = Ref(self.resource.kind, key)
        record = self.stated[key]
        near = live_names.get(folded(key))
        if near is not None:
            yield Finding(
                code="spelling",
                severity=Severity.LEFT_OUT,
                message=f'the live system spells it "{near}"',
                ref=ref,
                origin=record.origin,
                remedy="write the live spelling"
                + (f', or {self.resource.former_names}: ["{near}"]' if self.resource.former_names else ""),
            )
        elif not self.creates:
            by_hand = "; it was there at the last apply and was deleted by hand" if key in self.memos else ""
            yield Finding(
                code="absent",
                severity=Severity.LEFT_OUT,
                message=f"it is not live, and this target does not create a {self.resource.kind}{by_hand}",
                ref=ref,
                origin=record.origin,
                remedy="let it sign up first, or take it out of the files",
            )
        else:
            yield from self._create(record)

    def _create(self, record: Record) -> Iterator[Create | Finding]:
        stated = self.settled[record.key].values
        after: dict[str, Value] = {}
        for each in self.vocabulary.held[record.kind]:
            if each.name in stated:
                after[each.name] = stated[each.name]
            elif each.name in self.supported and each.required:
                yield Finding(
                    code="required",
                    message=f"it is needed to create the {record.kind}, which is not live yet",
                    ref=record.ref,
                    field=each.name,
                    origin=record.origin,
                    remedy=f"state {each.name}",
                    at_files=True,
                )
            elif each.name in self.supported and each.default is not None:
                after[each.name] = each.default
        yield Create(
            ref=record.ref,
            after=after,
            defaults=frozenset(after).difference(stated),
            cause=Cause.DRIFT if record.key in self.memos else Cause.CHANGE,
            origin=record.origin,
            note=self._note(record),
        )

    def _update(self, key: str) -> Update | None:
        declared = self.settled[key]
        live = self.live[key].values
        deltas = tuple(self.differ.deltas(declared, live, self._remembered(key)))
        if not deltas:
            return None
        changed = {delta.name: delta.before for delta in deltas}
        before = {name: changed.get(name, value) for name, value in declared.values.items()}
        return Update(
            ref=declared.ref,
            before={name: value for name, value in before.items() if value is not None},
            after=dict(declared.values),
            fields=deltas,
            cause=strongest(deltas),
            origin=declared.origin,
            note=self._note(self.stated[key]),
        )

    def _bookkeeping(self, out: Outcome, key: str) -> None:
        """Count what memory learns about an object that needs no change (RULES 5)."""
        known = self._remembered(key)
        stated = self._stated_names(key)
        if known is None or not stated <= known.keys():
            out.counts = replace(out.counts, adopted=out.counts.adopted + 1)
        if known is not None and not known.keys() <= stated:
            out.counts = replace(out.counts, released=out.counts.released + 1)
            out.findings += self._released(key)

    def _released(self, key: str) -> Iterator[Finding]:
        known = self._remembered(key) or {}
        for name in sorted(known.keys() - self._stated_names(key)):
            yield Finding(
                code="released",
                severity=Severity.NOTE,
                message="taken out of the file; the live value stays and is no longer managed",
                ref=Ref(self.resource.kind, key),
                field=name,
                origin=Origin(self.settled.index[key].place),
            )

    def _stated_names(self, key: str) -> frozenset[str]:
        return frozenset(self.settled.index[key].fields)

    def _remembered(self, key: str) -> Values | None:
        memo = self.memos.get(key)
        return stated_values(memo[0]) if memo is not None else None

    def _memo(self, key: str, *, with_line: bool = True) -> Memo:
        block = self.settled.index[key]
        stated = encode(dict(zip(block.fields, block.rows[key], strict=True)))
        origin = self.settled[key].origin if with_line else Origin(block.place)
        return Memo(Ref(self.resource.kind, key), stated, origin)

    def _note(self, record: Record) -> str:
        return str(record.values.get(self.resource.note, ""))


def stated_values(text: str) -> dict[str, Value]:
    """What memory's canonical JSON says; nothing for a text that a hand has spoiled."""
    try:
        found = from_json(json.loads(text))
    except ValueError:
        return {}
    return dict(found) if isinstance(found, Mapping) else {}
