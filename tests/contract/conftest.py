"""Every target under the contract, without any object and with a few."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from tests.contract.boundaries import STOCK
from tests.contract.stands import Stand, native
from tests.support.engines import ENGINES, SqlitePlace, place
from tests.support.server_pool import ServerPool


@pytest.fixture(scope="session")
def stands(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stand]:
    """Made once for each engine: a new one takes longer than to empty one."""

    @cache
    def of(engine: str) -> Stand:
        made = native(place(engine, pool, tmp_path_factory.mktemp(engine)))
        if isinstance(made.place, SqlitePlace):
            shutil.copyfile(file_of(made), image_of(made))
        return made

    return of


@pytest.fixture(params=ENGINES, ids=lambda engine: f"native on {engine}")
def empty(request: pytest.FixtureRequest, stands: Callable[[str], Stand]) -> Stand:
    """A target without any object."""
    found = stands(request.param)
    if isinstance(found.place, SqlitePlace):
        for file in file_of(found).parent.glob(f"{file_of(found).name}*"):
            file.unlink()
        shutil.copyfile(image_of(found), file_of(found))
    else:
        found.place.empty()
    return found


def file_of(stand: Stand) -> Path:
    return Path(stand.place.url.removeprefix("sqlite:///"))


def image_of(stand: Stand) -> Path:
    """What the file was like when it was new."""
    return file_of(stand).with_name("image")


@pytest.fixture
def stand(empty: Stand) -> Stand:
    """Two objects of every kind that others refer to, and stocked catalogues."""
    empty.stock(STOCK)
    referred = {reference.kind for pairs in KINDS.references.values() for _, reference in pairs}
    empty.load({kind: {f"first {kind}": {}, f"second {kind}": {}} for kind in referred})
    return empty
