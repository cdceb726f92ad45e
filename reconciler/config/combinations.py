"""Fields of one object that need, refuse or exclude each other, as the declarations say. Knows no kind and no field.

Only what is stated counts: a field that no file states is not ours to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config.columns import complaint
from reconciler.model.finding import Finding
from reconciler.model.record import Block, Sheet
from reconciler.model.resource import Overrides, Resource
from reconciler.model.values import Value, same


def combined(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Every combination of stated fields that the kind does not allow."""
    for block in sheet.blocks:
        yield from _alone(sheet, block, resource)
        yield from _refused(sheet, block, resource)
        yield from _exclusive(sheet, block, resource)


def _alone(sheet: Sheet, block: Block, resource: Resource) -> Iterator[Finding]:
    for field in resource.fields:
        if field.only_with is None or field.name not in block.fields:
            continue
        other, wanted = field.only_with
        for key, row in block.rows.items():
            stated = dict(zip(block.fields, row, strict=True)).get(other)
            if not same(stated, wanted):
                told = f"makes sense only with {other}: {wanted}"
                remedy = f"write {other}: {wanted}, or take {field.name} out"
                yield complaint(sheet, block, key, field.name, "only-with", told, remedy)


def _refused(sheet: Sheet, block: Block, resource: Resource) -> Iterator[Finding]:
    for refused in resource.refused:
        if not all(name in block.fields for name, _ in refused.when):
            continue
        for key, row in block.rows.items():
            stated = dict(zip(block.fields, row, strict=True))
            if all(same(stated[name], value) for name, value in refused.when):
                field = refused.when[0][0]
                yield complaint(sheet, block, key, field, refused.code, refused.message, refused.remedy)


def _exclusive(sheet: Sheet, block: Block, resource: Resource) -> Iterator[Finding]:
    groups = tuple(field.name for field in resource.fields if isinstance(field.type, Overrides))
    for one, other in resource.exclusive:
        if not all(name in block.fields or name.startswith(groups) for name in (one, other)):
            continue
        for key, row in block.rows.items():
            stated = dict(zip(block.fields, row, strict=True))
            if _states(stated, one, groups) and _states(stated, other, groups):
                told = f"{one} and {other} exclude each other"
                yield complaint(sheet, block, key, one, "exclusive", told, "take one of them out")


def _states(stated: Mapping[str, Value], name: str, groups: tuple[str, ...]) -> bool:
    """Whether a field is stated; one that is overridden is looked for inside the overrides."""
    if name in stated:
        return True
    for group in groups:
        inner = stated.get(group)
        if name.startswith(f"{group}.") and isinstance(inner, Mapping):
            return name.removeprefix(f"{group}.") in inner
    return False
