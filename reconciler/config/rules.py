"""What needs more than one field, object or file: twins, fields that belong together, rings of references.

Reads the packed sheets, so that a hundred thousand ordinary objects cost a few passes over their columns. Asks the
declarations; knows no kind, no field and no YAML. Whether a reference names anything at all is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.config.columns import cells, complaint
from reconciler.config.combinations import combined
from reconciler.config.lint import advised, not_inherited
from reconciler.config.unfit import EVERYTHING
from reconciler.model.finding import MOST_ALIKE, Finding, Severity
from reconciler.model.names import all_folded, folded
from reconciler.model.record import Block, Sheet
from reconciler.model.ref import Origin
from reconciler.model.resource import Names, Reference, Resource, Vocabulary


def complaints(sheets: Mapping[str, Sheet], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Every complaint about declared objects as a whole; `sheets`: one a kind, of a file's stated fields."""
    for resource in vocabulary:
        sheet = sheets[resource.kind]
        yield from _same_key(sheet)
        yield from _twins(sheet)
        yield from _one_alone(sheet, resource)
        yield from combined(sheet, resource)
        yield from _wildcards(sheet, resource)
        yield from _former_names(sheet, resource)
        yield from _successors(sheet, resource)
        yield from _rings(sheet, resource)
        yield from advised(sheet, resource)
        yield from not_inherited(sheets, resource, vocabulary)


def _same_key(sheet: Sheet) -> Iterator[Finding]:
    if sum(len(block.rows) for block in sheet.blocks) == len(sheet):
        return
    first: dict[str, Block] = {}
    number = 0
    for block in sheet.blocks:
        for key in block.rows:
            if key in first:
                place = _place(sheet, first[key], key, exact=number < MOST_ALIKE)
                number += 1
                told = f"is already in {place}"
                yield complaint(sheet, block, key, "", "duplicate", told, "take one of them out")
            else:
                first[key] = block


def _twins(sheet: Sheet) -> Iterator[Finding]:
    if len(set(all_folded(sheet))) == len(sheet):
        return
    first: dict[str, str] = {}
    number = 0
    for key, block in sheet.index.items():
        other = first.setdefault(folded(key), key)
        if other != key:
            place = _place(sheet, sheet.index[other], other, exact=number < MOST_ALIKE)
            number += 1
            told = f'differs from "{other}" in {place} only in case, form or blanks'
            yield complaint(sheet, block, key, "", "twins", told, "give one of them another name")


def _one_alone(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Of some kinds there is one object, under a fixed name."""
    for key, block in sheet.index.items():
        if resource.only_key and key != resource.only_key:
            told = f"there is one {resource.kind}, and it is called `{resource.only_key}`"
            yield complaint(sheet, block, key, "", "name", told, f"write `{resource.only_key}:`")


def _place(sheet: Sheet, block: Block, key: str, *, exact: bool) -> Origin:
    """Where it is; the line only of those that are told of, for it costs much."""
    return Origin(block.place, sheet.locate(block.place, key).get("") if exact else None)


def _wildcards(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    for field in resource.fields:
        if isinstance(field.type, Names) and field.type.wildcard:
            for block, key, names in cells(sheet, field.name):
                if isinstance(names, tuple) and EVERYTHING in names:
                    told = "* alone stands for everything, also for what is added later"
                    remedy = "list what is meant, or keep it with `# nolint: wildcard REASON`"
                    finding = complaint(sheet, block, key, field.name, "wildcard", told, remedy)
                    yield replace(finding, severity=Severity.WARNING)


def _former_names(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """A former name belongs to one object, and to none that is declared (RULES 12: no swaps, no chains)."""
    if not resource.former_names:
        return
    claimed: dict[str, str] = {}
    for block, key, names in cells(sheet, resource.former_names):
        for name in names if isinstance(names, tuple) else ():
            field = resource.former_names
            if name in sheet:
                told = f'"{name}" is declared itself'
                yield complaint(sheet, block, key, field, "duplicate", told, "take one of them out")
            elif name in claimed:
                told = f'"{name}" is a former name of "{claimed[name]}" too'
                yield complaint(sheet, block, key, field, "duplicate", told, "name it once")
            else:
                claimed[name] = key


def _successors(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Whoever is moved away from a removed object must not end on one (RULES 10)."""
    tombstone = resource.tombstone
    if not tombstone:
        return
    removed = {key for _, key, value in cells(sheet, tombstone.field) if value == tombstone.removed}
    for block, key, successor in cells(sheet, tombstone.successor):
        if successor == key:
            told = "an object cannot take over from itself"
        elif successor in removed:
            told = f'"{successor}" is removed as well'
        else:
            continue
        remedy = "name one that stays"
        yield complaint(sheet, block, key, tombstone.successor, "referenced", told, remedy)


def _rings(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """References of a kind to itself that lead back to where they start."""
    for field in resource.fields:
        if not isinstance(field.type, Reference) or field.type.kind != resource.kind or field.file_only:
            continue
        steps = {key: (block, str(value)) for block, key, value in cells(sheet, field.name)}
        done: set[str] = set()
        for start in sorted(steps):
            ring = _ring(start, steps, done)
            if ring:
                told = f"leads round in a circle: {' → '.join([*ring, ring[0]])}"
                yield complaint(sheet, steps[ring[0]][0], ring[0], field.name, "move-cycle", told, "break the circle")


def _ring(start: str, steps: Mapping[str, tuple[Block, str]], done: set[str]) -> list[str]:
    """The ring that is reached from here, if it has not been reached before; `done` grows."""
    trail: list[str] = []
    here = start
    while here in steps and here not in done:
        done.add(here)
        trail.append(here)
        here = steps[here][1]
    return trail[trail.index(here) :] if here in trail else []
