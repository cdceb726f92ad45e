"""Where the repository of a test lies: always in the same folder, emptied first. A site that was opened there once
knows the tables of the vocabulary, and to lay those out takes longer than many a test."""

from __future__ import annotations

import shutil
from pathlib import Path

from reconciler.workflow.site import Site
from tests.support.esp import Esp
from tests.support.esp_on_servers import ServerEsp


class WorkingCopies:
    """`folder`: where nothing else is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[object, dict[tuple[str, float], Site]] = {}

    def cleared(self) -> None:
        """Nothing of an earlier test is left."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def copy(self, template: Esp, name: str = "esp") -> Esp:
        """A copy in place of the last one of this name."""
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        esp = template.copy(folder)
        place = (name, esp.place if isinstance(esp, ServerEsp) else None)
        if place not in self._known:
            assert esp.site().target
            self._known[place] = dict(esp.sites)  # a copy: what a test opens with other settings is its own
        esp.sites.update(self._known[place])
        return esp
