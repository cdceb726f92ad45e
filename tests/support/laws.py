"""A law is proven for generated worlds: for a few in `make test`, for many in the torture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.support.esp import Esp, without_git
from tests.support.random_worlds import World
from tests.support.scale import count
from tests.support.working_copies import WorkingCopies

BOUNDED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Length:
    """How many worlds; fewer on servers, where what the engine adds to the law is there from the first ones."""

    sqlite: int
    servers: int


FEW = Length(3, 2)
MANY = Length(count(30, 8), count(10, 4))


@dataclass(frozen=True)
class Founding:
    """ESPs with catalogues and no customers: copies of `template`."""

    engine: str
    template: Esp
    copies: WorkingCopies

    def fresh(self, world: World, name: str = "law") -> Esp:
        """One with these files; several at once need names."""
        esp = self.copies.copy(self.template, name)
        esp.declare(world)
        return esp


def law(
    *, every_run: bool = False, **drawn: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of this law: it takes a Founding, and what is drawn for each example. `every_run`: on servers too."""
    few = pytest.param(FEW, marks=pytest.mark.every_run if every_run else ())

    def of(check: Callable[..., None]) -> Callable[..., None]:
        @pytest.mark.parametrize("length", [few, pytest.param(MANY, marks=pytest.mark.torture)], ids=["few", "many"])
        def test(founding: Founding, length: Length) -> None:
            @settings(BOUNDED, max_examples=length.sqlite if founding.engine == "sqlite" else length.servers)
            @given(**drawn)
            def look(**found: Any) -> None:
                check(founding, **found)

            with without_git():
                look()

        test.__doc__ = check.__doc__
        return test

    return of
