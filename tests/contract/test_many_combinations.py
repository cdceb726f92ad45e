"""The law of any combination, over more of them."""

from __future__ import annotations

import pytest

from reconciler.testing.suite import stand  # noqa: F401  # a fixture
from reconciler.testing.suite.roundtrip import any_combination
from tests.contract.stand import NativeStand
from tests.support.scale import count


@pytest.mark.torture
def test_many_combinations_survive_insert_then_update(stand: NativeStand) -> None:  # noqa: F811
    any_combination(stand, examples=count(100, 25))
