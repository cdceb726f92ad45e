"""The same thing under a new name: live keys, references and memory are seen under the new one before anything is
compared (docs/rules.md#rule-19)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from reconciler.engine.compare import stated_values
from reconciler.engine.inputs import Inputs
from reconciler.model.change import Rename
from reconciler.model.finding import Finding
from reconciler.model.record import Block, Sheet, column, with_values
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Value, Values, canonical

NewNames = Mapping[str, Mapping[str, str]]
"""kind → old key → new key."""
Objects = Mapping[str, Mapping[str, tuple[str, str]]]


def renames(inputs: Inputs, live: Mapping[str, Sheet]) -> Iterator[Rename | Finding]:
    """A Rename where only one old name is live; a finding where more of them are, or the new one too, or where the old
    one is not ours to touch. `live`: what cannot be addressed is in it too."""
    for kind, sheet in inputs.desired.sheets.items():
        name = inputs.vocabulary[kind].former_names
        if not name or kind not in live:
            continue
        unclear = {twin for group in inputs.snapshot.twins.get(kind, ()) for twin in group}
        for block in sheet.blocks:
            for key, former in sorted(column(block, name).items()):
                names = former if isinstance(former, tuple) else ()
                found = [old for old in names if old in live[kind] or old in unclear]
                if len(found) > 1 or not unclear.isdisjoint(found):
                    yield _unclear(sheet, key, found, name)
                elif found:
                    yield _rename(sheet, key, found[0], live[kind], inputs)


def _unclear(sheet: Sheet, key: str, found: list[str], field: str) -> Finding:
    """Several live objects, and each may be the one that gets the new name."""
    named = " and ".join(f'"{old}"' for old in found)
    why = f"{named} are live" if len(found) > 1 else f"{named} has a twin in the live system"
    return Finding(
        code="rename-conflict",
        message=f"{why}, so which one is meant cannot be told",
        ref=Ref(sheet.kind, key),
        field=field,
        origin=sheet[key].where(field),
        remedy=f"leave one name in {field}, or delete or rename the others in the live system",
    )


def _rename(sheet: Sheet, key: str, old: str, live: Sheet, inputs: Inputs) -> Rename | Finding:
    record = sheet[key]
    field = inputs.vocabulary[sheet.kind].former_names
    before = Ref(sheet.kind, old)
    owner = inputs.remembered.foreign.get(before)
    if key in live:
        return Finding(
            code="rename-conflict",
            message=f'both "{old}" and "{key}" are live, so it cannot be a new name',
            ref=record.ref,
            field=field,
            origin=record.where(field),
            remedy=f'take "{old}" out of {field}, or delete or rename one of the two',
        )
    if owner is not None or before in inputs.hands_off:
        why = "the settings leave it alone" if owner is None else f'project "{owner}" manages it'
        return Finding(
            code="hands-off" if owner is None else "foreign",
            message=f'"{old}" cannot be renamed: {why}',
            ref=record.ref,
            field=field,
            origin=record.where(field),
            remedy=f'take "{old}" out of {field}',
        )
    note = record.values.get(inputs.vocabulary[sheet.kind].note, "")
    return Rename(ref=record.ref, old=old, origin=record.where(field), note=str(note))


def renamed_live(live: Mapping[str, Sheet], names: NewNames, vocabulary: Vocabulary) -> dict[str, Sheet]:
    """The live sheets with keys and references under the new names; untouched sheets are passed on."""
    seen = dict(live)
    for kind, sheet in live.items():
        blocks = sheet.blocks
        if names.get(kind):
            new = names[kind]
            blocks = tuple(
                Block(b.place, b.fields, {new.get(key, key): row for key, row in b.rows.items()}) for b in blocks
            )
        for field, reference in vocabulary.references[kind]:
            new = names.get(reference.kind, {})
            if new:
                blocks = tuple(_with_new_targets(block, field.name, new) for block in blocks)
        if blocks is not sheet.blocks:
            seen[kind] = Sheet(kind, blocks, sheet.locate)
    return seen


def _with_new_targets(block: Block, name: str, new: Mapping[str, str]) -> Block:
    moved = {key: new[value] for key, value in column(block, name).items() if isinstance(value, str) and value in new}
    return with_values(block, name, dict[str, Value](moved)) if moved else block


def renamed_memory(objects: Objects, names: NewNames, vocabulary: Vocabulary) -> Objects:
    """What is remembered, under the new names; texts that mention none of the old names are left as they are."""
    if not names:
        return objects
    seen: dict[str, dict[str, tuple[str, str]]] = {}
    for kind, memos in objects.items():
        new = names.get(kind, {})
        pairs = {f.name: names[r.kind] for f, r in vocabulary.references.get(kind, ()) if names.get(r.kind)}
        olds = tuple(json.dumps(old, ensure_ascii=False) for mapping in pairs.values() for old in mapping)
        seen[kind] = {
            new.get(key, key): (_with_new_text(stated, pairs), origin)
            if any(old in stated for old in olds)
            else (stated, origin)
            for key, (stated, origin) in memos.items()
        }
    return seen


def _with_new_text(stated: str, pairs: Mapping[str, Mapping[str, str]]) -> str:
    return canonical(with_new_names(stated_values(stated), pairs))


def with_new_names(values: Values, pairs: Mapping[str, Mapping[str, str]]) -> dict[str, Value]:
    """Values with references under the new names. `pairs`: field → old → new."""
    return {
        name: pairs[name].get(value, value) if name in pairs and isinstance(value, str) else value
        for name, value in values.items()
    }
