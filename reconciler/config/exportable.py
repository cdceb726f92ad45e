"""What `export` may write: live values that no file may state are found here, by the same verdict as on files.

Values of the wrong type, names that no file may have, references to nothing. Below it, what a file states against what
is live: which fields are to be written, and how.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from reconciler.config import rules
from reconciler.config.complaints import Complaint
from reconciler.config.edit import Edit
from reconciler.config.explain import Explainer, text_complaints
from reconciler.config.fields import KindFields, nested
from reconciler.config.render import stated
from reconciler.config.types import Types
from reconciler.model.names import LONGEST
from reconciler.model.record import Block, Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Names, Overrides, Reference, TextMap, Vocabulary
from reconciler.model.values import HIDDEN, NONE, Value, Values

_Objects: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Value]]]
"""kind → key → field → value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExportable:
    """Why a field may not be written as it is live; `field` empty: the whole object."""

    ref: Ref
    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exportable:
    """`catalogues`: the live names that sets may list; `external`: globs `kind/name` of what may be referred to where
    it is among `live`: kind → keys, as far as kinds are known."""

    vocabulary: Vocabulary
    catalogues: Mapping[str, Collection[str]]
    external: Collection[str] = ()
    live: Mapping[str, Collection[str]] = field(default_factory=dict)

    def objections(self, written: _Objects, whole: _Objects) -> Iterator[NotExportable]:
        """Against the fields in `written`, which is a part of `whole`: all that the files will state afterwards.
        Rules are for values of their types, so they come once the types are in order."""
        mistyped = [objection for kind, objects in written.items() for objection in self._types(kind, objects)]
        yield from mistyped
        for kind, objects in written.items():
            for key, values in objects.items():
                yield from self._tombstone(Ref(kind, key), values)
                yield from self._references(Ref(kind, key), values, whole)
        if not mistyped:
            yield from self._rules(whole)

    def _types(self, kind: str, objects: Mapping[str, Mapping[str, Value]]) -> Iterator[NotExportable]:
        fields = self.vocabulary.fields[kind]
        kind_fields = KindFields(self.vocabulary[kind], self.vocabulary)
        content = {
            key: nested({name: stated(fields[name], value) for name, value in values.items()})
            for key, values in objects.items()
        }
        _, errors = Types(kind_fields).whole(content)
        yield from (self._objection(kind, complaint) for complaint in Explainer(kind_fields).complaints(errors))
        yield from (self._objection(kind, complaint) for complaint in text_complaints(content))

    def _objection(self, kind: str, complaint: Complaint) -> NotExportable:
        key, *path = complaint.path
        dotted = (".".join(path[:end]) for end in range(1, len(path) + 1))
        field = next((name for name in dotted if name in self.vocabulary.fields[kind]), "")
        return NotExportable(ref=Ref(kind, key), field=field, message=complaint.message)

    def _tombstone(self, ref: Ref, values: Mapping[str, Value]) -> Iterator[NotExportable]:
        """In a file the word would be an order."""
        stone = self.vocabulary[ref.kind].tombstone
        if stone and values.get(stone.field) == stone.removed:
            yield NotExportable(ref=ref, field=stone.field, message=f'"{stone.removed}" in a file would delete it')

    def _references(self, ref: Ref, values: Mapping[str, Value], whole: _Objects) -> Iterator[NotExportable]:
        fields = self.vocabulary.fields[ref.kind]
        for name, value in values.items():
            match fields[name].type:
                case Reference(kind=kind) if isinstance(value, str) and not self._known(Ref(kind, value), whole):
                    yield NotExportable(
                        ref=ref, field=name, message=f'there is no {kind} "{value}" that files may name'
                    )
                case Names(catalogue=catalogue) if catalogue in self.catalogues and isinstance(value, tuple):
                    loose = sorted(set(value).difference(self.catalogues[catalogue]))
                    if loose:
                        yield NotExportable(ref=ref, field=name, message=f'there is no {catalogue} "{loose[0]}"')

    def _known(self, ref: Ref, whole: _Objects) -> bool:
        named = ref.key == NONE or ref.key in whole.get(ref.kind, {})
        is_live = ref.kind not in self.live or ref.key in self.live[ref.kind]
        return named or (is_live and any(fnmatchcase(str(ref), glob) for glob in self.external))

    def _rules(self, whole: _Objects) -> Iterator[NotExportable]:
        sheets = {kind: _sheet(kind, objects) for kind, objects in whole.items()}
        for finding in rules.complaints(sheets, self.vocabulary):
            if finding.blocks and finding.ref:
                field = finding.field if finding.field in self.vocabulary.fields[finding.ref.kind] else ""
                yield NotExportable(ref=finding.ref, field=field, message=finding.message)


def _sheet(kind: str, objects: Mapping[str, Mapping[str, Value]]) -> Sheet:
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for key, values in objects.items():
        fields = tuple(sorted(values))
        rows.setdefault(fields, {})[key] = tuple(values[name] for name in fields)
    return Sheet(kind, tuple(Block(kind, fields, held) for fields, held in rows.items()))


Catalogues: TypeAlias = Mapping[str, Collection[str]]

ALL = "*"


def sayable(fields: Mapping[str, Field], live: Values) -> dict[str, Value]:
    """The live values that a file can state at all: a reference that points nowhere is left unstated, and so are those
    names and texts of a shared map that no file may have, and secrets."""
    return {
        name: _nameable(fields[name], value)
        for name, value in live.items()
        if not (isinstance(kind := fields[name].type, Reference) and value == NONE and not kind.none)
    }


def _nameable(field: Field, value: Value) -> Value:
    kind = field.type
    if not (isinstance(kind, TextMap) and not kind.whole and isinstance(value, Mapping)):
        return value
    return {
        name: text
        for name, text in value.items()
        if text != HIDDEN
        and len(name) <= LONGEST
        and re.fullmatch(kind.pattern, name)
        and not any(text_complaints(text))
    }


def moved(fields: Mapping[str, Field], known: Values, live: Values, catalogues: Catalogues) -> dict[str, Value]:
    """The stated fields whose live value is another one, with that value."""
    changed = {}
    for name in sorted(known.keys() & live.keys()):
        value = _as_owned(fields[name], known[name], live[name])
        if value != _expanded(fields[name], known[name], catalogues):
            changed[name] = value
    return changed


def edits(field: Field, known: Value | None, value: Value, catalogues: Catalogues) -> Iterator[Edit]:
    """How one field of a file becomes `value`: maps item by item, the rest as a whole."""
    path = tuple(field.name.split("."))
    match field.type, known, value:
        case ((Overrides() | TextMap()), Mapping(), Mapping()) if known and value:
            split = isinstance(field.type, Overrides)
            for item in sorted({*known, *value}):
                if known.get(item) != value.get(item):
                    steps = item.split(".") if split else [item]
                    yield Edit(path=(*path, *steps), value=_item(field, item, value))
        case Names(wildcard=True), tuple(), tuple():
            yield Edit(path=path, value=_with_wildcards(known, value, catalogues.get(field.type.catalogue, ())))
        case _:
            yield Edit(path=path, value=stated(field, value))


def _item(field: Field, item: str, value: Mapping[str, Value]) -> object:
    if item not in value:
        return None
    leaf = stated(field, {item: value[item]})
    while isinstance(leaf, dict):
        (leaf,) = leaf.values()
    return leaf


def _as_owned(field: Field, known: Value, live: Value) -> Value:
    """Of a map that is owned name by name only the stated names."""
    if isinstance(field.type, TextMap) and not field.type.whole and isinstance(known, Mapping):
        assert isinstance(live, Mapping)
        return {name: live[name] for name in known if name in live}
    return live


def _expanded(field: Field, known: Value, catalogues: Catalogues) -> Value:
    if isinstance(field.type, Names) and field.type.wildcard and isinstance(known, tuple):
        names = catalogues.get(field.type.catalogue, ())
        return tuple(sorted({match for item in known for match in _matches(item, names)}))
    return known


def _matches(item: str, names: Collection[str]) -> set[str]:
    if not item.endswith(ALL):
        return {item}
    return {name for name in names if name.startswith(item.removesuffix(ALL))}


def _with_wildcards(known: tuple[str, ...], value: tuple[str, ...], names: Collection[str]) -> list[str]:
    """The live names, with those wildcards of the file that still say nothing but the truth."""
    kept = {item for item in known if (matches := _matches(item, names)) and matches <= set(value)}
    covered = {match for item in kept for match in _matches(item, names)}
    return sorted(kept | (set(value) - covered))
