"""A running ESP for each test, copied from one that is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from esp_place import Esp, running, without_git


@pytest.fixture(scope="session")
def running_esp(tmp_path_factory: pytest.TempPathFactory) -> Esp:
    """Made once; nobody changes it."""
    return running(tmp_path_factory.mktemp("running") / "esp")


@pytest.fixture
def esp(running_esp: Esp, tmp_path: Path) -> Iterator[Esp]:
    """FILES applied, with users that no file names. In no work tree, so git is not asked."""
    with without_git():
        yield running_esp.copy(tmp_path / "esp")
