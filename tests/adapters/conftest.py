"""What the tests of adapters share: a database of their own on MariaDB, where those systems live. The operator's
repository is written as in the live tests."""

import sys
from pathlib import Path

import pytest
from borrowing import Lending
from engines import ServerPlace, place
from mumara_stand import Mumara
from mumara_stand import founded as mumara_founded

for room in ("live", "contract"):
    sys.path.insert(0, str(Path(__file__).parent.parent / room))


@pytest.fixture
def vacant(lending: Lending, tmp_path: Path) -> ServerPlace:
    """An empty database, and the name of a schema for memory beside it."""
    found = place("mariadb", lending, tmp_path)
    assert isinstance(found, ServerPlace)
    return found


@pytest.fixture
def mumara(vacant: ServerPlace, tmp_path: Path) -> Mumara:
    """A Mumara that has been run for years, and a repository without any file."""
    return mumara_founded(vacant, tmp_path / "repository")
