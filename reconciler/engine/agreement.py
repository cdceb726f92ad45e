"""Whether a plan shows what it would write. What is written is `before` and `after` of a change; fields, single items
and effects are for people and follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.engine.diff import differing_items, item_effect, strongest
from reconciler.engine.effect import effect, worst
from reconciler.model.change import Change, Create, Effect, FieldDelta, ItemDelta, Update
from reconciler.model.finding import Finding
from reconciler.model.plan import Plan
from reconciler.model.resource import Field, Names, Overrides, Reference, TextMap, Vocabulary
from reconciler.model.values import Value, same


def disagreements(plan: Plan, vocabulary: Vocabulary) -> Iterator[Finding]:
    """A finding for each change that shows other than its values. Not judged is what needs the live system too:
    the effect of a move from one object to another, and what an override would inherit."""
    for change in plan.changes:
        wrong = _wrong(change, vocabulary)
        if wrong is not None:
            message = "it shows one thing and would write another"
            yield Finding(code="tampered", message=message, ref=change.ref, field=wrong)


def _wrong(change: Change, vocabulary: Vocabulary) -> str | None:
    """The field that is shown wrongly, empty for the change itself; None where all is well."""
    if change.ref.kind not in vocabulary:
        return ""
    match change:
        case Create():
            known = change.after.keys() <= vocabulary.fields[change.ref.kind].keys()
            return None if known and change.defaults <= change.after.keys() else ""
        case Update():
            return _wrong_field(change, vocabulary)
        case _:
            return None


def _wrong_field(change: Update, vocabulary: Vocabulary) -> str | None:
    declared = vocabulary.fields[change.ref.kind]
    touched = change.before.keys() | change.after.keys()
    moved = {name for name in touched if not same(change.before.get(name), change.after.get(name))}
    shown = [delta.name for delta in change.fields]
    if not touched <= declared.keys() or sorted(shown) != sorted(moved) or not shown:
        return ""
    for delta in change.fields:
        field = declared[delta.name]
        if not same(delta.before, change.before.get(delta.name)) or not same(delta.after, change.after.get(delta.name)):
            return delta.name
        inner = vocabulary.overrides_of(change.ref.kind, field) if isinstance(field.type, Overrides) else {}
        if not _has_its_items(delta, field) or not _has_its_effect(delta, field, inner):
            return delta.name
    return None if change.cause is strongest(change.fields) else ""


def _has_its_items(delta: FieldDelta, field: Field) -> bool:
    """Whether the single items are those that differ, each once."""
    expected: dict[str, tuple[Value | None, Value | None]] = {}
    if delta.after is not None and isinstance(field.type, Names | TextMap | Overrides):
        expected = differing_items(delta.before, delta.after)
    found = {item.item: item for item in delta.items}
    return (
        len(found) == len(delta.items)
        and found.keys() == expected.keys()
        and all(same(found[n].before, old) and same(found[n].after, new) for n, (old, new) in expected.items())
    )


def _has_its_effect(delta: FieldDelta, field: Field, overridable: Mapping[str, Field]) -> bool:
    """Whether a reduction is called one."""
    if isinstance(field.type, Overrides):
        if not all(item.item in overridable for item in delta.items):
            return False
        true = all(_item_has_its_effect(item, overridable[item.item]) for item in delta.items)
    else:
        true = all(item.effect is _of_item(item, field) for item in delta.items)
    if delta.items and not isinstance(field.type, Names):
        return true and delta.effect is worst(item.effect for item in delta.items)
    return true and _is_of(delta.effect, field, delta.before, delta.after)


def _item_has_its_effect(item: ItemDelta, field: Field) -> bool:
    """Of an override: `inherited` stands for what is not there."""
    old = item.before if item.before is not None else item.inherited
    new = item.after if item.after is not None else item.inherited
    return _is_of(item.effect, field, old, new)


def _of_item(item: ItemDelta, field: Field) -> Effect:
    return item_effect(item.before, item.after) if isinstance(field.type, Names) else Effect.NEUTRAL


def _is_of(shown: Effect, field: Field, before: Value | None, after: Value | None) -> bool:
    """What is taken away whole does less, or nothing where it could mean nothing any more."""
    if isinstance(field.type, Reference):
        return True
    return shown is effect(field, before, after, _unknown) or (after is None and shown is Effect.NEUTRAL)


def _unknown(reference: Reference, old: str, new: str) -> Effect:
    return Effect.UNKNOWN
