"""What was looked at → what a reviewer asks: the verdict, and for each object what changes, whom it hits, what forbids
it.

Markdown and HTML share it. Its texts are not yet safe to show: each renderer escapes for its place.

The limits that a change moves, before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from reconciler.model.change import Change, Create, Delete, Effect, ItemDelta, Operation, Reassign, Update
from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.plan import Allowance, Counts, Plan
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Limit, Overrides, Switch, Vocabulary
from reconciler.model.values import Value
from reconciler.report.entries import Affected, EntryMaker, affected_by
from reconciler.report.layout import GROUPED_FROM, Line
from reconciler.report.sections import UNDONE, Section, section_of, section_of_finding
from reconciler.report.text import speaker_of
from reconciler.report.topic import DRIFT, Frame, Topic
from reconciler.report.words import commit_said, counted


class LimitChange(NamedTuple):
    """A limit before and after. None: not known, or inherited from what is not known."""

    field: str
    before: Value | None
    after: Value | None
    effect: Effect


def limit_changes(change: Change, vocabulary: Vocabulary, *, drift: bool) -> Iterator[LimitChange]:
    """The limits among the fields that an update changes, overrides too."""
    if not isinstance(change, Update):
        return
    kind = change.ref.kind
    fields = vocabulary.fields.get(kind, {})
    for delta in change.fields:
        declared = fields.get(delta.name)
        if declared is None or (drift and delta.cause not in UNDONE):
            continue
        if isinstance(declared.type, Limit | Switch):
            yield LimitChange(delta.name, delta.before, delta.after, delta.effect)
        if isinstance(declared.type, Overrides):
            yield from _overridden(delta.items, vocabulary.overrides_of(kind, declared))


def _overridden(items: Sequence[ItemDelta], declared: Mapping[str, Field]) -> Iterator[LimitChange]:
    for item in items:
        if item.item in declared and isinstance(declared[item.item].type, Limit | Switch):
            before = item.inherited if item.before is None else item.before
            after = item.inherited if item.after is None else item.after
            yield LimitChange(item.item, before, after, item.effect)


_WIDTH = 100
"""Where long enumerations are broken."""


class Verdict(StrEnum):
    """The first thing a reviewer is told."""

    BLOCKED = "Blocked"
    REDUCES = "Reduces service"
    CHANGES = "Changes"
    DRIFT = "Drift"
    NOTHING = "No changes"
    NO_DRIFT = "No drift"
    WRONG = "Errors"
    VALID = "Valid"


@dataclass(frozen=True, slots=True)
class GuardNote:
    """A complaint about an object. `names`: whom it hits, `more` counts the rest; `blocks`: nothing may be written."""

    code: str
    message: str
    names: tuple[str, ...] = ()
    more: int = 0
    remedy: str = ""
    blocks: bool = True

    @property
    def hit(self) -> int:
        """How many it hits."""
        return len(self.names) + self.more


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object, or many that are alike, `names` and `places` then being of all of them.

    `operations` is empty where nothing would be changed and only a complaint is told. `who` is the kind of those
    affected and `affected` how many of them for one object, None where that is not known. `rest`: it only
    counts so many complaints that are not told of.
    """

    section: Section
    kind: str
    names: tuple[str, ...]
    operations: tuple[Operation, ...] = ()
    lines: tuple[Line, ...] = ()
    places: tuple[str, ...] = ()
    guards: tuple[GuardNote, ...] = ()
    hits: tuple[Affected, ...] = ()
    quotas: tuple[LimitChange, ...] = ()
    who: str = ""
    affected: int | None = None
    rest: int = 0

    @property
    def label(self) -> str:
        """`package/Growth`, or `tenant × 184`; empty where it is about no object."""
        if len(self.names) > 1:
            return f"{self.kind} × {len(self.names):,}"
        return f"{self.kind}/{self.names[0]}" if self.kind else ""

    @property
    def refused(self) -> bool:
        """Whether something forbids it."""
        return any(guard.blocks for guard in self.guards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is told. `name`: who looked; `items` in the order of the sections, then of the plan; `counts`: None where no
    live system was read."""

    name: str
    verdict: Verdict
    summary: str
    target: str
    commit: str
    only: tuple[str, ...]
    allowances: tuple[Allowance, ...]
    items: tuple[Item, ...]
    counts: Counts | None

    @property
    def changes(self) -> tuple[Item, ...]:
        """What is changed or refused; complaints that forbid nothing are not among them."""
        return tuple(item for item in self.items if item.operations or item.refused)

    @property
    def remarks(self) -> tuple[Item, ...]:
        """Complaints about what is not changed, forbidding nothing."""
        return tuple(item for item in self.items if not item.operations and not item.refused)

    @property
    def besides(self) -> str:
        """`2 left out, 1 warning`: what stands further down and must not be missed."""
        left_out, warnings = (
            sum(item.rest or len(item.names) for item in self.remarks if item.section is section)
            for section in (Section.LEFT_OUT, Section.WARNINGS)
        )
        words = [f"{left_out:,} left out"] if left_out else []
        return ", ".join(words + ([counted(warnings, "warning")] if warnings else []))


def review(topic: Topic, frame: Frame) -> Review:
    """What was looked at, for a reviewer; of drift only what moved in the database."""
    plan = topic.plan or Plan(target="", target_type="", project="")
    drift = topic.command == DRIFT
    speaker = speaker_of(plan, frame.vocabulary, masked=frame.masked and topic.plan is not None, width=_WIDTH)
    left_out = limited(found for found in plan.findings if found.severity is _LEFT_OUT)
    findings = left_out if drift else topic.findings
    items = _items(plan.drifted if drift else plan.changes, findings, speaker, drift=drift)
    ordered = sorted(_alike(items), key=lambda item: _RANK[item.section])
    source = plan.source
    return Review(
        name=f"revert of run {source.reverts}" if source.reverts else topic.command,
        verdict=_verdict(topic, ordered),
        summary=topic.verdict,
        target=plan.target,
        commit=commit_said(source),
        only=source.only,
        allowances=source.allowances,
        items=tuple(ordered),
        counts=plan.counts if topic.plan else None,
    )


_LEFT_OUT = Severity.LEFT_OUT
_RANK = {section: rank for rank, section in enumerate(Section)}


def _verdict(topic: Topic, items: Sequence[Item]) -> Verdict:
    plan = topic.plan
    if plan is None:
        return Verdict.WRONG if any(item.refused for item in items) else Verdict.VALID
    if topic.command == DRIFT:
        return Verdict.DRIFT if plan.drifted or plan.counts.lost else Verdict.NO_DRIFT
    if plan.blocked:
        return Verdict.BLOCKED
    if any(item.section is Section.REDUCES for item in items):
        return Verdict.REDUCES
    return Verdict.CHANGES if plan.changes else Verdict.NOTHING


def _items(found: Iterable[Change], findings: Iterable[Finding], speaker: EntryMaker, *, drift: bool) -> Iterator[Item]:
    """An item for each object that is changed or complained about, and for each complaint about none."""
    changes: dict[Ref, list[Change]] = {}
    for change in found:
        changes.setdefault(change.ref, []).append(change)
    about: dict[Ref, list[Finding]] = {}
    nowhere: list[Finding] = []
    for finding in findings:
        if finding.ref is None:
            nowhere.append(finding)
        else:
            about.setdefault(finding.ref, []).append(finding)
    for ref in dict.fromkeys(chain(changes, about)):
        yield _item(ref, changes.get(ref, ()), about.get(ref, ()), speaker, drift=drift)
    for finding in nowhere:
        yield Item(
            section=section_of_finding(finding),
            kind="",
            names=("",),
            guards=(_guard(finding, speaker),),
            places=_where(finding),
            rest=finding.weight if finding.is_rest else 0,
        )


def _item(
    ref: Ref, changes: Sequence[Change], findings: Sequence[Finding], speaker: EntryMaker, *, drift: bool
) -> Item:
    operations = tuple(change.operation for change in changes)
    entries = [speaker.drift(change) if drift else speaker.change(change) for change in changes]
    guards = tuple(_guard(finding, speaker) for finding in findings)
    hits = tuple(affected_by(impact, speaker) for impact in speaker.impact.get(ref, ())) if not drift else ()
    places = [place for entry in entries for place in entry.places if place]
    places += [place for finding in findings for place in _where(finding) if f"was {place}" not in places]
    who, affected = _affected(ref, changes, guards, hits, speaker.vocabulary)
    return Item(
        section=_section(changes, findings, speaker.vocabulary, drift=drift),
        kind=ref.kind,
        names=(speaker.masking.name(ref.kind, ref.key),),
        operations=operations,
        lines=_said(chain(*(entry.lines for entry in entries)), operations),
        places=tuple(dict.fromkeys(places)),
        guards=guards,
        hits=hits,
        quotas=tuple(chain(*(limit_changes(change, speaker.vocabulary, drift=drift) for change in changes))),
        who=who,
        affected=affected,
    )


def _said(lines: Iterable[Line], operations: Sequence[str]) -> tuple[Line, ...]:
    """Without what the operations say already, and each once: two changes of one object may have the same note."""
    return tuple(dict.fromkeys(line for line in lines if line.text not in operations))


def _section(changes: Sequence[Change], findings: Sequence[Finding], vocabulary: Vocabulary, *, drift: bool) -> Section:
    """The worst of its changes, or blocked; of complaints alone, the worst of these."""
    if any(finding.blocks for finding in findings):
        return Section.BLOCKED
    if drift and changes:
        return Section.DRIFT
    sections = [section_of(change, vocabulary) for change in changes] or [*map(section_of_finding, findings)]
    return min(sections, key=_RANK.__getitem__)


def _guard(finding: Finding, speaker: EntryMaker) -> GuardNote:
    said = f"{finding.field}: {finding.message}" if finding.field else finding.message
    return GuardNote(
        finding.code,
        speaker.masking.text(said),
        tuple(speaker.person(finding.ref, name) for name in finding.names),
        0 if finding.is_rest else finding.more,
        speaker.masking.text(finding.remedy),
        finding.blocks,
    )


def _where(finding: Finding) -> tuple[str, ...]:
    return (str(finding.origin),) if finding.origin else ()


def _affected(
    ref: Ref, changes: Sequence[Change], guards: Sequence[GuardNote], hits: Sequence[Affected], vocabulary: Vocabulary
) -> tuple[str, int | None]:
    """The kind of those who feel it, and how many of them: the users of the object, or the user itself."""
    users = vocabulary.memberships.get(ref.kind, ())
    refused = [guard.hit for guard in guards if guard.blocks and guard.hit]
    if users:
        moved = [change.expected for change in changes if isinstance(change, Reassign)]
        counted_for = any(isinstance(change, Create | Update | Delete) for change in changes)
        known = [hit.changed for hit in hits] + moved + refused + ([0] if counted_for else [])
        return users[0][0], max(known, default=None)
    if any(ref.kind == user for pairs in vocabulary.memberships.values() for user, _ in pairs):
        return ref.kind, 1 if changes else None
    return "user", max(refused, default=None)


def _alike(items: Iterator[Item]) -> Iterator[Item]:
    """Those that differ in name and place only as one, from a few on, where the first of them stood."""
    groups: dict[object, list[Item]] = {}
    for number, item in enumerate(items):
        # What is about no object is never alike: its text is all it has.
        groups.setdefault(replace(item, names=(), places=()) if item.kind else number, []).append(item)
    for group in groups.values():
        if len(group) < GROUPED_FROM:
            yield from group
        else:
            names = tuple(item.names[0] for item in group)
            places = tuple(dict.fromkeys(chain(*(item.places for item in group))))
            yield replace(group[0], names=names, places=places)
