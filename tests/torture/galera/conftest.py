"""One cluster of three nodes for the session, on which a repository is planned and applied from any node. It is started
only where `-m galera` asks for it (`make torture-galera`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.support.esp import without_git
from tests.support.private_servers import Missing
from tests.support.server_pool import REQUIRE
from tests.torture.galera.cluster import Cluster
from tests.torture.galera.esp_on_cluster import Clustered, founded_on


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out of every run that does not name them."""
    if "galera" not in config.option.markexpr:
        ours = [item for item in items if item.get_closest_marker("galera")]
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    try:
        found = Cluster()
    except Missing as missing:
        (pytest.fail if os.environ.get(REQUIRE) == "1" else pytest.skip)(f"Galera: {missing}")
    yield found
    found.stop()


@pytest.fixture
def new_esp(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[], Clustered]]:
    """Makes a running ESP, seen from the first node; the cluster is whole then."""
    numbers = count()

    def made() -> Clustered:
        cluster.mend()
        return founded_on(cluster, tmp_path / f"esp{next(numbers)}")

    with without_git():
        yield made


@pytest.fixture
def esp(new_esp: Callable[[], Clustered]) -> Clustered:
    return new_esp()
