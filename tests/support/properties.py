"""A property is tried on few examples in `make test`, and on many in the torture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from tests.support.scale import count

SHORT, LONG = 2, 10
"""Times as many examples in the torture of CI, and in the whole one."""

NEW = count(1, 0)
"""Whether the torture draws examples that nobody has seen; the one of CI and `make test` draw the same ones always."""

WITHOUT_HASTE = settings(deadline=None)


def tried(
    *drawn: SearchStrategy[Any], examples: int, profile: settings = WITHOUT_HASTE
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of what holds for everything drawn; in place of `@settings` and `@given`."""
    many = count(examples * LONG, examples * SHORT)

    def of(prove: Callable[..., None]) -> Callable[..., None]:
        @pytest.mark.parametrize("number", [examples, pytest.param(many, marks=pytest.mark.torture)])
        def test(number: int) -> None:
            settings(profile, max_examples=number, derandomize=not NEW or number == examples)(given(*drawn)(prove))()

        test.__doc__ = prove.__doc__
        return test

    return of
