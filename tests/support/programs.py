"""Programs of others that check what is made for them."""

from __future__ import annotations

import os
import shutil

import pytest

REQUIRE = "RECONCILER_REQUIRE_TOOLS"


def program(name: str, package: str) -> str:
    """Its path; where it is missing the test is left out by name, or fails where tools are required."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if os.environ.get(REQUIRE) == "1" else pytest.skip)(
            f"{name} (Debian's package {package}) is missing"
        )
    return found
