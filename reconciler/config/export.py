"""Records → YAML: the live system written as files that `plan` then finds nothing to change in (docs/rules.md#rule-39).

A live object that no file declares goes into a new file, with every field; of a declared one only the stated fields are
refreshed where they stand. Returns texts; the caller writes them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from reconciler.config import exportable, render
from reconciler.config.edit import Edit, edited
from reconciler.config.exportable import Exportable, NotExportable
from reconciler.config.schema import file_name
from reconciler.model.facts import Snapshot
from reconciler.model.finding import Finding, Severity
from reconciler.model.names import folded
from reconciler.model.record import Sheet
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Resource, Vocabulary
from reconciler.model.values import Value

_LONGEST = 60
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""Names that Windows keeps for devices."""


class FileNames:
    """Gives objects of any name a file name in one folder: short, readable, safe on every system, and never one that is
    taken, whatever its case."""

    def __init__(self, folder: Path) -> None:
        self._last: dict[str, int] = {}
        self._taken = {path.stem.lower() for path in folder.glob("*")} if folder.is_dir() else set()

    def free(self, name: str) -> str:
        """A stem like this name that nothing has yet."""
        stem = slug(name)
        number = self._last.get(stem, 1)
        while (numbered := stem if number == 1 else f"{stem}-{number}") in self._taken:
            number += 1
        self._last[stem] = number
        self._taken.add(numbered)
        return numbered


def slug(name: str) -> str:
    """`Café & Co` → `cafe-co`; a name without Latin letters or digits gets a short hash."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", letters)[:_LONGEST].strip("-")
    if stem and stem not in DEVICES:
        return stem
    return f"{stem or 'object'}-{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


_MODELINE = "# yaml-language-server: $schema=../schemas/"
COLLECTED = "exported"
"""Where new objects of a kind go that has too many for a file each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFiles:
    """`files`: path below the root → its new text, changed and new ones only. `findings`: what was left out, and why;
    none of them blocks."""

    files: Mapping[str, str]
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class ExportedObject:
    """One object to write. `known`: what its file states, None for a new object; `values`: the fields to write.
    `place`: its file. `left_out`: why some field is not written, as comments."""

    known: Mapping[str, Value] | None
    values: dict[str, Value]
    place: str = ""
    left_out: list[str] = field(default_factory=list)


def export(
    root: Path,
    live: Snapshot,
    declared: Mapping[str, Sheet],
    vocabulary: Vocabulary,
    *,
    complete: bool = False,
    leave_out: Collection[Ref] = frozenset(),
    external: Collection[str] = (),
) -> ExportedFiles:
    """`declared`: what the files under `root` state, without errors; `complete`: write the unstated fields of known
    objects too; `leave_out`: live objects not to be exported; `external`: globs of what files may refer to.
    Raises OSError when a file that is to be refreshed cannot be read."""
    return _Exporting(root, live, declared, vocabulary, complete, leave_out, external).done()


class _Exporting:
    """One export, from what is live to texts."""

    def __init__(
        self,
        root: Path,
        live: Snapshot,
        declared: Mapping[str, Sheet],
        vocabulary: Vocabulary,
        complete: bool,
        leave_out: Collection[Ref],
        external: Collection[str],
    ) -> None:
        self.root = root
        self.live = live
        self.vocabulary = vocabulary
        self.complete = complete
        self.leave_out = leave_out
        self.exportable = Exportable(
            vocabulary=vocabulary, catalogues=live.catalogues, external=external, live=live.sheets
        )
        self.stated = {kind: _stated(sheet) for kind, sheet in declared.items()}
        self.places = {kind: _places(sheet) for kind, sheet in declared.items()}
        self.findings: list[Finding] = []
        self.dropped: dict[str, list[str]] = {}
        self.to_write = {resource.kind: dict(self._to_write(resource)) for resource in vocabulary}

    def done(self) -> ExportedFiles:
        """Texts and findings."""
        for resource in self.vocabulary:
            self._unnameable(resource.kind)
        while objections := self._objections():
            for objection in objections:
                self._leave_out(objection)
        files = dict(sorted({**self._refreshed(), **dict(self._new())}.items()))
        return ExportedFiles(files=files, findings=tuple(self.findings))

    def _to_write(self, resource: Resource) -> Iterator[tuple[str, ExportedObject]]:
        fields = self.vocabulary.fields[resource.kind]
        stated = self.stated.get(resource.kind, {})
        spellings = {folded(key): key for key in stated}
        names = _former(resource, stated, self.live.sheets.get(resource.kind, {}))
        for key, record in self.live.sheets.get(resource.kind, {}).items():
            ref = Ref(resource.kind, names.get(key, key))
            known = stated.get(ref.key)
            if Ref(resource.kind, key) in self.leave_out or ref in self.leave_out:
                continue
            if known is None and folded(key) in spellings:
                self._drop(ref, "spelling", f'a file calls it "{spellings[folded(key)]}"')
                continue
            values = exportable.sayable(fields, record.values)
            if known is None:
                yield ref.key, ExportedObject(known=None, values=values)
            elif resource.tombstone and known.get(resource.tombstone.field) == resource.tombstone.removed:
                continue  # a file that orders a deletion keeps saying so
            else:
                changed = exportable.moved(fields, known, values, self.live.catalogues)
                added = {name: value for name, value in values.items() if name not in known} if self.complete else {}
                if changed or added:
                    place = self.places[resource.kind][ref.key]
                    yield ref.key, ExportedObject(known=known, values={**changed, **added}, place=place)

    def _unnameable(self, kind: str) -> None:
        """Live objects that no file can name."""
        for twins in self.live.twins.get(kind, ()):
            for key in twins:
                self._drop(Ref(kind, key), "left-out", "its name is not unique in the live system")
        for key in self.live.unnameable.get(kind, {}):
            self._drop(Ref(kind, key), "unnameable", "no file may have such a name")

    def _objections(self) -> list[NotExportable]:
        """The objections that concern what is still to be written, one a field."""
        written = {
            kind: {key: exported.values for key, exported in objects.items()} for kind, objects in self.to_write.items()
        }
        whole = {kind: {**self.stated.get(kind, {}), **_merged(self.to_write[kind])} for kind in self.to_write}
        first: dict[tuple[Ref, str], NotExportable] = {}
        for objection in self.exportable.objections(written, whole):
            for blamed in self._blamed(objection):
                first.setdefault((blamed.ref, blamed.field), blamed)
        return list(first.values())

    def _blamed(self, objection: NotExportable) -> Iterator[NotExportable]:
        """Whom an objection hits: the files were in order, so something to be written is at fault."""
        ref, objects = objection.ref, self.to_write[objection.ref.kind]
        exported = objects.get(ref.key)
        if exported is None:
            for key, other in objects.items():
                if objection.field in other.values:
                    yield replace(objection, ref=Ref(ref.kind, key))
        elif objection.field in exported.values or (exported.known is None and not objection.field):
            yield objection
        elif exported.known is not None:
            yield from (replace(objection, field=name) for name in exported.values)

    def _leave_out(self, objection: NotExportable) -> None:
        ref = objection.ref
        exported = self.to_write[ref.kind].get(ref.key)
        if exported is None:
            return
        if not objection.field:
            del self.to_write[ref.kind][ref.key]
            self._drop(ref, "left-out", objection.message)
            return
        del exported.values[objection.field]
        exported.left_out.append(f"{objection.field} left out: {objection.message}")
        if exported.known is not None and not exported.values:
            del self.to_write[ref.kind][ref.key]
        self._finding(ref, "foreign-state", objection.message, field=objection.field)

    def _drop(self, ref: Ref, code: str, message: str) -> None:
        self.dropped.setdefault(ref.kind, []).append(f"{ref} left out: {message}")
        self._finding(ref, code, message)

    def _finding(self, ref: Ref, code: str, message: str, field: str = "") -> None:
        place = self.places.get(ref.kind, {}).get(ref.key)
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.LEFT_OUT,
                ref=ref,
                field=field,
                message=f"not exported: {message}",
                origin=Origin(place) if place else None,
                remedy="correct it in the live system, then export again",
            )
        )

    def _refreshed(self) -> dict[str, str]:
        changes: dict[str, dict[str, list[Edit]]] = {}
        owners: dict[str, list[Ref]] = {}
        for kind, objects in self.to_write.items():
            fields = self.vocabulary.fields[kind]
            for key, exported in objects.items():
                if exported.known is None:
                    continue
                changes.setdefault(exported.place, {})[key] = [
                    edit
                    for name, value in exported.values.items()
                    for edit in exportable.edits(fields[name], exported.known.get(name), value, self.live.catalogues)
                ]
                owners.setdefault(exported.place, []).append(Ref(kind, key))
        texts = {}
        for place, edits in changes.items():
            try:
                texts[place] = edited((self.root / place).read_bytes().decode(), edits)
            except ValueError:
                for ref in owners[place]:
                    self._finding(ref, "foreign-state", "its file cannot be changed in place")
        return texts

    def _new(self) -> Iterator[tuple[str, str]]:
        for resource in self.vocabulary:
            fields = self.vocabulary.fields[resource.kind]
            slugs = FileNames(self.root / resource.folder)
            entries: dict[str, list[str]] = {}
            for key, exported in sorted(self.to_write[resource.kind].items()):
                if exported.known is None:
                    stated = {
                        name: render.stated(fields[name], exported.values[name])
                        for name in fields
                        if name in exported.values
                    }
                    stem = COLLECTED if resource.personal else key
                    entries.setdefault(stem, []).append(render.entry(key, stated, exported.left_out))
            comments = self.dropped.get(resource.kind, [])
            for stem, objects in entries.items():
                modeline = f"{_MODELINE}{file_name(resource)}"
                yield f"{resource.folder}/{slugs.free(stem)}.yaml", render.document(modeline, comments, objects)
                comments = []


def _stated(sheet: Sheet) -> dict[str, Mapping[str, Value]]:
    """key → what its file states; without the lines, which are costly to find for a whole sheet."""
    return {key: dict(zip(block.fields, row, strict=True)) for block in sheet.blocks for key, row in block.rows.items()}


def _places(sheet: Sheet) -> dict[str, str]:
    return {key: block.place for block in sheet.blocks for key in block.rows}


def _former(resource: Resource, stated: Mapping[str, Mapping[str, Value]], live: Collection[str]) -> dict[str, str]:
    """live key → the key under which a file declares it, for objects that wait for a rename."""
    names: dict[str, str] = {}
    for key, values in stated.items():
        former = values.get(resource.former_names, ()) if key not in live else ()
        assert isinstance(former, tuple)
        names |= {old: key for old in former if old in live}
    return names


def _merged(objects: Mapping[str, ExportedObject]) -> dict[str, Mapping[str, Value]]:
    return {key: {**(exported.known or {}), **exported.values} for key, exported in objects.items()}
