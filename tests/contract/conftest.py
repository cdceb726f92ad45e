"""Every target under the contract, without any object and with a few."""

from __future__ import annotations

from pathlib import Path

import pytest
from borrowing import Lending
from boundaries import STOCK
from engines import ENGINES, place
from stands import Stand, native

from reconciler.kinds import KINDS


@pytest.fixture(scope="session")
def stands() -> dict[str, Stand]:
    """Those on servers, where a new one takes longer than to empty one."""
    return {}


@pytest.fixture(params=ENGINES, ids=lambda engine: f"native on {engine}")
def empty(request: pytest.FixtureRequest, lending: Lending, stands: dict[str, Stand], tmp_path: Path) -> Stand:
    """A target without any object."""
    engine: str = request.param
    if engine == "sqlite":
        return native(place(engine, lending, tmp_path))
    if engine in stands:
        stands[engine].place.empty()
    else:
        stands[engine] = native(place(engine, lending, tmp_path))
    return stands[engine]


@pytest.fixture
def stand(empty: Stand) -> Stand:
    """Two objects of every kind that others refer to, and stocked catalogues."""
    empty.stock(STOCK)
    referred = {reference.kind for pairs in KINDS.references.values() for _, reference in pairs}
    empty.load({kind: {f"first {kind}": {}, f"second {kind}": {}} for kind in referred})
    return empty
