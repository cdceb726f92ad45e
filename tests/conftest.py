"""What every room of the tests may borrow, and where they all work."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import SERVERS
from tests.support.esp_on_servers import Databases
from tests.support.server_pool import ServerPool

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that the databases and environments of a run may need."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Work in memory where there is room: half of what a test on SQLite waits for is the disk. TMPDIR is obeyed."""
    if "TMPDIR" not in os.environ and roomy(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it may have been asked for before


def roomy(folder: Path) -> bool:
    """Whether programs, servers and databases find their place there."""
    if not os.access(folder, os.W_OK):
        return False
    return shutil.disk_usage(folder).free > ROOM and not os.statvfs(folder).f_flag & os.ST_NOEXEC


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a server is torture: most of it is proven on SQLite in every run. Those marked `every_run` cover what
    a server, or a system that lives on one, does in its own way."""
    for item in items:
        call = getattr(item, "callspec", None)
        on_file = call is not None and "sqlite" in call.params.values()
        if "pool" in getattr(item, "fixturenames", ()) and not on_file:
            item.add_marker(pytest.mark.torture)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All tests of one server go to one worker, which then starts no other server and makes its databases once; so do
    those of one installed wheel. By their names, since xdist 3.8 finds no `xdist_group` under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling  # not there where nothing is distributed

    class ByPlace(LoadScopeScheduling):
        """The largest groups first, then every other test by itself."""

        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByPlace(config, log)


def group_of(name: str) -> str:
    """Whom a test shares its worker with: those of the same server, of packaging, of one install, else nobody."""
    if name.startswith("tests/cli/packaging/"):
        return "packaging"
    if name.startswith("tests/cli/ci/test_install.py"):
        return "install"
    server = re.search(rf"\[.*\b({'|'.join(SERVERS)})\b", name)
    return server[1] if server else name


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Parsed files are kept in a folder of this run, also by the processes that tests start."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def pool() -> Iterator[ServerPool]:
    """Servers of PostgreSQL and MariaDB, started when first asked for."""
    pool = ServerPool()
    yield pool
    pool.end()


@pytest.fixture(scope="session")
def databases(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Databases]:
    """The databases of an engine, made when first asked for."""

    @cache
    def of(engine: str) -> Databases:
        return Databases(engine, pool, tmp_path_factory.mktemp(engine))

    return of
