"""A running ESP for each test, copied from one that is made once; an empty database for those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.engines import ENGINES, SERVERS, ServerPlace, place
from tests.support.esp import Esp, running, without_git
from tests.support.esp_on_servers import Databases, ServerEsp
from tests.support.laws import Founding
from tests.support.mumara import Mumara
from tests.support.mumara import founded as mumara_founded
from tests.support.server_pool import ServerPool
from tests.support.working_copies import WorkingCopies


@pytest.fixture(scope="session")
def running_esp(tmp_path_factory: pytest.TempPathFactory) -> Esp:
    """Made once; nobody changes it."""
    return running(tmp_path_factory.mktemp("running") / "esp")


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> WorkingCopies:
    return WorkingCopies(tmp_path_factory.mktemp("copies"))


@pytest.fixture(params=ENGINES)
def each(request: pytest.FixtureRequest, databases: Callable[[str], Databases], copies: WorkingCopies) -> Iterator[Esp]:
    """As `esp`, on every engine."""
    yield from copied(databases(request.param).running(), copies)


@pytest.fixture(params=SERVERS)
def served(
    request: pytest.FixtureRequest, databases: Callable[[str], Databases], copies: WorkingCopies
) -> Iterator[ServerEsp]:
    """As `each`, where several may write at once."""
    for esp in copied(databases(request.param).running(), copies):
        assert isinstance(esp, ServerEsp)
        yield esp


@pytest.fixture
def esp(running_esp: Esp, copies: WorkingCopies) -> Iterator[Esp]:
    """FILES applied, with users that no file names."""
    yield from copied(running_esp, copies)


def copied(template: Esp, copies: WorkingCopies) -> Iterator[Esp]:
    """A copy in no work tree, so git is not asked."""
    copies.cleared()
    with without_git():
        yield copies.copy(template)


@pytest.fixture(params=ENGINES)
def founding(request: pytest.FixtureRequest, databases: Callable[[str], Databases], copies: WorkingCopies) -> Founding:
    """What the laws are proven on."""
    copies.cleared()
    with without_git():
        return Founding(request.param, databases(request.param).founded(), copies)


@pytest.fixture
def empty_database(pool: ServerPool, tmp_path: Path) -> ServerPlace:
    """An empty database on MariaDB, where MailWizz and Mumara live, and the name of a schema for memory beside it."""
    found = place("mariadb", pool, tmp_path)
    assert isinstance(found, ServerPlace)
    return found


@pytest.fixture
def mumara(empty_database: ServerPlace, tmp_path: Path) -> Mumara:
    """A Mumara that has been run for years, and a repository without any file."""
    return mumara_founded(empty_database, tmp_path / "repository")
