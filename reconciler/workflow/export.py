"""`export`: the live system written as files (docs/rules.md#rule-39). Knows who reads and who writes, not how YAML is
laid out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.engine.globs import Globs
from reconciler.model.errors import FileErrors, ReconcilerError
from reconciler.model.facts import Snapshot
from reconciler.model.finding import Finding
from reconciler.model.memory import Remembered
from reconciler.model.ref import Ref
from reconciler.workflow.plan import Progress, declared
from reconciler.workflow.site import Site
from reconciler.workflow.write_file import write_public


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """`files`: path below the root → its new text, changed files only; `findings`: what could not be written."""

    root: Path
    files: Mapping[str, str]
    findings: tuple[Finding, ...]

    def difference(self) -> Iterator[str]:
        """The lines of a unified diff against the files as they are."""
        for name, text in sorted(self.files.items()):
            before = _text_of(self.root / name).splitlines()
            yield from difflib.unified_diff(before, text.splitlines(), f"a/{name}", f"b/{name}", lineterm="")

    def write(self) -> Iterator[str]:
        """Write them; yields each name. Raises ReconcilerError on a path that leads out of the root."""
        for name, text in sorted(self.files.items()):
            path = self.root / name
            if not path.resolve().is_relative_to(self.root.resolve()):
                raise ReconcilerError(f"{name} leads out of {self.root}; it was not written")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
            write_public(path, text)
            yield name


def export(site: Site, progress: Progress, *, complete: bool) -> ExportResult:
    """Read the live system and lay it out as files. `complete`: known objects get every field, not only those they
    state. Raises FileErrors when the files that are there cannot be read."""
    # Start-up: only an export writes YAML.
    from reconciler.config import export as config_export

    progress("reading the files")
    desired = declared(site)
    if any(finding.blocks for finding in desired.findings):
        raise FileErrors("the files are wrong; put them right before an export", findings=desired.findings)
    progress(f"reading {site.target.name}")
    with site.target.reader() as reader:
        live = reader.snapshot()
        remembered = site.memory.recall(reader.session, site.project)
    progress("writing YAML")
    try:
        done = config_export.export(
            site.settings.root,
            live,
            desired.sheets,
            site.vocabulary,
            complete=complete,
            leave_out=frozenset(_not_ours(live, remembered, Globs(site.settings.policy.hands_off))),
            external=site.settings.policy.external,
        )
    except OSError as error:
        raise ReconcilerError(f"{error.filename} cannot be read: {error.strerror}") from error
    return ExportResult(root=site.settings.root, files=done.files, findings=done.findings)


def _not_ours(live: Snapshot, remembered: Remembered, hands_off: Globs) -> Iterator[Ref]:
    """What the settings leave alone, and what another project manages."""
    yield from remembered.foreign
    for kind, sheet in live.sheets.items():
        for key in hands_off.among(kind, sheet):
            yield Ref(kind, key)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
