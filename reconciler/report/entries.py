"""Changes and findings → entries: what is said about each.

Fields that differ → rows: `sending.daily_limit inherit (25,000) → 40,000`, `permissions + contacts.import`.

Whom the change of one limit hits, for a reviewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reconciler.model.change import (
    Cause,
    Change,
    Create,
    Delete,
    Effect,
    FieldDelta,
    Forget,
    ItemDelta,
    Reassign,
    Rename,
    Update,
)
from reconciler.model.finding import Finding
from reconciler.model.plan import Impact
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Field, FieldType, Names, Overrides, Vocabulary
from reconciler.model.values import Value
from reconciler.report.layout import WIDTH, Detail, Entry, Line, Row
from reconciler.report.masking import OPEN, Masking
from reconciler.report.sections import UNDONE
from reconciler.report.words import counted, inherited, listed_lines, movement, percentage, value, wrapped

_MOST_ITEMS = 100


def rows_of(delta: FieldDelta, sort: FieldType | None) -> Iterator[Row]:
    """A row for the field, or one for each item of a set, a map or the overrides that differs.

    `sort`: the type of the field; None where the vocabulary does not have it.
    """
    undone = delta.cause in UNDONE
    if not delta.items:
        yield Row(delta.name, _drifted(delta, sort) if undone else movement(delta.before, delta.after, sort))
        return
    for item in delta.items[:_MOST_ITEMS]:
        if isinstance(sort, Overrides):
            yield Row(item.item, _override_drifted(item) if undone else _override(item))
        else:
            yield Row(delta.name, _item_drifted(item, sort) if undone else _item(item, sort))
    if len(delta.items) > _MOST_ITEMS:
        yield Row(delta.name, f"{len(delta.items) - _MOST_ITEMS:,} more")
    if delta.cause is Cause.CONFLICT:
        yield Row(delta.name, f"conflict: git wins; the last apply wrote {value(delta.remembered, sort)}")


def _drifted(delta: FieldDelta, sort: FieldType | None) -> str:
    words = [f"git {value(delta.after, sort)}", f"database {value(delta.before, sort)}"]
    if delta.cause is Cause.CONFLICT:
        words += [f"last apply {value(delta.remembered, sort)}", "conflict: git wins"]
    return " · ".join(words) + _less(delta)


def _override(item: ItemDelta) -> str:
    before, after = inherited(item.before, item.inherited), inherited(item.after, item.inherited)
    return f"{before} → {after}{percentage(item.before, item.after)}"


def _override_drifted(item: ItemDelta) -> str:
    git, database = inherited(item.after, item.inherited), inherited(item.before, item.inherited)
    return f"git {git} · database {database}{_less(item)}"


def _less(change: FieldDelta | ItemDelta) -> str:
    """Said where putting back what git says takes something away."""
    return f" · less service{percentage(change.before, change.after)}" if change.effect is Effect.LESS else ""


def _item(item: ItemDelta, sort: FieldType | None) -> str:
    if item.before is None:
        return f"+ {_named(item, item.after, sort)}"
    if item.after is None:
        return f"- {_named(item, item.before, sort)}"
    return f"~ {item.item}: {movement(item.before, item.after)}"


def _item_drifted(item: ItemDelta, sort: FieldType | None) -> str:
    if item.before is None:
        return f"{_named(item, item.after, sort)} · in git only"
    if item.after is None:
        return f"{_named(item, item.before, sort)} · in the database only"
    return f"{item.item}: git {value(item.after)} · database {value(item.before)}"


def _named(item: ItemDelta, held: Value | None, sort: FieldType | None) -> str:
    """An item of a set is its name; one of a map has a value besides."""
    return item.item if isinstance(sort, Names) else f"{item.item}: {value(held)}"


_FEW = 4
_NOTE_LINES = 5
_INDENT = 10
"""What a detail may be narrower than the page: its own indent, and the gap before a place."""

Placed = tuple[Line, str]
"""A line and the place it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMaker:
    """What is needed to speak about a plan. `impact`: of each object; `width`: where long enumerations are broken."""

    vocabulary: Vocabulary
    masking: Masking = OPEN
    impact: Mapping[Ref, Sequence[Impact]] = field(default_factory=dict)
    width: int = WIDTH

    def change(self, change: Change) -> Entry:
        """One change that nothing blocks."""
        lines = [*self._said(change), *_explained(change), *self._noted(change)]
        return self._entry(self._marker(change), change.ref, lines)

    def drift(self, change: Change) -> Entry:
        """The drift of one object alone; what git asks for besides is left out."""
        lines = [*(self._fields(change, drift_only=True) if isinstance(change, Update) else self._said(change))]
        return self._entry("!", change.ref, lines)

    def blocked(self, changes: Sequence[Change], findings: Sequence[Finding]) -> Entry:
        """All that blocks one object, then what would have been done with it. Neither may be empty."""
        lines: list[Placed] = []
        for finding in findings:
            lines += self._complaint(finding, changes[-1].operation.todo, changes)
        for change in changes:
            lines += [] if isinstance(change, Delete | Forget) else self._said(change)
            lines += _explained(change)
        lines += self._noted(changes[-1])
        return self._entry(changes[-1].operation.marker, changes[0].ref, lines)

    def finding(self, finding: Finding) -> Entry:
        """A complaint about no change."""
        entry = self._entry("!" if finding.blocks else " ", finding.ref, [*self._complaint(finding, "")])
        return replace(entry, count=finding.weight)

    def _entry(self, marker: str, ref: Ref | None, lines: Sequence[Placed]) -> Entry:
        return Entry(
            marker=marker,
            kind=ref.kind if ref else "",
            name=self.masking.name(ref.kind, ref.key) if ref else "",
            lines=tuple(line for line, _ in lines),
            places=tuple(place for _, place in lines),
        )

    def _marker(self, change: Change) -> str:
        if isinstance(change, Create | Update) and change.cause in UNDONE:
            return "!"
        return change.operation.marker

    def _complaint(self, finding: Finding, does: str, changes: Sequence[Change] = ()) -> Iterator[Placed]:
        said = f"{finding.field}: {finding.message}" if finding.field else finding.message
        place = _place(finding.origin, changes)
        people = [self.person(finding.ref, name) for name in finding.names]
        below = listed_lines(people, 0 if finding.is_rest else finding.more, self.width - _INDENT - len(place))
        below += [self.masking.text(finding.remedy)] if finding.remedy else []
        # The place stands beside the first line below, for the code has taken the end of the first.
        yield Row(does, self.masking.text(said), finding.code), "" if below else place
        for number, text in enumerate(below):
            yield Detail(text), "" if number else place

    def _said(self, change: Change) -> Iterator[Placed]:
        place = _place(change.origin, (change,))
        match change:
            case Create():
                yield from self._created(change)
            case Update():
                yield from self._fields(change)
            case Rename(ref=ref, old=old):
                yield Row("", f'was "{self.masking.name(ref.kind, old)}"'), place
            case Reassign(expected=expected, to=to):
                yield Row("", f"{counted(expected, 'user')} → {to}"), place
            case Delete():
                yield Row("", change.operation.todo), place
            case Forget():
                yield Row("", f"no longer managed; the live {change.ref.kind} stays as it is"), place

    def _fields(self, change: Update, *, drift_only: bool = False) -> Iterator[Placed]:
        fields = self.vocabulary.fields.get(change.ref.kind, {})
        impacts = {impact.field: impact for impact in self._impacts(change.ref)}
        for delta in change.fields:
            if drift_only and delta.cause not in UNDONE:
                continue
            declared = fields.get(delta.name)
            place = _place(delta.origin or change.origin)
            for row in rows_of(delta, declared.type if declared else None):
                yield row, place
                place = ""
                hit = impacts.pop(row.what, None)
                yield from ((Detail(text), "") for text in (self._hit(hit) if hit else ()))
        if not drift_only:
            yield from ((Detail(f"{i.field}: {text}"), "") for i in impacts.values() for text in self._hit(i))
            if change.cause is Cause.ADOPT:
                yield Detail("managed for the first time"), ""

    def _created(self, change: Create) -> Iterator[Placed]:
        held = self.vocabulary.held.get(change.ref.kind, ())
        briefs = [f"{f.brief} {_default(f, change)}" for f in held if f.brief and f.name in change.after]
        stated = [
            f"{f.name} {value(change.after[f.name], f.type)}"
            for f in held
            if not f.brief and f.name in change.after and f.name not in change.defaults
        ]
        lines = wrapped(stated, self.width - _INDENT)
        head = " · ".join(briefs) or (lines.pop(0) if len(lines) == 1 else "")
        if change.cause in UNDONE:
            yield Row("", "deleted by hand; will be created again"), _place(change.origin)
            lines = [head, *lines] if head else lines
        else:
            yield Row("", head or "new"), _place(change.origin)
        yield from ((Detail(line), "") for line in lines)
        rest = [f for f in held if f.name in change.defaults and not f.brief]
        if len(rest) > _FEW:
            yield Detail(f"default: {len(rest):,} more fields"), ""
        elif rest:
            yield Detail("default: " + " · ".join(f"{f.name} {value(change.after[f.name], f.type)}" for f in rest)), ""

    def _noted(self, change: Change) -> Iterator[Placed]:
        if not change.note:
            return
        first, *others = change.note.rstrip("\n").split("\n")
        yield Detail(f"note: {first}"), ""
        yield from ((Detail(f"      {line}"), "") for line in others[: _NOTE_LINES - 1])
        if len(others) >= _NOTE_LINES:
            yield Detail(f"      {counted(len(others) - _NOTE_LINES + 1, 'more line')}"), ""

    def _impacts(self, ref: Ref) -> Sequence[Impact]:
        return self.impact.get(ref, ())

    def _hit(self, impact: Impact) -> Iterator[str]:
        users = self.vocabulary.memberships.get(impact.ref.kind, ())
        if users:
            hit = f"{counted(impact.tenants, users[0][0])}: {impact.tenants - impact.keep:,} change"
            parts = [hit + (f", {impact.keep:,} keep an override" if impact.keep else "")]
            parts += [f"over the new limit now: {impact.over:,}"] if impact.over else []
            parts += [f"within 10 %: {impact.near:,}"] if impact.near else []
            yield " · ".join(parts)
            top = [f"{self.person(impact.ref, key)} {used:,} ({rate:,} %)" for key, used, rate in impact.top]
            yield from listed_lines(top, 0, self.width - _INDENT)
        elif impact.top:
            _, used, rate = impact.top[0]
            over = " · over the new limit now" if impact.over else ""
            yield f"in use {used:,} ({rate:,} %){over}"

    def person(self, ref: Ref | None, name: str) -> str:
        """A user named in a finding or impact about `ref`."""
        users = self.vocabulary.memberships.get(ref.kind, ()) if ref else ()
        return self.masking.name(users[0][0], name) if users else self.masking.text(name)


def _explained(change: Change) -> Iterator[Placed]:
    if isinstance(change, Create | Update):
        yield from ((Detail(told), "") for told in change.explained)


def _default(declared: Field, change: Create) -> str:
    said = value(change.after[declared.name], declared.type)
    return f"{said} (default)" if declared.name in change.defaults else said


def _place(origin: Origin | None, changes: Sequence[Change] = ()) -> str:
    """Where to look; `was …` for what no file states any more."""
    if origin is None:
        return ""
    for change in changes:
        if isinstance(change, Forget) or (isinstance(change, Delete) and not change.stated):
            return f"was {origin}"
    return str(origin)


class Affected(NamedTuple):
    """Whom the change of one field hits. `users`: how many have the object; `changed`: those who feel it."""

    field: str
    users: int
    changed: int
    over: int
    near: int
    top: tuple[tuple[str, int, int], ...]


def affected_by(impact: Impact, speaker: EntryMaker) -> Affected:
    """An impact with its people masked as the speaker masks them."""
    top = tuple((speaker.person(impact.ref, key), used, rate) for key, used, rate in impact.top)
    return Affected(impact.field, impact.tenants, impact.tenants - impact.keep, impact.over, impact.near, top)


def affected_words(hit: Affected, who: str) -> str:
    """`201 tenants: 184 change, 17 keep an override · over the new limit now: 3`."""
    keep = hit.users - hit.changed
    words = f"{counted(hit.users, who)}: {hit.changed:,} change" + (f", {keep:,} keep an override" if keep else "")
    words += f" · over the new limit now: {hit.over:,}" if hit.over else ""
    return words + (f" · within 10 %: {hit.near:,}" if hit.near else "")
