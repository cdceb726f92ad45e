"""`fmt`: the files of the repository in their stable order. Knows which files there are, not what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.files import SourceFile, sources
from reconciler.model.errors import FileErrors, ReconcilerError
from reconciler.workflow.plan import declared
from reconciler.workflow.site import Site
from reconciler.workflow.write_file import write_public


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """One file that is not in order. `path`: where it lies; `place`: its name below the root; `text`: what it should
    be. `kept`: why it stays as it is, empty where it need not."""

    path: Path
    place: str
    text: str = ""
    kept: str = ""

    def write(self) -> None:
        """Put it in order. Raises ReconcilerError when it cannot be written."""
        write_public(self.path, self.text)


def unformatted(site: Site) -> Iterator[Formatted]:
    """Every file that is not in order. Raises FileErrors, before the first, when the files do not load."""
    from reconciler.config.fmt import formatted  # start-up: only `fmt` lays files out

    desired = declared(site)
    if any(finding.blocks for finding in desired.findings):
        raise FileErrors("the files are wrong; none was formatted", findings=desired.findings)
    root = site.settings.root
    for resource in site.vocabulary:
        for met in sources(root, resource.folder, site.limits):
            if not isinstance(met, SourceFile):
                raise ReconcilerError("the files have changed meanwhile", findings=(met,), remedy="run it again")
            path, text = root / met.place, met.content.decode()
            try:
                after = formatted(text, resource, site.vocabulary, site.limits)
            except ValueError as error:
                yield Formatted(path=path, place=met.place, kept=str(error))
                continue
            if after != text:
                yield Formatted(path=path, place=met.place, text=after)
