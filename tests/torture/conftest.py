"""The repository, the faults and the databases are those of the live tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.support.esp_on_servers import Databases
from tests.support.server_pool import ServerPool


@pytest.fixture(scope="session")
def databases(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Databases]:
    """The databases of an engine, made when first asked for."""

    @cache
    def of(engine: str) -> Databases:
        return Databases(engine, pool, tmp_path_factory.mktemp(engine))

    return of
