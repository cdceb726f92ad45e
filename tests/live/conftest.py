"""A running ESP for each test, copied from one that is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from borrowing import Lending
from engines import ENGINES, SERVERS
from esp_on_servers import Quarters, ServerEsp
from esp_place import Esp, running, without_git
from laws import Founding
from lodging import Lodging


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


@pytest.fixture(scope="session")
def lodging(tmp_path_factory: pytest.TempPathFactory) -> Lodging:
    return Lodging(tmp_path_factory.mktemp("lodging"))


@pytest.fixture(params=ENGINES)
def each(request: pytest.FixtureRequest, quarters: Callable[[str], Quarters], lodging: Lodging) -> Iterator[Esp]:
    """As `esp`, on every engine."""
    yield from lodged(quarters(request.param).running(), lodging)


@pytest.fixture(params=SERVERS)
def served(
    request: pytest.FixtureRequest, quarters: Callable[[str], Quarters], lodging: Lodging
) -> Iterator[ServerEsp]:
    """As `each`, where several may write at once."""
    for esp in lodged(quarters(request.param).running(), lodging):
        assert isinstance(esp, ServerEsp)
        yield esp


@pytest.fixture
def esp(running_esp: Esp, lodging: Lodging) -> Iterator[Esp]:
    """FILES applied, with users that no file names."""
    yield from lodged(running_esp, lodging)


def lodged(template: Esp, lodging: Lodging) -> Iterator[Esp]:
    """A copy in no work tree, so git is not asked."""
    lodging.cleared()
    with without_git():
        yield lodging.copy(template)


@pytest.fixture(params=ENGINES)
def founding(request: pytest.FixtureRequest, quarters: Callable[[str], Quarters], lodging: Lodging) -> Founding:
    """What the laws are proven on."""
    lodging.cleared()
    with without_git():
        return Founding(request.param, quarters(request.param).founded(), lodging)
