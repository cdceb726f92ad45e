"""What a live object may not say in a file: values outside the vocabulary, names that break the law, loose references.

The same gate that judges files judges what `export` is about to write. Knows no file and no live system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from reconciler.config import rules
from reconciler.config.complaint import Complaint
from reconciler.config.explain import explain_errors, text_complaints
from reconciler.config.nesting import nested
from reconciler.config.plain import stated
from reconciler.config.types import Types
from reconciler.model.record import Block, Sheet
from reconciler.model.ref import Ref
from reconciler.model.resource import Names, Reference, Vocabulary
from reconciler.model.values import NONE, Value

Objects: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Value]]]
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

    def objections(self, written: Objects, whole: Objects) -> Iterator[NotExportable]:
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
        types = Types(self.vocabulary[kind], self.vocabulary)
        content = {
            key: nested({name: stated(fields[name], value) for name, value in values.items()})
            for key, values in objects.items()
        }
        if not types.accepts(content):
            yield from (self._objection(kind, complaint) for complaint in explain_errors(content, types))
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

    def _references(self, ref: Ref, values: Mapping[str, Value], whole: Objects) -> Iterator[NotExportable]:
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

    def _known(self, ref: Ref, whole: Objects) -> bool:
        named = ref.key == NONE or ref.key in whole.get(ref.kind, {})
        is_live = ref.kind not in self.live or ref.key in self.live[ref.kind]
        return named or (is_live and any(fnmatchcase(str(ref), glob) for glob in self.external))

    def _rules(self, whole: Objects) -> Iterator[NotExportable]:
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
