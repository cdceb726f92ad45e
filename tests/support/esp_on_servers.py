"""The repository of `esp_place` with its database on a server. Nothing is made that can be emptied and used again: a
new database takes longer than most tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.support.engines import Hand, Place, ServerPlace, place
from tests.support.esp import RUNS, Dump, Esp, founded, running
from tests.support.server_pool import ServerPool

SPARES = 3
"""As many repositories of one engine as a test may have at once, besides the one that all are copied from."""


@dataclass(frozen=True)
class ServerEsp(Esp):
    """`spares`: databases with the tables, in turn."""

    place: ServerPlace = field(kw_only=True)
    spares: Iterator[ServerPlace] = field(kw_only=True, compare=False, repr=False)

    def settings(self, text: str = "", *, name: str = "reconciler.yaml", project: str = "shop") -> None:
        super().settings(text, name=name, project=project)
        file = self.folder / name
        ours = f"url: 'file:esp_url', memory: {self.place.memory}"
        file.write_text(file.read_text(encoding="utf-8").replace("url: 'sqlite:///esp.db'", ours), encoding="utf-8")
        (self.folder / "esp_url").write_text(self.place.url, encoding="utf-8")

    @contextmanager
    def hand(self) -> Iterator[Any]:
        with self.place.hand() as connection:
            yield Hand(connection)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.place.sql(statement, *values, lawless=False)

    def dump(self, without: frozenset[str] = RUNS) -> Dump:
        rows = {name.partition(".")[2]: found for name, found in self.place.dump().items()}
        return {name: found for name, found in rows.items() if name not in without}

    def copy(self, folder: Path) -> Esp:
        """The same repository; its database is the next of the spares, made the same."""
        shutil.copytree(self.folder, folder)
        spare = next(self.spares)
        assert spare != self.place, "more copies at once than there are spares"
        spare.take(self.place)
        for file in folder.glob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(f"memory: {self.place.memory}", f"memory: {spare.memory}"), encoding="utf-8")
        (folder / "esp_url").write_text(spare.url, encoding="utf-8")
        return ServerEsp(folder, place=spare, spares=self.spares)


class Databases:
    """The databases of one engine: for an ESP without customers, for a running one, and the spares."""

    def __init__(self, engine: str, pool: ServerPool, folder: Path) -> None:
        self._folder = folder
        self._spares: Iterator[ServerPlace] = iter(())
        self._made: dict[str, Esp] = {}
        self._new = lambda: place(engine, pool, folder)
        self._is_file = engine == "sqlite"

    def founded(self) -> Esp:
        """An ESP with catalogues and no customers; only to be copied."""
        if "founded" not in self._made:
            self._made["founded"] = founded(self._folder / "founded", esp=self._place("founded"))
        return self._made["founded"]

    def running(self) -> Esp:
        """FILES applied, with users that no file names; only to be copied."""
        if "running" not in self._made:
            self._made["running"] = running(self._folder / "running", esp=self._place("running"))
        return self._made["running"]

    def _place(self, name: str) -> Esp | None:
        if self._is_file:
            return None
        if not self._made:
            self._spares = cycle([self._with_tables(number) for number in range(SPARES)])
        return ServerEsp(self._folder / name, place=on_a_server(self._new()), spares=self._spares)

    def _with_tables(self, number: int) -> ServerPlace:
        spare = on_a_server(self._new())
        folder = self._folder / f"spare-{number}"
        founded(folder, esp=ServerEsp(folder, place=spare, spares=iter(())))
        return spare


def on_a_server(found: Place) -> ServerPlace:
    assert isinstance(found, ServerPlace)
    return found
