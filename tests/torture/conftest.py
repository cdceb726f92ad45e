"""The repository, the faults and the databases are those of the live tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from borrowing import Lending

sys.path.insert(0, str(Path(__file__).parent.parent / "live"))

from esp_on_servers import Quarters


@pytest.fixture(scope="session")
def quarters(lending: Lending, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Quarters]:
    """The databases of an engine, made when first asked for."""

    @cache
    def of(engine: str) -> Quarters:
        return Quarters(engine, lending, tmp_path_factory.mktemp(engine))

    return of
