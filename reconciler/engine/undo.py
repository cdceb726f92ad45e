"""One entry of history → the change that takes it back, or why it cannot be. What was changed since the run is left as
it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.engine.diff import Differ
from reconciler.engine.effect import effect, worst
from reconciler.engine.renames import with_new_names
from reconciler.engine.verify import differences, live_value_text, shared
from reconciler.engine.write import among, member_count
from reconciler.model.change import (
    Cause,
    Change,
    Create,
    Delete,
    Effect,
    FieldDelta,
    Forget,
    Members,
    Operation,
    Reassign,
    Update,
)
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import HistoryEntry
from reconciler.model.names import folded
from reconciler.model.record import Record, Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Field, Names, Removal, Vocabulary
from reconciler.model.values import HIDDEN, Value, Values, same

UndoResult: TypeAlias = Change | Finding
NOWHERE = Origin("history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """`live`: as it is once `names` (kind → name of now → name of then) are given back; `managed`: what memory has, and
    whether it is as the run left it; `members`: who is on what, under the names of now; `supports`, `creates`: as the
    target says."""

    vocabulary: Vocabulary
    live: Mapping[str, Sheet]
    names: Mapping[str, Mapping[str, str]]
    managed: Mapping[Ref, bool]
    members: Mapping[Ref, Members]
    supports: Mapping[str, frozenset[str]]
    creates: frozenset[str]

    def changes(self, entry: HistoryEntry) -> Iterator[UndoResult]:
        """What takes the entry back, effects not known yet (see `judged`); nothing where it is back already."""
        ref = self.ref_of(entry.ref)
        was, wrote = self._then(ref.kind, entry.before), self._then(ref.kind, entry.after)
        needed: dict[str, Values | None] = {
            Operation.CREATE: entry.after,
            Operation.DELETE: entry.before,
            Operation.REASSIGN: entry.after,
        }
        if entry.action in needed and needed[entry.action] is None:  # a hand was in the history
            yield not_revertible(ref, "history does not say what was done", Severity.LEFT_OUT)
            return
        match entry.action:
            case Operation.UPDATE:
                yield from self._update(ref, was, wrote)
            case Operation.CREATE:
                yield from self._create(ref, wrote)
            case Operation.DELETE:
                yield from self._delete(ref, was, entry)
            case Operation.REASSIGN:
                yield from self._reassign(ref, wrote, entry)
            case _:
                pass  # renames come first, and memory comes by itself

    def ref_of(self, ref: Ref) -> Ref:
        """The object under the name that it has after the revert."""
        return Ref(ref.kind, self.names.get(ref.kind, {}).get(ref.key, ref.key))

    def judged(self, change: Change, differ: Differ) -> Change:
        """An update with the effects and single items of its fields: they need all the other changes."""
        if not isinstance(change, Update):
            return change
        record = Record(kind=change.ref.kind, key=change.ref.key, values=change.after, origin=NOWHERE)
        fields = self.vocabulary.fields[change.ref.kind]
        return replace(
            change, fields=tuple(_judged(delta, fields[delta.name], record, differ) for delta in change.fields)
        )

    def _then(self, kind: str, values: Values | None) -> Values:
        pairs = {field.name: self.names.get(ref.kind, {}) for field, ref in self.vocabulary.references[kind]}
        return with_new_names(values or {}, pairs)

    def _values(self, ref: Ref) -> Values | None:
        sheet = self.live.get(ref.kind)
        return sheet.values_of(ref.key) if sheet is not None and ref.key in sheet else None

    def _update(self, ref: Ref, was: Values, wrote: Values) -> Iterator[UndoResult]:
        live = self._values(ref)
        if live is None:
            yield moved_on(ref, "it is not live any more")
            return
        deltas: list[FieldDelta] = []
        moved: list[str] = []
        for name in sorted(was.keys() | wrote.keys()):
            declared = self.vocabulary.fields[ref.kind].get(name)
            if declared is None or name not in self.supports.get(ref.kind, ()):
                moved.append(f"{name}: the target has no place for it any more")
                continue
            before, after = wrote.get(name), was.get(name)
            now = _as_far_as(declared, live.get(name), before, after)
            if same(now, before):
                deltas.append(FieldDelta(name=name, before=now, after=after, cause=Cause.CHANGE, effect=Effect.UNKNOWN))
            elif not same(now, after):
                then = f"before the run {live_value_text(after)}"
                moved.append(
                    f"{name}: the run wrote {live_value_text(before)}, live now {live_value_text(now)}, {then}"
                )
        if moved:
            yield moved_on(ref, "; ".join(moved))
        elif deltas:
            yield Update(
                ref=ref,
                before={delta.name: delta.before for delta in deltas if delta.before is not None},
                after={delta.name: delta.after for delta in deltas if delta.after is not None},
                fields=tuple(deltas),
                cause=Cause.CHANGE,
            )

    def _create(self, ref: Ref, wrote: Values) -> Iterator[UndoResult]:
        live = self._values(ref)
        if live is None:
            return
        if self.vocabulary[ref.kind].removal is not Removal.DELETE:
            if self.managed.get(ref):
                yield not_revertible(ref, f"it stays: no {ref.kind} is ever deleted; it is only no longer managed")
                yield Forget(ref=ref, before=live)
            elif ref in self.managed:
                yield moved_on(ref, "a later run manages it")
            return
        moved = [
            f"{name}: the run wrote {live_value_text(value)}, live now {live_value_text(now)}"
            for name, now, value in differences(ref.kind, live, wrote, self.vocabulary)
        ]
        yield moved_on(ref, "; ".join(moved)) if moved else Delete(ref=ref, before=live, stated=True)

    def _delete(self, ref: Ref, was: Values, entry: HistoryEntry) -> Iterator[UndoResult]:
        live = self._values(ref)
        if live is not None:
            if any(differences(ref.kind, live, was, self.vocabulary)):
                yield moved_on(ref, "it is live again, and not as it was")
            return
        near = [name for name in self.live.get(ref.kind, ()) if folded(name) == folded(ref.key)]
        if near:
            yield moved_on(ref, f'"{near[0]}" is live now')
        elif ref.kind not in self.creates:
            yield not_revertible(ref, f"this target does not create a {ref.kind}", Severity.LEFT_OUT)
        else:
            held = self.vocabulary.held[ref.kind]
            defaults = frozenset(f.name for f in held if f.name in was and same(was[f.name], f.default))
            yield Create(ref=ref, after=_without_secrets(was), defaults=defaults, raw=entry.raw or {})

    def _reassign(self, ref: Ref, wrote: Values, entry: HistoryEntry) -> Iterator[UndoResult]:
        destination = Ref(ref.kind, str(wrote.get("to", "")))
        there = self.ref_of(destination)
        known = (entry.raw or {}).get("members")
        if not isinstance(known, Mapping):
            if wrote.get("moved"):
                yield not_revertible(ref, "history does not say who was moved", Severity.WARNING)
            return
        staying, back = among(self.members.get(destination, {}), known), among(self.members.get(entry.ref, {}), known)
        gone = member_count(known) - member_count(staying) - member_count(back)
        if gone:
            message = f"{gone:,} of the users moved to {there.key} are not on it any more; they stay where they are"
            yield replace(moved_on(ref, message), severity=Severity.WARNING, remedy="")
        if staying:
            yield Reassign(ref=there, to=ref.key, expected=member_count(staying), members=staying)


def moved_on(ref: Ref, message: str) -> Finding:
    """Somebody changed it since the run; it is left as it is."""
    return Finding(
        code="moved-on",
        severity=Severity.LEFT_OUT,
        message=message,
        ref=ref,
        remedy="change it in the files, or revert the later run first",
    )


def not_revertible(ref: Ref, message: str, severity: Severity = Severity.NOTE) -> Finding:
    """It cannot be taken back."""
    return Finding(code="not-revertible", severity=severity, message=message, ref=ref)


def _judged(delta: FieldDelta, declared: Field, record: Record, differ: Differ) -> FieldDelta:
    items = differ.items(record, declared, delta.before, delta.after) if delta.after is not None else ()
    if items and not isinstance(declared.type, Names):
        judged = worst(item.effect for item in items)
    else:
        judged = effect(declared, delta.before, delta.after, differ.compare)
    return replace(delta, items=items, effect=judged)


def _as_far_as(declared: Field, live: Value | None, *known: Value | None) -> Value | None:
    """The live value; of a map that is not owned whole, the names that the run speaks of."""
    if not shared(declared) or not isinstance(live, Mapping):
        return live
    names = {name for value in known if isinstance(value, Mapping) for name in value}
    return {name: live[name] for name in sorted(names) if name in live}


def _without_secrets(was: Values) -> dict[str, Value]:
    """What can be written again: of a secret nobody knows more than that there was one (docs/rules.md#rule-40)."""
    return {
        name: {inner: each for inner, each in value.items() if each != HIDDEN} if isinstance(value, Mapping) else value
        for name, value in was.items()
    }
