"""What is legal and rarely meant, as the declarations tell it. Knows no kind, no field and no YAML.

Only speaks: what a kind advises is never an error, so the settings and a comment may take it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.config.columns import complaint
from reconciler.model.finding import Finding
from reconciler.model.record import Block, Sheet
from reconciler.model.resource import Advice, Resource, Vocabulary
from reconciler.model.values import Value, Values


def advised(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """What a kind advises about what is stated of single objects; those that are to go are beyond advice."""
    for advice in resource.advice:
        for block in sheet.blocks:
            if set(advice.fields).isdisjoint(block.fields):
                continue
            for key, row in block.rows.items():
                yield from _spoken(sheet, resource, advice, block, key, dict(zip(block.fields, row, strict=True)))


def _spoken(
    sheet: Sheet, resource: Resource, advice: Advice, block: Block, key: str, stated: Values
) -> Iterator[Finding]:
    told = "" if _leaves(stated, resource) else advice.tell(stated)
    if told:
        finding = complaint(sheet, block, key, advice.about, advice.code, told, advice.remedy)
        yield replace(finding, severity=advice.severity)


def not_inherited(sheets: Mapping[str, Sheet], resource: Resource, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Objects that state nothing of what a fallback states, and do not inherit it either."""
    fallback = resource.fallback
    if fallback is None:
        return
    sheet, others = sheets[resource.kind], sheets[fallback.kind]
    for key in sorted(sheet):
        held = sheet.values_of(key)
        told = "" if held.keys().isdisjoint(fallback.fields) else fallback.tell(held)
        for block in others.blocks if told else ():
            if not set(fallback.fields).isdisjoint(block.fields):
                continue
            for other, row in block.rows.items():
                if not _leaves(dict(zip(block.fields, row, strict=True)), vocabulary[fallback.kind]):
                    finding = complaint(others, block, other, "", fallback.code, told, fallback.remedy)
                    yield replace(finding, severity=fallback.severity)


def _leaves(stated: Mapping[str, Value], resource: Resource) -> bool:
    stone = resource.tombstone
    return stone is not None and stated.get(stone.field) == stone.removed
