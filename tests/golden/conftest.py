"""`--bless` writes what a golden case gives now; whoever blesses reads the difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_scene import Scene, created


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write the golden files anew; then read what changed")


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    # Where this folder is only one of many, the option is not there to be given.
    return bool(request.config.getoption("--bless", default=False))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as `database create` makes it; each case gets a copy."""
    return created(tmp_path_factory.mktemp("template"))


@pytest.fixture
def scene(empty_database: Path, tmp_path: Path) -> Scene:
    return Scene(tmp_path, empty_database)
