"""What the laws are tested on."""

from __future__ import annotations

import pytest

from reconciler.kinds import KINDS
from reconciler.testing.boundaries import STOCK
from reconciler.testing.stand import Stand

__all__ = ["stand"]


@pytest.fixture
def stand(empty_stand: Stand) -> Stand:
    """Two objects of every kind that others refer to, and stocked catalogues. `empty_stand` is the package's own."""
    empty_stand.stock(STOCK)
    referred = {reference.kind for pairs in KINDS.references.values() for _, reference in pairs}
    empty_stand.load({kind: {f"first {kind}": {}, f"second {kind}": {}} for kind in referred})
    return empty_stand
