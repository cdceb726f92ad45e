"""The folders of a repository → Desired: what is declared, and every complaint about it, none of them raised.

A file comes from the cache or the fast lane where these give the same; the judge reads all others, and the parts that
somebody is to be told about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config import cache as caches
from reconciler.config.cache import DIGEST_BYTES, MODULUS, FileObjects
from reconciler.config.files import SourceFile, content_of, sources, trouble_with
from reconciler.config.lines import Locator
from reconciler.config.rules import complaints, located, without_silenced
from reconciler.config.yaml import Limits
from reconciler.model.errors import ReconcilerError
from reconciler.model.facts import Desired
from reconciler.model.finding import Finding, limited
from reconciler.model.record import Sheet
from reconciler.model.resource import Resource, Vocabulary

if TYPE_CHECKING:
    from reconciler.config.types import FileReader


FOLLOWING = frozenset({"only-with"})
"""Complaints that may only follow from another one about the same object: the field it needs is there, but wrong."""


def load(
    root: Path,
    vocabulary: Vocabulary,
    limits: Limits = Limits(),  # noqa: B008  frozen
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
        shelves = [_KindFiles(resource, vocabulary, limits, known) for resource in vocabulary]
        for shelf in shelves:
            for met in sources(root, shelf.resource.folder, limits):
                shelf.take(met)
        sheets = {shelf.resource.kind: shelf.sheet(locate) for shelf in shelves}
        found = [finding for shelf in shelves for finding in shelf.findings]
        wrong = {finding.ref for finding in found}
        ruled = (rule for rule in complaints(sheets, vocabulary) if not (rule.code in FOLLOWING and rule.ref in wrong))
        spoken = without_silenced(chain(found, ruled), sheets, lambda place: content_of(root, place, limits))
        told = sorted((located(finding, sheets) for finding in limited(spoken)), key=_by_place)
        if known:
            known.prune()
    digest = sum(shelf.digest for shelf in shelves) % MODULUS
    return Desired(sheets=sheets, findings=tuple(told), digest=f"{digest:0{2 * DIGEST_BYTES}x}")


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
    def reading(self) -> FileReader:
        """Made for the first file that the cache does not have: it brings pydantic (start-up)."""
        from reconciler.config.types import FileReader

        return FileReader(self.resource, self.vocabulary, self.limits)

    def take(self, met: SourceFile | Finding) -> None:
        """One file, or why it cannot be read."""
        if isinstance(met, Finding):
            self.findings.append(met)
            return
        packed = self.cache.find(self.resource, met.place, met.content) if self.cache else None
        if packed is None:
            packed, findings = self.reading.read(met)
            self.findings += findings
            if self.cache and not findings:
                self.cache.keep(self.resource, met.content, packed)
        self.files.append(packed)

    def sheet(self, locate: Locator) -> Sheet:
        """All of them together."""
        return Sheet(self.resource.kind, tuple(block for packed in self.files for block in packed.blocks), locate)

    @property
    def digest(self) -> int:
        """The sum over all objects."""
        return sum(packed.digest for packed in self.files)


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
