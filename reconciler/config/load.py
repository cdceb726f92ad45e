"""The folders of a repository → Desired: what is declared, and every complaint about it, none of them raised.

A file comes from the cache where it was read before. Else the fast parser reads it (`fast_yaml.py`) or the strict one
(`yaml.py`), and the fast verdict is given on its data (`fast_types.py`) or pydantic's (`types.py`). What is fast gives
no answer where it is not sure, so a file means the same on every way. Of one that the fast parser has read, the strict
one reads only the parts that a complaint is about, for the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config import cache as caches
from reconciler.config import fast_yaml
from reconciler.config.cache import DIGEST_BYTES, MODULUS, FileObjects, pack_objects
from reconciler.config.complaints import Capped, Complaint, FieldPath, line_of
from reconciler.config.explain import Explainer, text_complaints
from reconciler.config.fast_types import FastTypes
from reconciler.config.fields import KindFields
from reconciler.config.files import SourceFile, content_of, sources, trouble_with
from reconciler.config.lines import Locator, Parts
from reconciler.config.rules import complaints, located, without_silenced
from reconciler.config.yaml import DEFAULT_LIMITS, Limits, parse
from reconciler.model.errors import ReconcilerError
from reconciler.model.facts import Desired
from reconciler.model.finding import Finding, limited
from reconciler.model.names import fault
from reconciler.model.record import Sheet
from reconciler.model.resource import Resource, Vocabulary

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from reconciler.config.types import Types


FOLLOWING = frozenset({"only-with"})
"""Complaints that may only follow from another one about the same object: the field it needs is there, but wrong."""
MARKS_OF_TEXT = (b"${", b"\\")
"""Without these in a file, no text in it holds an environment reference or a control character."""


def load(
    root: Path,
    vocabulary: Vocabulary,
    limits: Limits = DEFAULT_LIMITS,
    cache: Path | None = None,
    base: Path | None = None,
) -> Desired:
    """Everything under `root/<folder of a kind>`. Bad content becomes findings, sorted by place; what is sound beside
    it is still declared. `cache`: a folder for what was read before; None reads everything anew. Whether a reference
    names something is not asked here."""
    trouble = trouble_with(root)
    if trouble:
        return Desired(sheets={kind: Sheet(kind) for kind in vocabulary.kinds}, findings=(trouble,))
    locate = Locator(root, limits)
    with _known(cache, root, vocabulary, base) as known:
        kinds = [_KindFiles(resource, vocabulary, limits, known) for resource in vocabulary]
        for kind in kinds:
            for source in sources(root, kind.resource.folder, limits):
                kind.take(source)
        sheets = {kind.resource.kind: kind.sheet(locate) for kind in kinds}
        of_files = [finding for kind in kinds for finding in kind.findings]
        wrong = {finding.ref for finding in of_files}
        ruled = (rule for rule in complaints(sheets, vocabulary) if not (rule.code in FOLLOWING and rule.ref in wrong))
        kept = without_silenced(chain(of_files, ruled), sheets, lambda place: content_of(root, place, limits))
        findings = sorted((located(finding, sheets) for finding in limited(kept)), key=_by_place)
        if known:
            known.prune()
    digest = sum(kind.digest for kind in kinds) % MODULUS
    return Desired(sheets=sheets, findings=tuple(findings), digest=f"{digest:0{2 * DIGEST_BYTES}x}")


@dataclass
class _KindFiles:
    """The files of one kind as they come in."""

    resource: Resource
    vocabulary: Vocabulary
    limits: Limits
    cache: caches.Cache | None
    files: list[FileObjects] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def reader(self) -> FileReader:
        """Made for the first file that the cache does not have."""
        return FileReader(self.resource, self.vocabulary, self.limits)

    def take(self, source: SourceFile | Finding) -> None:
        """One file, or why it cannot be read."""
        if isinstance(source, Finding):
            self.findings.append(source)
            return
        packed = self.cache.find(self.resource, source.place, source.content) if self.cache else None
        if packed is None:
            packed, findings = self.reader.read(source)
            self.findings += findings
            if self.cache and not findings:
                self.cache.keep(self.resource, source.content, packed)
        self.files.append(packed)

    def sheet(self, locate: Locator) -> Sheet:
        """All of them together."""
        return Sheet(self.resource.kind, tuple(block for packed in self.files for block in packed.blocks), locate)

    @property
    def digest(self) -> int:
        """The sum over all objects."""
        return sum(packed.digest for packed in self.files)


class FileReader:
    """How the files of one kind are read."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> None:
        self._kind = resource.kind
        self._fields = KindFields(resource, vocabulary)
        self._fast_types = FastTypes(self._fields)
        self._explainer = Explainer(self._fields)
        self._limits = limits
        self._read_strictly = 0

    @cached_property
    def _types(self) -> Types:
        """Made for the first file that the fast verdict is not sure of: it brings pydantic (start-up)."""
        from reconciler.config.types import Types

        return Types(self._fields)

    def read(self, source: SourceFile) -> tuple[FileObjects, tuple[Finding, ...]]:
        """The objects of a file, and what is wrong with it; of an object with a wrong field the rest."""
        data = fast_yaml.parse_fast(source.content, self._limits, self._read_strictly)
        if data is not None:
            objects, errors = self._typed(data)
            if not errors:
                return self._packed(source, objects), ()
            if fast_yaml.certain(data):
                objects, reasons = self._explained(data, objects, errors, source)
                parts = Parts(source.content, self._limits)
                findings = [_placed(reason, parts).finding(source.place, {(): 1}, self._kind) for reason in reasons]
                return self._packed(source, objects), tuple(findings)
        return self._strictly(source)

    def _strictly(self, source: SourceFile) -> tuple[FileObjects, tuple[Finding, ...]]:
        self._read_strictly += len(source.content)
        document, of_yaml = parse(source.content, self._limits)
        objects, reasons = self._explained(document.data, *self._typed(document.data), source)
        findings = [reason.finding(source.place, document.lines, self._kind) for reason in (*of_yaml, *reasons)]
        return self._packed(source, objects), tuple(findings)

    def _typed(self, data: Any) -> tuple[dict[str, Any], list[ErrorDetails]]:
        objects = self._fast_types.whole(data)
        return self._types.whole(data) if objects is None else (objects, [])

    def _explained(
        self, data: Any, objects: dict[str, Any], errors: list[ErrorDetails], source: SourceFile
    ) -> tuple[dict[str, Any], Capped]:
        """The sound objects in the data, and what is wrong with the others."""
        reasons, wrong = Capped(), set[FieldPath]()
        for reason in self._explainer.complaints(errors):
            wrong.add(reason.path)
            reasons.add(reason)
        if errors:
            objects = self._sound(data, wrong)
        if any(mark in source.content for mark in MARKS_OF_TEXT):
            for reason in text_complaints(data):
                if reason.path not in wrong:
                    reasons.add(reason)
        return objects, reasons

    def _packed(self, source: SourceFile, objects: Mapping[str, Mapping[str, Any]]) -> FileObjects:
        return pack_objects(self._kind, source.place, objects, self._fields.names)

    def _sound(self, data: Any, wrong: Set[FieldPath]) -> dict[str, Any]:
        """What is left without the wrong fields, so that what else is wrong in other files is found as well."""
        objects = data.items() if isinstance(data, Mapping) else ()
        return {key: self._types.single(_without(fields, (key,), wrong)) for key, fields in objects if not fault(key)}


def _placed(reason: Complaint, parts: Parts) -> Complaint:
    """The complaint with its line, from the part of the file that it is about."""
    if not reason.path:
        return reason
    document, above = parts.part(reason.path[0])
    line = line_of(reason.path, document.lines)
    return replace(reason, line=None if line is None else line + above)


def _without(value: Any, path: FieldPath, wrong: Set[FieldPath]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        name: _without(inner, (*path, name), wrong)
        for name, inner in value.items()
        if (*path, name) not in wrong and not _has_wrong_item(inner, (*path, name), wrong)
    }


def _has_wrong_item(value: Any, path: FieldPath, wrong: Set[FieldPath]) -> bool:
    return isinstance(value, list) and any((*path, str(number)) in wrong for number in range(len(value)))


@contextmanager
def _known(cache: Path | None, root: Path, vocabulary: Vocabulary, base: Path | None) -> Iterator[caches.Cache | None]:
    if cache is None:
        yield None
        return
    for resource in vocabulary:
        if cache.resolve().is_relative_to((root / resource.folder).resolve()):
            raise ReconcilerError(
                f"the cache folder {cache} lies among the declarations, in {resource.folder}",
                remedy="give `cache:` in reconciler.yaml a folder of its own, as var/cache",
            )
    with caches.open_cache(cache, vocabulary, base) as known:
        yield known


def _by_place(finding: Finding) -> tuple[str, int, str, str, str]:
    place, line = (finding.origin.place, finding.origin.line or 0) if finding.origin else ("", 0)
    return place, line, finding.code, finding.field, finding.message
