"""The repository of `esp_place` whose database is a Galera cluster: the same files, planned and applied on any node."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.engines import ServerPlace, on
from tests.support.esp import Dump, running
from tests.support.esp_on_servers import ServerEsp
from tests.torture.galera.cluster import Cluster, Node


@dataclass(frozen=True)
class Clustered(ServerEsp):
    """`node`: the one that this repository speaks to."""

    cluster: Cluster = field(kw_only=True, compare=False, repr=False)
    node: Node = field(kw_only=True, compare=False, repr=False)

    def at(self, number: int) -> Clustered:
        """The same files and the same database from another node, counted from 0."""
        node = self.cluster.nodes[number]
        folder = self.folder.parent / f"{self.folder.name}-{node.title}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        other = on(node, "mariadb", self.place.name)
        (folder / "esp_url").write_text(other.url, encoding="utf-8")
        return Clustered(folder, place=other, spares=iter(()), cluster=self.cluster, node=node)

    def everywhere(self) -> list[Dump]:
        """What each node holds, node by node."""
        return [self.at(number).dump() for number in range(len(self.cluster.nodes))]


def database_on(node: Node) -> ServerPlace:
    """A new database, made on this node."""
    name = f"g{secrets.token_hex(4)}"
    node.create(name)
    return on(node, "mariadb", name)


def founded_on(cluster: Cluster, folder: Path) -> Clustered:
    """FILES applied on the first node, with accounts that no file names."""
    first = cluster.nodes[0]
    esp = Clustered(folder, place=database_on(first), spares=iter(()), cluster=cluster, node=first)
    made = running(folder, esp=esp)
    assert isinstance(made, Clustered)
    return made
