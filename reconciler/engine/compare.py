"""All declared objects of one kind against the live ones: creations, updates, and what only memory has to learn.

Terms

- **Stated**: what a file says of an object. **Settled**: the same made comparable: what no system holds is taken off,
  wildcards are names. **Live**: the row of now, under its new name where this plan renames it.
- **Remembered** (a memo): what the last apply settled. It tells a change in git from one in the database.
- A field is **released** when memory has it and the file no longer does: the live value stays. It is **cleared** when
  it can mean nothing beside what the file states now, such as where a quota moves to once it moves nobody
  (docs/rules.md#rule-7).
- An object is **left out** when nobody can say what is meant: it is live under another spelling (docs/rules.md#rule-2),
  a name that it would be given belongs to several live things, its live state is a word that we do not know.

Premise

- Most objects equal their live row. So packed rows are compared whole, a block at a time, and only what differs becomes
  a Record. A hundred thousand tenants without a difference make no object.
- Only stated fields are compared. What no file states is not ours.
- What is left out stops nothing else.

Pseudo-code

    find_differing: settled rows against live rows → missing, differing, equal; of the equal, those that memory
                    knows otherwise (news)
    missing:    live under another spelling, or the name is taken     → left out
                the target creates none                               → absent
                else                                                  → Create
    differing:  a live state that is no word of ours                  → left out
                moved by the application itself                       → a note, and left alone
                fields that differ, fields that are cleared           → Update
    news:       nothing to write; memory learns
    ambiguous_names: changes that would give out a name of several things are taken out again
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from reconciler.engine.diff import Differ, strongest
from reconciler.engine.inputs import Inputs
from reconciler.engine.states import value_in
from reconciler.model.change import Cause, Change, Create, Effect, FieldDelta, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import Memo
from reconciler.model.names import folded
from reconciler.model.plan import Counts
from reconciler.model.record import Block, Record, Row, Sheet, taker
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Choice, Names, Resource, Vocabulary
from reconciler.model.values import Value, Values, from_json

Memos = Mapping[str, tuple[str, str]]
NO_MEMO = ("", "")
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
    texts = [remembered.get(key, NO_MEMO)[0] for key in equal]
    # What is in order already is not sorted again: where it is not, each object is.
    if _encode_as_it_is(stated) == f"[{','.join(texts)}]":
        return []
    return [key for key, values, text in zip(equal, stated, texts, strict=True) if text != encode(values)]


def wrong_spelling(resource: Resource, record: Record, near: str) -> Finding:
    """The complaint about a declared object whose live name is `near`."""
    former = f', or {resource.former_names}: ["{near}"]' if resource.former_names else ""
    return Finding(
        code="spelling",
        severity=Severity.LEFT_OUT,
        message=f'the live system spells it "{near}"',
        ref=record.ref,
        origin=record.origin,
        remedy=f"write the live spelling{former}",
    )


def cleared_fields(
    declared: Record, live: Values, remembered: Values | None, vocabulary: Vocabulary
) -> Iterator[FieldDelta]:
    """A FieldDelta for each field that this project wrote and that goes with a value which the file now denies."""
    for each in vocabulary.held[declared.kind]:
        if each.only_with is None or each.name in declared.values or each.name not in (remembered or {}):
            continue
        partner, wanted = each.only_with
        stated = declared.values.get(partner)
        if stated is not None and stated != wanted and live.get(each.name) is not None:
            yield FieldDelta(
                name=each.name,
                before=live[each.name],
                after=None,
                cause=Cause.CHANGE,
                effect=Effect.NEUTRAL,
                origin=declared.where(partner),
            )


LINES_UP_TO = 1_000
"""More objects than that are remembered with their file only: finding a line costs a look into the file."""


@dataclass(slots=True)
class Compared:
    """What came out for one kind, or for all. `drop`: what memory is to forget."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remember: list[Memo] = field(default_factory=list)
    drop: list[Ref] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def add(self, other: Compared) -> None:
        """Take in what came out for another kind."""
        self.changes += other.changes
        self.findings += other.findings
        self.remember += other.remember
        self.drop += other.drop
        names = [each.name for each in fields(Counts)]
        self.counts = Counts(**{name: getattr(self.counts, name) + getattr(other.counts, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One kind."""

    inputs: Inputs
    kind: str
    settled: Sheet
    """What the files state, made comparable."""
    live: Sheet
    """With renames in view."""
    memos: Memos
    differ: Differ

    @cached_property
    def resource(self) -> Resource:
        """The declaration of the kind."""
        return self.inputs.vocabulary[self.kind]

    @cached_property
    def stated(self) -> Sheet:
        """As the files have it."""
        return self.inputs.stated(self.kind)

    @cached_property
    def taken(self) -> frozenset[str]:
        """Names, folded, that nobody can be created under."""
        return frozenset(map(folded, self.inputs.snapshot.taken.get(self.kind, ())))

    def run(self) -> Compared:
        """Compare everything once."""
        out = Compared()
        sifted = find_differing(self.settled, self.live, self.memos)
        out.counts = Counts(compared=sifted.equal + len(sifted.differing), unchanged=sifted.equal)
        live_names = (
            {folded(name): name for name in (*self.inputs.snapshot.unnameable.get(self.kind, ()), *self.live)}
            if sifted.missing
            else {}
        )
        for record in self._records(self.stated, sifted.missing):
            self._arrive(out, record, live_names)
        for record in self._records(self.settled, sifted.differing):
            self._differ(out, record)
        for record in self._records(self.settled, sifted.news):
            out.remember.append(self._memo(record))
            self._bookkeeping(out, record)
        return out

    def _records(self, sheet: Sheet, keys: list[str]) -> Iterator[Record]:
        lines = len(keys) <= LINES_UP_TO
        return (sheet.record(key, lines=lines) for key in sorted(keys))

    def _arrive(self, out: Compared, record: Record, live_names: Mapping[str, str]) -> None:
        for found in self._missing(record, live_names):
            if isinstance(found, Finding):
                out.findings.append(found)
                if found.code == "absent" and record.key in self.memos:
                    out.counts = replace(out.counts, lost=out.counts.lost + 1)
            else:
                out.changes.append(found)
                out.remember.append(self._memo(record))

    def _differ(self, out: Compared, record: Record) -> None:
        strange = tuple(self._foreign_state(record))
        if strange:
            out.findings += strange
            return
        memo = self._memo(record)
        moved = tuple(self._moved_by_application(record))
        out.findings += moved
        update = self._update(_apart_from(record, {finding.field for finding in moved}))
        if update is not None:
            out.changes.append(update)
            cleared = {delta.name for delta in update.fields if delta.after is None}
            out.findings += (found for found in self._released(record) if found.field not in cleared)
        else:
            out.counts = replace(out.counts, unchanged=out.counts.unchanged + 1)
            self._bookkeeping(out, record)
        if update is not None or self.memos.get(record.key, NO_MEMO)[0] != memo.stated:
            out.remember.append(memo)

    def _missing(self, record: Record, live_names: Mapping[str, str]) -> Iterator[Create | Finding]:
        near = live_names.get(folded(record.key))
        if near is not None:
            yield wrong_spelling(self.resource, record, near)
        elif folded(record.key) in self.taken:
            yield Finding(
                code="left-out",
                severity=Severity.LEFT_OUT,
                message="the live system has this name on a deleted account or a sub-account",
                ref=record.ref,
                origin=record.origin,
                remedy="restore or purge that account first, or take this out of the files",
            )
        elif self.kind not in self.inputs.target.creates:
            by_hand = "; it was there at the last apply and was deleted by hand" if record.key in self.memos else ""
            yield Finding(
                code="absent",
                severity=Severity.LEFT_OUT,
                message=f"it is not live, and this target does not create a {self.resource.kind}{by_hand}",
                ref=record.ref,
                origin=record.origin,
                remedy="let it sign up first, or take it out of the files",
            )
        else:
            yield from self._create(record)

    def _create(self, record: Record) -> Iterator[Create | Finding]:
        stated = self._settled(record)
        after: dict[str, Value] = {}
        for each in self.inputs.vocabulary.held[record.kind]:
            if each.name in stated:
                after[each.name] = stated[each.name]
            elif each.name in self.inputs.target.supports[self.kind] and each.required:
                yield Finding(
                    code="required",
                    message=f"it is needed to create the {record.kind}, which is not live yet",
                    ref=record.ref,
                    field=each.name,
                    origin=record.origin,
                    remedy=f"state {each.name}",
                    at_files=True,
                )
            elif each.name in self.inputs.target.supports[self.kind] and each.default is not None:
                after[each.name] = each.default
        yield Create(
            ref=record.ref,
            after=after,
            defaults=frozenset(after).difference(stated),
            cause=Cause.DRIFT if record.key in self.memos else Cause.CHANGE,
            origin=record.origin,
            note=self._note(record.key),
        )

    def _update(self, declared: Record) -> Update | None:
        live = self.live.values_of(declared.key)
        known = self._remembered(declared.key)
        empty = tuple(cleared_fields(declared, live, known, self.inputs.vocabulary))
        deltas = (*self.differ.deltas(declared, live, known), *empty)
        if not deltas:
            return None
        changed = {delta.name: delta.before for delta in deltas}
        before = {name: changed.get(name, value) for name, value in declared.values.items()}
        before |= {delta.name: delta.before for delta in empty}
        return Update(
            ref=declared.ref,
            before={name: value for name, value in before.items() if value is not None},
            after=dict(declared.values),
            fields=deltas,
            cause=strongest(deltas),
            origin=declared.origin,
            note=self._note(declared.key),
        )

    def _moved_by_application(self, record: Record) -> Iterator[Finding]:
        """What the live application did by its own rules is no drift, and is left as it is. Where the file has changed
        since the last apply, the file wins."""
        found = self.inputs.snapshot.wanderings.get(self.kind)
        if found is None:
            return
        wanted, live = record.values.get(found.through), self.live.values_of(record.key).get(found.through)
        if not isinstance(wanted, str) or not isinstance(live, str) or wanted == live:
            return
        if (self._remembered(record.key) or {}).get(found.through, wanted) != wanted:
            return
        if live in found.leads.get(wanted, ()):
            how = f"its quota led it from {wanted} to {live}"
        elif (given := found.given.get(record.key)) == live:
            how = f"an order gave it {live}; the file says {wanted}"
        elif given is not None and live in found.leads.get(given, ()):
            how = f"an order gave it {given}, and its quota led it on to {live}; the file says {wanted}"
        else:
            return
        yield Finding(
            code="app-moved",
            severity=Severity.NOTE,
            message=f"moved by the application: {how}",
            ref=record.ref,
            field=found.through,
            origin=record.where(found.through),
            remedy="write it into the file, or set `app_moves: revert` for this target",
        )

    def _foreign_state(self, record: Record) -> Iterator[Finding]:
        """A live word that the vocabulary does not know: the object is left out, never healed
        (docs/rules.md#rule-14)."""
        live = self.live.values_of(record.key)
        for each in self.inputs.vocabulary.held[self.resource.kind]:
            word = live.get(each.name)
            if isinstance(each.type, Choice) and word is not None and word not in each.type.words:
                yield Finding(
                    code="foreign-state",
                    severity=Severity.ERROR if "foreign-state" in self.inputs.policy.block else Severity.LEFT_OUT,
                    message=f'its live state "{word}" is none of {", ".join(each.type.words)}',
                    ref=record.ref,
                    field=each.name,
                    origin=record.origin,
                    remedy="let the system finish with it, or put it right there",
                )

    def _bookkeeping(self, out: Compared, record: Record) -> None:
        """Count what memory learns about an object that needs no change (docs/rules.md#rule-9)."""
        known = self._remembered(record.key)
        if known is None or not record.values.keys() <= known.keys():
            out.counts = replace(out.counts, adopted=out.counts.adopted + 1)
        if known is not None and not known.keys() <= record.values.keys():
            out.counts = replace(out.counts, released=out.counts.released + 1)
            out.findings += self._released(record)

    def _released(self, record: Record) -> Iterator[Finding]:
        known = self._remembered(record.key) or {}
        for name in sorted(known.keys() - record.values.keys()):
            yield Finding(
                code="released",
                severity=Severity.NOTE,
                message="taken out of the file; the live value stays and is no longer managed",
                ref=record.ref,
                field=name,
                origin=Origin(record.origin.place),
            )

    def _remembered(self, key: str) -> Values | None:
        memo = self.memos.get(key)
        return stated_values(memo[0]) if memo is not None else None

    def _memo(self, record: Record) -> Memo:
        return Memo(record.ref, encode(self._settled(record)), record.origin)

    def _settled(self, record: Record) -> Values:
        """Its comparable values. Where settling took nothing from its file, they are in the Record already."""
        same_block = self.settled.index[record.key] is self.stated.index.get(record.key)
        return record.values if same_block else self.settled.values_of(record.key)

    def _note(self, key: str) -> str:
        note = value_in(self.stated, key, self.resource.note)
        return note if isinstance(note, str) else ""


def _apart_from(record: Record, names: Collection[str]) -> Record:
    if not names:
        return record
    return replace(record, values={name: value for name, value in record.values.items() if name not in names})


def stated_values(text: str) -> dict[str, Value]:
    """What memory's canonical JSON says; nothing for a text that a hand has spoiled."""
    try:
        found = from_json(json.loads(text))
    except (ValueError, RecursionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def ambiguous_names(out: Compared, unclear: Mapping[str, frozenset[str]], vocabulary: Vocabulary) -> None:
    """Take such changes out of an outcome. `unclear`: catalogue → the names that several things have. What is assigned
    already stays meant."""
    if not unclear:
        return
    found = {change.ref: list(_complaints(change, unclear, vocabulary)) for change in out.changes}
    gone = {ref for ref, complaints in found.items() if complaints}
    out.changes = [change for change in out.changes if change.ref not in gone]
    out.remember = [memo for memo in out.remember if memo.ref not in gone]
    out.findings += [complaint for complaints in found.values() for complaint in complaints]


def _complaints(change: Change, unclear: Mapping[str, frozenset[str]], vocabulary: Vocabulary) -> Iterator[Finding]:
    if not isinstance(change, (Create, Update)):
        return
    for each in vocabulary.held[change.ref.kind]:
        new = change.after.get(each.name)
        old = change.before.get(each.name) if isinstance(change, Update) else None
        if isinstance(each.type, Names) and isinstance(new, tuple):
            fresh = set(new) - set(old if isinstance(old, tuple) else ())
            for name in sorted(fresh & unclear.get(each.type.catalogue, frozenset())):
                what = each.type.catalogue.replace("_", " ")
                yield Finding(
                    code="left-out",
                    severity=Severity.LEFT_OUT,
                    message=f'there are several of {what} "{name}" in the live system',
                    ref=change.ref,
                    field=each.name,
                    origin=change.origin,
                    remedy="rename all but one of them there",
                )
