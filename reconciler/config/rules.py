"""What needs more than one field, object or file: twins, fields that belong together, circles of references.

Reads the packed sheets by column, so that a hundred thousand ordinary objects cost a few passes. Only what files state
counts. Whether a reference names anything at all is not asked here. From top to bottom: fields of one object; advice
about what is legal and rarely meant, which is never an error; several objects; and `# nolint: code reason`, which takes
back a warning or note on its line or the next, of a field or of a whole object. A reason is needed; errors stay.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

from reconciler.config.fields import EVERYTHING
from reconciler.model.finding import MOST_ALIKE, Finding, Severity
from reconciler.model.names import all_folded, folded
from reconciler.model.record import Block, Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Advice, Names, Overrides, Reference, Resource, Vocabulary
from reconciler.model.values import Value, Values, same

Cell: TypeAlias = tuple[Block, str, Value]
"""The block, the key and the value of one stated field."""


def cells(sheet: Sheet, field: str) -> Iterator[Cell]:
    """Every stated value of one field."""
    for block in sheet.blocks:
        if field in block.fields:
            column = block.fields.index(field)
            for key, row in block.rows.items():
                yield block, key, row[column]


def complaint(sheet: Sheet, block: Block, key: str, field: str, code: str, message: str, remedy: str) -> Finding:
    """A Finding about the field, or about the object where `field` is empty. `located` gives it its line."""
    return Finding(
        code=code,
        message=message,
        remedy=remedy,
        ref=Ref(sheet.kind, key),
        field=field,
        origin=Origin(block.place),
        at_files=True,
    )


def located(finding: Finding, sheets: Mapping[str, Sheet]) -> Finding:
    """The finding at the line of its field, or of its object. To find the line is most of its cost."""
    if finding.ref is None or finding.origin is None or finding.origin.line is not None:
        return finding
    place = finding.origin.place
    lines = sheets[finding.ref.kind].locate(place, finding.ref.key)
    return replace(finding, origin=Origin(place, lines.get(finding.field, lines.get(""))))


def combined(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Every combination of stated fields that the kind does not allow."""
    for block in sheet.blocks:
        yield from _only_with(sheet, block, resource)
        yield from _refused(sheet, block, resource)
        yield from _exclusive(sheet, block, resource)


def _only_with(sheet: Sheet, block: Block, resource: Resource) -> Iterator[Finding]:
    for field in resource.fields:
        if field.only_with is None or field.name not in block.fields:
            continue
        other, wanted = field.only_with
        for key, row in block.rows.items():
            stated = dict(zip(block.fields, row, strict=True)).get(other)
            if not same(stated, wanted):
                message = f"makes sense only with {other}: {wanted}"
                remedy = f"write {other}: {wanted}, or take {field.name} out"
                yield complaint(sheet, block, key, field.name, "only-with", message, remedy)


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
                message = f"{one} and {other} exclude each other"
                yield complaint(sheet, block, key, one, "exclusive", message, "take one of them out")


def _states(stated: Mapping[str, Value], name: str, groups: tuple[str, ...]) -> bool:
    """Whether a field is stated; one that is overridden is looked for inside the overrides."""
    if name in stated:
        return True
    for group in groups:
        inner = stated.get(group)
        if name.startswith(f"{group}.") and isinstance(inner, Mapping):
            return name.removeprefix(f"{group}.") in inner
    return False


def advised(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """What a kind advises about what is stated of single objects; those that are to go are beyond advice."""
    for advice in resource.advice:
        for block in sheet.blocks:
            if set(advice.fields).isdisjoint(block.fields):
                continue
            for key, row in block.rows.items():
                yield from _advice_about(sheet, resource, advice, block, key, dict(zip(block.fields, row, strict=True)))


def _advice_about(
    sheet: Sheet, resource: Resource, advice: Advice, block: Block, key: str, stated: Values
) -> Iterator[Finding]:
    message = "" if _leaves(stated, resource) else advice.tell(stated)
    if message:
        finding = complaint(sheet, block, key, advice.about, advice.code, message, advice.remedy)
        yield replace(finding, severity=advice.severity)


def not_inherited(sheets: Mapping[str, Sheet], resource: Resource, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Objects that state nothing of what a fallback states, and do not inherit it either."""
    fallback = resource.fallback
    if fallback is None:
        return
    sheet, others = sheets[resource.kind], sheets[fallback.kind]
    for key in sorted(sheet):
        held = sheet.values_of(key)
        message = "" if held.keys().isdisjoint(fallback.fields) else fallback.tell(held)
        for block in others.blocks if message else ():
            if not set(fallback.fields).isdisjoint(block.fields):
                continue
            for other, row in block.rows.items():
                if not _leaves(dict(zip(block.fields, row, strict=True)), vocabulary[fallback.kind]):
                    finding = complaint(others, block, other, "", fallback.code, message, fallback.remedy)
                    yield replace(finding, severity=fallback.severity)


def _leaves(stated: Mapping[str, Value], resource: Resource) -> bool:
    stone = resource.tombstone
    return stone is not None and stated.get(stone.field) == stone.removed


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
                message = f"is already in {place}"
                yield complaint(sheet, block, key, "", "duplicate", message, "take one of them out")
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
            message = f'differs from "{other}" in {place} only in case, form or blanks'
            yield complaint(sheet, block, key, "", "twins", message, "give one of them another name")


def _one_alone(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Of some kinds there is one object, under a fixed name."""
    for key, block in sheet.index.items():
        if resource.only_key and key != resource.only_key:
            message = f"there is one {resource.kind}, and it is called `{resource.only_key}`"
            yield complaint(sheet, block, key, "", "name", message, f"write `{resource.only_key}:`")


def _place(sheet: Sheet, block: Block, key: str, *, exact: bool) -> Origin:
    """Where it is; the line only of those that are listed, for it costs much."""
    return Origin(block.place, sheet.locate(block.place, key).get("") if exact else None)


def _wildcards(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    for field in resource.fields:
        if isinstance(field.type, Names) and field.type.wildcard:
            for block, key, names in cells(sheet, field.name):
                if isinstance(names, tuple) and EVERYTHING in names:
                    message = "* alone stands for everything, also for what is added later"
                    remedy = "list what is meant, or keep it with `# nolint: wildcard REASON`"
                    finding = complaint(sheet, block, key, field.name, "wildcard", message, remedy)
                    yield replace(finding, severity=Severity.WARNING)


def _former_names(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """A former name belongs to one object, and to none that is declared (docs/rules.md#rule-19: no swaps, no
    chains)."""
    if not resource.former_names:
        return
    claimed: dict[str, str] = {}
    for block, key, names in cells(sheet, resource.former_names):
        for name in names if isinstance(names, tuple) else ():
            field = resource.former_names
            if name in sheet:
                message = f'"{name}" is declared itself'
                yield complaint(sheet, block, key, field, "duplicate", message, "take one of them out")
            elif name in claimed:
                message = f'"{name}" is a former name of "{claimed[name]}" too'
                yield complaint(sheet, block, key, field, "duplicate", message, "name it once")
            else:
                claimed[name] = key


def _successors(sheet: Sheet, resource: Resource) -> Iterator[Finding]:
    """Whoever is moved away from a removed object must not end on one (docs/rules.md#rule-16)."""
    tombstone = resource.tombstone
    if not tombstone:
        return
    removed = {key for _, key, value in cells(sheet, tombstone.field) if value == tombstone.removed}
    for block, key, successor in cells(sheet, tombstone.successor):
        if successor == key:
            message = "an object cannot take over from itself"
        elif successor in removed:
            message = f'"{successor}" is removed as well'
        else:
            continue
        remedy = "name one that stays"
        yield complaint(sheet, block, key, tombstone.successor, "referenced", message, remedy)


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
                message = f"leads round in a circle: {' → '.join([*ring, ring[0]])}"
                block = steps[ring[0]][0]
                yield complaint(sheet, block, ring[0], field.name, "move-cycle", message, "break the circle")


def _ring(start: str, steps: Mapping[str, tuple[Block, str]], done: set[str]) -> list[str]:
    """The ring that is reached from here, if it has not been reached before; `done` grows."""
    trail: list[str] = []
    here = start
    while here in steps and here not in done:
        done.add(here)
        trail.append(here)
        here = steps[here][1]
    return trail[trail.index(here) :] if here in trail else []


COMMENT = re.compile(r"(?<!\S)#\s*nolint:\s*(?P<code>[a-z][a-z-]*)\s+\S")
SILENCED = frozenset({Severity.WARNING, Severity.NOTE})

Silenced = set[tuple[str, int]]
"""(code, line) pairs."""


def without_silenced(
    findings: Iterable[Finding], sheets: Mapping[str, Sheet], content: Callable[[str], bytes | None]
) -> Iterator[Finding]:
    """The findings without those that a comment takes back. `content` reads the file of a place."""
    known: dict[str, Silenced] = {}
    codes: dict[str, set[str]] = {}
    for finding in findings:
        if finding.severity not in SILENCED or finding.origin is None:
            yield finding
            continue
        place = finding.origin.place
        if place not in known:
            known[place] = silenced(content(place) or b"")
            codes[place] = {code for code, _ in known[place]}
        # To find the lines of a finding costs more than all the rest.
        if finding.code not in codes[place] or not any(
            (finding.code, line) in known[place] for line in _lines(finding, sheets)
        ):
            yield finding


def silenced(content: bytes) -> Silenced:
    """What the comments of a file take back. A value that looks like such a comment takes back nothing."""
    if b"nolint:" not in content:
        return set()
    text = content.decode("utf-8", "replace")
    values = _values(text)
    taken: Silenced = set()
    waiting: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        comment = next((match for match in COMMENT.finditer(line) if not _inside(values, number, match.start())), None)
        if comment and not line[: comment.start()].strip():
            waiting.add(comment["code"])
            continue
        if comment:
            taken.add((comment["code"], number))
        if line.strip() and not line.lstrip().startswith("#"):
            taken |= {(code, number) for code in waiting}
            waiting.clear()
    return taken


def _values(text: str) -> dict[int, list[tuple[int, int]]]:
    """Line → from which to which column a key or value stands in it; of a broken file as far as it can be read."""
    import yaml  # late: `--help` starts without it

    spans: dict[int, list[tuple[int, int]]] = {}
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not isinstance(token, yaml.ScalarToken):
                continue
            start, end = token.start_mark, token.end_mark
            block = token.style in ("|", ">")  # a comment may stand behind its sign
            for line in range(start.line + block, end.line + 1):
                first = start.column if line == start.line else 0
                spans.setdefault(line + 1, []).append((first, end.column if line == end.line else sys.maxsize))
    return spans


def _inside(values: Mapping[int, list[tuple[int, int]]], line: int, column: int) -> bool:
    return any(first <= column < end for first, end in values.get(line, ()))


def _lines(finding: Finding, sheets: Mapping[str, Sheet]) -> Iterator[int]:
    """The lines that speak for a finding: its own, its field's and its object's."""
    assert finding.origin is not None
    if finding.origin.line is not None:
        yield finding.origin.line
    if finding.ref is not None and finding.ref.kind in sheets:
        lines = sheets[finding.ref.kind].locate(finding.origin.place, finding.ref.key)
        yield from (lines[name] for name in ("", finding.field) if name in lines)
