"""The declared side made comparable: file-only and unsupported fields off, wildcards expanded, objects that take no
part left out. A block that needs none of it is passed on as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.engine.globs import Globs
from reconciler.model.facts import Snapshot
from reconciler.model.finding import MOST_ALIKE, Finding, Severity, limited
from reconciler.model.names import Suggestions, folded
from reconciler.model.record import Block, Sheet, column, taker, with_values
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Names, Resource, Vocabulary
from reconciler.model.target import Refusal
from reconciler.model.values import OFF, Value

_NAMED = 20
"""After so many equal complaints about one field, the rest is only counted."""


@dataclass(frozen=True, slots=True)
class TargetLimits:
    """What settling needs to know of the target: `refusals`: kind → field → why it cannot hold a value; `lacking`: why
    it has no place for a field of a kind, if more can be said; `rivals`: kind → pairs of fields of which one at most is
    other than `off`."""

    target: str
    supports: Mapping[str, frozenset[str]]
    catalogues: Mapping[str, frozenset[str]]
    refusals: Mapping[str, Mapping[str, Refusal]] = field(default_factory=dict)
    lacking: Callable[[str, str], str] = lambda kind, field: ""
    rivals: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def tombstones(sheet: Sheet, resource: Resource) -> frozenset[str]:
    """The keys whose file says that they are to go."""
    stone = resource.tombstone
    if stone is None:
        return frozenset()
    return frozenset(
        key for block in sheet.blocks for key, value in column(block, stone.field).items() if value == stone.removed
    )


def hands_off_declared(
    sheet: Sheet, hands_off: Globs, foreign: Mapping[Ref, str], live: Snapshot, managed: Collection[str] = ()
) -> Iterator[Finding]:
    """Declared objects that must take no part, each with the reason and what to do. `managed`: remembered keys,
    of which only twins are of interest here."""
    for key in sorted(hands_off.among(sheet.kind, sheet)):
        yield Finding(
            code="hands-off",
            message="the settings leave it alone, so it cannot be declared",
            ref=Ref(sheet.kind, key),
            origin=sheet[key].origin,
            remedy="take it out of the files, or out of hands_off",
            at_files=True,
        )
    for ref, project in sorted(foreign.items()):
        if ref.kind == sheet.kind and ref.key in sheet:
            yield Finding(
                code="foreign",
                message=f'project "{project}" manages it',
                ref=ref,
                origin=sheet[ref.key].origin,
                remedy="declare it in one project only",
            )
    twins = {folded(group[0]): group for group in live.twins.get(sheet.kind, ())}
    for key in sorted(key for key in {*sheet, *managed} if folded(key) in twins) if twins else ():
        yield Finding(
            code="left-out",
            severity=Severity.LEFT_OUT,
            message="nobody can say which live one is meant: " + ", ".join(f'"{name}"' for name in twins[folded(key)]),
            ref=Ref(sheet.kind, key),
            origin=sheet[key].origin if key in sheet else None,
            remedy="rename its twin in the live system",
        )


def normalise(
    sheet: Sheet, vocabulary: Vocabulary, place: TargetLimits, drop: Collection[str]
) -> tuple[Sheet, tuple[Finding, ...]]:
    """The comparable Sheet of one kind without the keys in `drop`, and what is wrong with the rest."""
    fields = vocabulary.fields[sheet.kind]
    supported = place.supports.get(sheet.kind, frozenset())
    findings = list(_unsupported(sheet, vocabulary, place, drop))
    impossible = [*_impossible(sheet, place, drop), *_rivalling(sheet, place, drop)]
    findings += impossible
    # What cannot be held is compared no further, so that lifting the finding passes it over.
    unheld: dict[str, set[str]] = {}
    for finding in impossible:
        if finding.ref:
            unheld.setdefault(finding.ref.key, set()).add(finding.field)
    blocks = []
    catalogues: dict[str, LiveNames] = {}
    for declared in sheet.blocks:
        block = declared
        if drop and not block.rows.keys().isdisjoint(drop):
            rows = {key: row for key, row in block.rows.items() if key not in drop}
            block = Block(block.place, block.fields, rows)
        keep = tuple(name for name in block.fields if not fields[name].file_only and name in supported)
        if keep != block.fields:
            take = taker(block.fields, keep)
            block = Block(block.place, keep, {key: take(row) for key, row in block.rows.items()})
        for name in keep:
            names = fields[name].type
            if isinstance(names, Names):
                if names.catalogue not in catalogues:
                    catalogues[names.catalogue] = LiveNames(place.catalogues.get(names.catalogue, frozenset()))
                block, complaints = _expand(sheet, block, name, names, catalogues[names.catalogue])
                findings += complaints
        blocks.append(block)
    if unheld:
        blocks = [piece for block in blocks for piece in _without(block, unheld)]
        return Sheet(sheet.kind, tuple(blocks), sheet.locate), tuple(findings)
    as_declared = all(block is declared for block, declared in zip(blocks, sheet.blocks, strict=True))
    return (sheet if as_declared else Sheet(sheet.kind, tuple(blocks), sheet.locate)), tuple(findings)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _without(block: Block, unheld: Mapping[str, Collection[str]]) -> Iterator[Block]:
    """The block in pieces: some keys lack some fields."""
    spared = {key: row for key, row in block.rows.items() if key not in unheld}
    yield Block(block.place, block.fields, spared)
    for key in block.rows.keys() & unheld.keys():
        keep = tuple(name for name in block.fields if name not in unheld[key])
        yield Block(block.place, keep, {key: taker(block.fields, keep)(block.rows[key])})


def _impossible(sheet: Sheet, place: TargetLimits, drop: Collection[str]) -> Iterator[Finding]:
    """Values that the target cannot hold (docs/rules.md#rule-14: never an approximation)."""
    for name, refuses in sorted(place.refusals.get(sheet.kind, {}).items()):
        for block in sheet.blocks:
            for key, value in sorted(column(block, name).items()):
                why = refuses(value) if key not in drop else ""
                if why:
                    yield Finding(
                        code="unsupported",
                        message=f'target "{place.target}" cannot hold it: {why}',
                        ref=Ref(sheet.kind, key),
                        field=name,
                        origin=sheet[key].where(name),
                        remedy="write another value, or apply with --allow unsupported --reason TEXT "
                        "and it is passed over",
                    )


def _rivalling(sheet: Sheet, place: TargetLimits, drop: Collection[str]) -> Iterator[Finding]:
    """Two fields stated of which the target holds only one; the complaint is the second's."""
    for first, second in place.rivals.get(sheet.kind, ()):
        for block in sheet.blocks:
            ones = column(block, first)
            for key, value in sorted(column(block, second).items()):
                if key not in drop and value != OFF and ones.get(key, OFF) != OFF:
                    yield Finding(
                        code="unsupported",
                        message=f'target "{place.target}" cannot hold it together with {first}: one of them is off',
                        ref=Ref(sheet.kind, key),
                        field=second,
                        origin=sheet[key].where(second),
                        remedy=f"write off for {first} or for {second}",
                    )


def _unsupported(sheet: Sheet, vocabulary: Vocabulary, place: TargetLimits, drop: Collection[str]) -> Iterator[Finding]:
    supported = place.supports.get(sheet.kind, frozenset())
    homeless: dict[str, list[str]] = {}
    for block in sheet.blocks:
        for name in block.fields:
            if name not in supported and not vocabulary.fields[sheet.kind][name].file_only:
                homeless.setdefault(name, []).extend(key for key in block.rows if key not in drop)
    for name, keys in sorted(homeless.items()):
        for key in sorted(keys)[:_NAMED]:
            yield Finding(
                code="unsupported",
                message=f'target "{place.target}" has no place for it{_because(place.lacking(sheet.kind, name))}',
                ref=Ref(sheet.kind, key),
                field=name,
                origin=sheet[key].where(name),
                remedy="take the line out, or apply with --allow unsupported --reason TEXT and it is passed over",
            )
        if len(keys) > _NAMED:
            yield Finding(
                code="unsupported",
                message=f"{len(keys) - _NAMED:,} more objects state {name}, which target "
                f'"{place.target}" has no place for',
                ref=None,
                field=name,
                origin=Origin(vocabulary[sheet.kind].folder),
            )


def _expand(
    sheet: Sheet, block: Block, name: str, names: Names, catalogue: LiveNames
) -> tuple[Block, tuple[Finding, ...]]:
    """The block with wildcards replaced by what they match; names that are not in the catalogue are complaints."""
    expanded: dict[str, Value] = {}
    unmatched: dict[str, list[str]] = {}
    for key, stated in column(block, name).items():
        if not isinstance(stated, tuple):
            continue
        found: set[str] = set()
        for item in stated:
            matches = catalogue.matches(item, names)
            found.update(matches)
            if not matches:
                unmatched.setdefault(key, []).append(item)
        value = tuple(sorted(found))
        if value != stated:
            expanded[key] = value
    findings = tuple(limited(_unmatched(sheet, name, names, unmatched, catalogue)))
    return (with_values(block, name, expanded) if expanded else block), findings


def _unmatched(
    sheet: Sheet, name: str, names: Names, unmatched: Mapping[str, list[str]], catalogue: LiveNames
) -> Iterator[Finding]:
    what = names.catalogue.replace("_", " ")
    for number, (key, items) in enumerate(unmatched.items()):
        origin = sheet[key].where(name) if number < MOST_ALIKE else Origin(sheet.index[key].place)
        for item in items:
            yield Finding(
                code="no-match",
                message=f'there is no {what} "{item}" in the live system{catalogue.near.did_you_mean(item)}',
                ref=Ref(sheet.kind, key),
                field=name,
                origin=origin,
                remedy="write a name that exists there, or create it there first",
            )


class LiveNames:
    """The live names of one sort. `near`: what was meant by one that is not among them."""

    def __init__(self, names: Collection[str]) -> None:
        self.near = Suggestions(names)
        self._names = names
        self._below: dict[str, set[str]] = {"": set(names)}
        for name in names:
            for dot in (at for at, sign in enumerate(name, start=1) if sign == "."):
                self._below.setdefault(name[:dot], set()).add(name)

    def matches(self, item: str, names: Names) -> Collection[str]:
        """What an item of a set stands for: itself where it is live, or all that a wildcard matches."""
        if names.wildcard and (item == "*" or item.endswith(".*")):
            return self._below.get(item[:-1], ())
        return (item,) if item in self._names else ()
