"""The reconciler's contract suite, on Postal."""

from pathlib import Path

import pytest
from postal_stand import PostalStand, postal

from reconciler.testing.suite import *


@pytest.fixture
def empty_stand(tmp_path: Path) -> PostalStand:
    """A Postal without any object."""
    return postal(tmp_path)
