"""`--bless` writes what a golden case gives now; whoever blesses reads the difference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cases.scene import Scene
from tests.support.esp import without_git


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write the golden files anew; then read what changed")


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    # Where this folder is only one of many, the option is not there to be given.
    return bool(request.config.getoption("--bless", default=False))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The one folder in which all cases are played."""
    folder = tmp_path_factory.mktemp("golden")
    scene = Scene(folder / "scene", folder / "empty.db")
    scene.created()
    return scene


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    with without_git():
        yield stage
