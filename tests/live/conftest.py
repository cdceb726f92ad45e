"""A running ESP for each test, copied from one that is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from borrowing import Lending
from engines import ENGINES, SERVERS
from esp_on_servers import Quarters, ServerEsp
from esp_place import Esp, running, without_git


@pytest.fixture(scope="session")
def running_esp(tmp_path_factory: pytest.TempPathFactory) -> Esp:
    """Made once; nobody changes it."""
    return running(tmp_path_factory.mktemp("running") / "esp")


@pytest.fixture(scope="session")
def quarters(lending: Lending, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Quarters]:
    """The databases of an engine, made when first asked for."""

    @cache
    def of(engine: str) -> Quarters:
        return Quarters(engine, lending, tmp_path_factory.mktemp(engine))

    return of


@pytest.fixture(params=ENGINES)
def each(request: pytest.FixtureRequest, quarters: Callable[[str], Quarters], tmp_path: Path) -> Iterator[Esp]:
    """As `esp`, on every engine."""
    with without_git():
        yield quarters(request.param).running().copy(tmp_path / "each")


@pytest.fixture(params=SERVERS)
def served(request: pytest.FixtureRequest, quarters: Callable[[str], Quarters], tmp_path: Path) -> Iterator[ServerEsp]:
    """As `each`, where several may write at once."""
    with without_git():
        esp = quarters(request.param).running().copy(tmp_path / "served")
        assert isinstance(esp, ServerEsp)
        yield esp


@pytest.fixture
def esp(running_esp: Esp, tmp_path: Path) -> Iterator[Esp]:
    """FILES applied, with users that no file names. In no work tree, so git is not asked."""
    with without_git():
        yield running_esp.copy(tmp_path / "esp")
