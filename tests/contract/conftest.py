from pathlib import Path

import pytest
from boundaries import STOCK
from stands import STANDS, Stand

from reconciler.kinds import KINDS


@pytest.fixture(params=STANDS.values(), ids=STANDS.keys())
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    """A target without any object."""
    return request.param(tmp_path)


@pytest.fixture
def stand(empty: Stand) -> Stand:
    """Two objects of every kind that others refer to, and stocked catalogues."""
    empty.stock(STOCK)
    referred = {reference.kind for pairs in KINDS.references.values() for _, reference in pairs}
    empty.load({kind: {f"first {kind}": {}, f"second {kind}": {}} for kind in referred})
    return empty
