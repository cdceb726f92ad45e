"""One Chromium for all tests of a worker. Where there is none the tests are left out by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.report.browser.chromium import PROGRAM, Chromium, found

REQUIRE = "RECONCILER_REQUIRE_BROWSER"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = found()
    if program is None:
        why = f"{PROGRAM} is not installed (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get(REQUIRE) == "1" else pytest.skip)(why)
    started = Chromium(program, tmp_path_factory.mktemp("chromium"))
    yield started
    started.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
