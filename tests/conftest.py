"""What every room of the tests may borrow."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from borrowing import Lending


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Parsed files are kept in a folder of this run, also by the processes that tests start."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def lending() -> Iterator[Lending]:
    """Servers of PostgreSQL and MariaDB, started when first asked for."""
    lending = Lending()
    yield lending
    lending.end()
