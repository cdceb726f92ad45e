"""Whether live rows are still what the plan saw (docs/rules.md#rule-30), and whether they hold what was written.

What an update takes away: a value that was not there before, or a name out of a map that is not owned whole. Only
reverts do it (a file that does not state a field leaves it alone).

The guards on facts once more, inside the write transaction, by locking reads (docs/rules.md#rule-31).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from reconciler.engine.diff import comparable
from reconciler.engine.guards import GUARDS, GuardInput, in_use
from reconciler.engine.limits import over_limit_severity
from reconciler.engine.needed_facts import answered, needed_facts, new_names
from reconciler.engine.states import States, planned_by
from reconciler.model.change import Change, Create, Delete, FieldDelta, Forget, Reassign, Rename, Update
from reconciler.model.facts import Facts, NeededFacts
from reconciler.model.finding import Finding, Severity, allowed
from reconciler.model.plan import Plan
from reconciler.model.record import Record
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, TextMap, Vocabulary
from reconciler.model.target import NewObject, Writer
from reconciler.model.values import NONE, Value, Values, same


def shared(field: Field) -> bool:
    """Whether it is a map of which only the listed names are ours (docs/rules.md#rule-11)."""
    return isinstance(field.type, TextMap) and not field.type.whole


def new_object(change: Update, vocabulary: Vocabulary) -> NewObject:
    """The fields of an update as a Writer takes them: None for what is taken away."""
    fields = vocabulary.fields[change.ref.kind]
    return {delta.name: _written(fields[delta.name], delta) for delta in change.fields}


def removed_values(change: Update, live: Values, vocabulary: Vocabulary) -> Iterator[tuple[str, Value]]:
    """(field, live value) of everything that the update takes away and that is live still."""
    fields = vocabulary.fields[change.ref.kind]
    for delta in change.fields:
        now = live.get(delta.name)
        if now is None:
            continue
        if delta.after is None:
            yield delta.name, now
        elif isinstance(now, Mapping) and (names := _gone(fields[delta.name], delta)):
            rest = {name: now[name] for name in names if name in now}
            if rest:
                yield delta.name, rest


def _written(field: Field, delta: FieldDelta) -> Value | None:
    gone = _gone(field, delta)
    if not gone or not isinstance(delta.after, Mapping):
        return delta.after
    # No value of a field holds None but here: it tells the writer which names go.
    return cast("Value", {**delta.after, **dict.fromkeys(gone)})


def _gone(field: Field, delta: FieldDelta) -> tuple[str, ...]:
    return tuple(item.item for item in delta.items if item.after is None) if shared(field) else ()


Found = Mapping[Ref, Record]


@dataclass(frozen=True, slots=True)
class Proof:
    """`todo`: changes whose `before` still holds; `already`: satisfied by somebody else; `stale`: neither."""

    todo: tuple[Change, ...]
    already: tuple[Change, ...]
    stale: tuple[Finding, ...]


def touched(changes: Sequence[Change]) -> frozenset[Ref]:
    """The live objects that a plan touches, under the names that they may have now."""
    refs = {change.ref for change in changes if not isinstance(change, Forget)}
    refs |= {Ref(change.ref.kind, change.old) for change in changes if isinstance(change, Rename)}
    refs |= {Ref(change.ref.kind, change.to) for change in changes if isinstance(change, Reassign)}
    return frozenset(refs)


def prove(changes: Sequence[Change], found: Found, vocabulary: Vocabulary) -> Proof:
    """Compare each `before` with what is live now; `found` holds the touched objects that are live."""
    todo: list[Change] = []
    already: list[Change] = []
    stale: list[Finding] = []
    renamed = {c.ref: Ref(c.ref.kind, c.old) for c in changes if isinstance(c, Rename)}
    seen = LiveObjects(found, renamed, vocabulary)
    for change in changes:
        state = seen.state_of(change)
        if isinstance(state, Finding):
            stale.append(state)
        else:
            (todo if state else already).append(change)
    return Proof(tuple(todo), tuple(already), tuple(stale))


def doubled(changes: Sequence[Change], twins: Mapping[Ref, Sequence[str]]) -> Iterator[Finding]:
    """Changes of what has a twin by now, which a plan would leave out (docs/rules.md#rule-2)."""
    for change in changes:
        if not isinstance(change, Forget):
            named = twins.get(change.ref, ())
            if named:
                names = ", ".join(f'"{name}"' for name in named)
                yield _stale(change, f"{names} is live too now, which is the same name but for case and blanks")


@dataclass(frozen=True, slots=True)
class LiveObjects:
    """The live objects with planned renames in view."""

    found: Found
    renamed: Mapping[Ref, Ref]
    vocabulary: Vocabulary

    def state_of(self, change: Change) -> bool | Finding:
        """True: to do; False: already so; a Finding: stale."""
        match change:
            case Rename():
                return self._rename(change)
            case Create():
                return self._create(change)
            case Update():
                return self._update(change)
            case Delete():
                return self._delete(change)
            case Reassign():
                return self.values(change.ref) is not None
            case Forget():
                return True

    def values(self, ref: Ref) -> Values | None:
        """The live values of an object, references under the new names; None when it is not live."""
        record = self.found.get(ref) or self.found.get(self.renamed.get(ref, ref))
        if record is None:
            return None
        values = dict(record.values)
        for field, reference in self.vocabulary.references[ref.kind]:
            for new, old in self.renamed.items():
                if old.kind == reference.kind and values.get(field.name) == old.key:
                    values[field.name] = new.key
        return values

    def value(self, kind: str, key: str, name: str) -> Value | None:
        """One live value; None where there is none."""
        return (self.values(Ref(kind, key)) or {}).get(name)

    def _rename(self, change: Rename) -> bool | Finding:
        old = Ref(change.ref.kind, change.old) in self.found
        new = change.ref in self.found
        if old is not new:
            return old
        return _stale(change, "both names are live now" if old else "neither the old nor the new name is live now")

    def _create(self, change: Create) -> bool | Finding:
        live = self.values(change.ref)
        if live is None:
            return True
        moved = list(differences(change.ref.kind, live, change.after, self.vocabulary))
        return (
            _stale(change, "it exists now", *(_moved(n, None, now, wanted) for n, now, wanted in moved))
            if moved
            else False
        )

    def _update(self, change: Update) -> bool | Finding:
        live = self.values(change.ref)
        if live is None:
            return _stale(change, "it is not live any more")
        wanted = list(differences(change.ref.kind, live, change.after, self.vocabulary))
        if not wanted and not any(removed_values(change, live, self.vocabulary)):
            return False
        moved = {name for name, _, _ in differences(change.ref.kind, live, change.before, self.vocabulary)}
        moved |= {name for name, now, _ in wanted if name not in change.before and now is not None}
        if not moved:
            return True
        lines = (
            _moved(name, change.before.get(name), live.get(name), change.after.get(name)) for name in sorted(moved)
        )
        return _stale(change, *lines)

    def _delete(self, change: Delete) -> bool | Finding:
        live = self.values(change.ref)
        if live is None:
            return False
        moved = list(differences(change.ref.kind, live, change.before, self.vocabulary))
        return _stale(change, *(_moved(n, was, now, "deleted") for n, now, was in moved)) if moved else True


def differences(
    kind: str, live: Values, expected: Values, vocabulary: Vocabulary
) -> Iterator[tuple[str, Value | None, Value]]:
    """(field, live, expected) for each expected value that is not live."""
    fields = vocabulary.fields[kind]
    for name, value in expected.items():
        now = comparable(fields[name], value, live.get(name))
        if now is None or not same(now, value):
            yield name, now, value


def not_held(changes: Sequence[Change], found: Found, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Changes that the system did not keep as written: truncated, altered by a trigger, or still there."""
    for change in changes:
        record = found.get(change.ref)
        match change:
            case Create() | Update():
                live = record.values if record is not None else {}
                for name, now, wanted in differences(change.ref.kind, live, change.after, vocabulary):
                    yield Finding(
                        code="not-held",
                        message=f"wrote {live_value_text(wanted)}, the system holds {live_value_text(now)}",
                        ref=change.ref,
                        field=name,
                        origin=change.origin,
                    )
                if isinstance(change, Update):
                    for name, now in removed_values(change, live, vocabulary):
                        message = f"taken away, the system still holds {live_value_text(now)}"
                        yield Finding(code="not-held", message=message, ref=change.ref, field=name)
            case Delete() if record is not None:
                yield Finding(code="not-held", message="deleted, but it is still there", ref=change.ref)
            case Rename(ref=ref, old=old) if record is None or Ref(ref.kind, old) in found:
                yield Finding(code="not-held", message=f'renamed, but it is still called "{old}"', ref=ref)
            case _:
                pass


def live_value_text(value: Value | None) -> str:
    """A value in one line of a message."""
    match value:
        case None:
            return "nothing"
        case tuple():
            return ", ".join(value) or NONE
        case Mapping():
            return ", ".join(f"{name}: {live_value_text(inner)}" for name, inner in sorted(value.items())) or NONE
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case _:
            return str(value) or "(empty)"


def _moved(name: str, before: Value | None, now: Value | None, wanted: Value | None) -> str:
    then, live, asked = map(live_value_text, (before, now, wanted))
    return f"{name}: planned from {then}, live now {live}, wanted {asked}"


def _stale(change: Change, *what: str) -> Finding:
    return Finding(
        code="stale", message="; ".join(what), ref=change.ref, origin=change.origin, remedy="plan again and review"
    )


def recheck_start(
    plan: Plan, todo: Sequence[Change], found: Mapping[Ref, Record], writer: Writer, vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """All guards on facts before anything is written. `found`: the touched objects, read under lock."""
    needed = needed_facts(todo, vocabulary)
    renamed = {new: old for old, new in new_names(todo).items()}
    live = LiveObjects(found, renamed, vocabulary)
    if over_limit_severity(plan.policy) is Severity.ERROR:
        joined = frozenset(renamed.get(ref, ref) for ref in _joined(todo, vocabulary))
        live = LiveObjects({**found, **writer.read(joined.difference(found))}, renamed, vocabulary)
    else:  # nobody would see a warning now, and usage of every customer is dear while the lock is held
        plan = replace(plan, policy=replace(plan.policy, over_limit="off"))
        moved = needed.meters.intersection(change.ref for change in todo if isinstance(change, Reassign))
        needed = NeededFacts(needed.holders, needed.pointers, moved if plan.policy.hands_off else frozenset())
    facts = answered(writer.facts(needed), needed, todo)
    case = _case(plan, todo, facts, States(vocabulary, live.value, planned_by(todo)))
    findings = tuple(finding for guard in GUARDS if guard.rerun for finding in guard.find(case))
    return allowed(findings, frozenset(allowance.code for allowance in plan.source.allowances))


def recheck_moved(plan: Plan, todo: Sequence[Change], writer: Writer, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """After the moves, right before the deletes: the locking recount must be nobody (docs/rules.md#rule-18)."""
    victims = tuple(change for change in todo if isinstance(change, Delete))
    refs = frozenset(change.ref for change in victims)
    if not refs:
        return ()
    needed = NeededFacts(holders=refs, pointers=refs)
    facts = answered(writer.facts(needed), needed, victims)
    states = States(vocabulary, LiveObjects({}, {}, vocabulary).value, planned_by(victims))
    return tuple(in_use(_case(plan, victims, facts, states)))


def _case(plan: Plan, changes: Sequence[Change], facts: Facts, states: States) -> GuardInput:
    return GuardInput(changes=changes, facts=facts, policy=plan.policy, states=states, managed=plan.managed)


def _joined(todo: Sequence[Change], vocabulary: Vocabulary) -> Iterator[Ref]:
    """What the changed users are on, before and after."""
    for change in todo:
        for field, reference in vocabulary.references[change.ref.kind]:
            if isinstance(change, Update) and reference.membership:
                for values in (change.before, change.after):
                    key = values.get(field.name)
                    if isinstance(key, str) and key != NONE:
                        yield Ref(reference.kind, key)
