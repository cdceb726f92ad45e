"""One declared object against its live row and what is remembered of it: the fields that differ, and why
(docs/rules.md#rule-8).

The single differences of a set or map, by deepdiff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.engine.effect import between, effect, worst
from reconciler.engine.states import States
from reconciler.model.change import STRENGTH, Cause, Effect, FieldDelta, ItemDelta
from reconciler.model.record import Record
from reconciler.model.resource import Field, Names, Overrides, Reference, TextMap
from reconciler.model.values import Value, Values, canonical, same


def differing_items(before: Value | None, after: Value) -> dict[str, tuple[Value | None, Value | None]]:
    """item → (before, after), None where it is not there; sorted by item. Sets have themselves as values."""
    from deepdiff import DeepDiff  # slow to import, and most plans change no collection

    old, new = _as_map(before), _as_map(after)
    tree = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0)
    items = {level.path(output_format="list")[0] for levels in tree.values() for level in levels}
    return {item: (old.get(item), new.get(item)) for item in sorted(items)}


def _as_map(value: Value | None) -> dict[str, Value]:
    if isinstance(value, Mapping):
        return dict(value)
    return dict.fromkeys(value, True) if isinstance(value, tuple) else {}


@dataclass(frozen=True, slots=True)
class Differ:
    """Compares records of any kind of one plan. Item-level views of equal pairs are made once."""

    states: States
    _items: dict[tuple[str, str], dict[str, tuple[Value | None, Value | None]]] = field(default_factory=dict)

    def deltas(self, declared: Record, live: Values, remembered: Values | None) -> Iterator[FieldDelta]:
        """A FieldDelta for each stated field whose live value is another."""
        fields = self.states.vocabulary.fields[declared.kind]
        for name, wanted in declared.values.items():
            found = comparable(fields[name], wanted, live.get(name))
            if found is not None and same(found, wanted):
                continue
            before_memory = _remembered(fields[name], wanted, remembered, name)
            items = self.items(declared, fields[name], found, wanted)
            yield FieldDelta(
                name=name,
                before=found,
                after=wanted,
                cause=_cause(fields[name], wanted, found, before_memory),
                effect=worst(item.effect for item in items)
                if items and not isinstance(fields[name].type, Names)
                else effect(fields[name], found, wanted, self.compare),
                remembered=before_memory if before_memory is not None and not same(before_memory, wanted) else None,
                items=items,
                origin=declared.where(name),
            )

    def items(self, declared: Record, field: Field, before: Value | None, after: Value) -> tuple[ItemDelta, ...]:
        """The single differences of a set or map; none for any other type."""
        if not isinstance(field.type, (Names, TextMap, Overrides)):
            return ()
        key = (canonical({"": before if before is not None else ()}), canonical({"": after}))
        if key not in self._items:
            self._items[key] = differing_items(before, after)
        found = self._items[key]
        if isinstance(field.type, Overrides):
            return tuple(self._override(declared, field, item, old, new) for item, (old, new) in found.items())
        losing = isinstance(field.type, Names)
        return tuple(
            ItemDelta(item=item, before=old, after=new, effect=item_effect(old, new) if losing else Effect.NEUTRAL)
            for item, (old, new) in found.items()
        )

    def _override(self, declared: Record, field: Field, item: str, old: Value | None, new: Value | None) -> ItemDelta:
        inner = self.states.vocabulary.overrides_of(declared.kind, field)[item]
        before = old if old is not None else self._inherited(declared, field, item, after=False)
        after = new if new is not None else self._inherited(declared, field, item, after=True)
        return ItemDelta(
            item=item,
            before=old,
            after=new,
            effect=effect(inner, before, after, self.compare),
            inherited=before if old is None else after if new is None else None,
        )

    def _inherited(self, declared: Record, field: Field, item: str, *, after: bool) -> Value | None:
        assert isinstance(field.type, Overrides)
        through = self.states.vocabulary.fields[declared.kind][field.type.through]
        look = self.states.after if after else self.states.before
        holder = look(declared.kind, declared.key, through.name)
        if not isinstance(holder, str) or not isinstance(through.type, Reference):
            return None
        return look(through.type.kind, holder, item)

    def compare(self, reference: Reference, old: str, new: str) -> Effect:
        """What it does to a customer to be moved from one object to another, by all that has a direction."""
        fields = self.states.vocabulary.held[reference.kind]
        return between(
            fields,
            {f.name: self.states.before(reference.kind, old, f.name) for f in fields},
            {f.name: self.states.after(reference.kind, new, f.name) for f in fields},
            lambda reference, old, new: Effect.NEUTRAL,
        )


def comparable(field: Field, wanted: Value, found: Value | None) -> Value | None:
    """The live value as far as the file speaks of it: of a map not owned whole, the listed names only
    (docs/rules.md#rule-11)."""
    if isinstance(field.type, TextMap) and not field.type.whole and isinstance(wanted, Mapping):
        live = found if isinstance(found, Mapping) else {}
        return {name: live[name] for name in wanted if name in live}
    return found


def cause(wanted: Value, found: Value | None, remembered: Value | None) -> Cause:
    """Who moved, git or the database (docs/rules.md#rule-8)."""
    if remembered is None:
        return Cause.ADOPT
    if same(remembered, wanted):
        return Cause.DRIFT
    if found is not None and same(remembered, found):
        return Cause.CHANGE
    return Cause.CONFLICT


def _remembered(field: Field, wanted: Value, remembered: Values | None, name: str) -> Value | None:
    """What the last apply wrote, as far as the file still speaks of it; None where it wrote nothing of that."""
    known = remembered.get(name) if remembered is not None else None
    return None if known is None else comparable(field, wanted, known)


def _cause(field: Field, wanted: Value, found: Value | None, remembered: Value | None) -> Cause:
    """The cause of a field; of a map not owned whole, the strongest of its names (docs/rules.md#rule-11: owned one by
    one)."""
    if not (isinstance(field.type, TextMap) and not field.type.whole and isinstance(wanted, Mapping)):
        return cause(wanted, found, remembered)
    live = found if isinstance(found, Mapping) else {}
    known = remembered if isinstance(remembered, Mapping) else {}
    differing = [name for name, value in wanted.items() if live.get(name) != value]
    return max((cause(wanted[n], live.get(n), known.get(n)) for n in differing), key=STRENGTH.__getitem__)


def strongest(deltas: tuple[FieldDelta, ...]) -> Cause:
    """The class of an object is the strongest of its fields."""
    return max((delta.cause for delta in deltas), key=STRENGTH.__getitem__)


def item_effect(before: Value | None, after: Value | None) -> Effect:
    """What it does that an item of a set comes or goes."""
    if after is None:
        return Effect.LESS
    return Effect.MORE if before is None else Effect.NEUTRAL
