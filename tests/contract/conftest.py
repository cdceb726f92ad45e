"""The built-in ESP on every engine, without any object."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.contract.stand import NativeStand, native
from tests.support.engines import ENGINES, SqlitePlace, place
from tests.support.server_pool import ServerPool


@pytest.fixture(scope="session")
def stands(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], NativeStand]:
    """Made once for each engine: a new one takes longer than to empty one."""

    @cache
    def of(engine: str) -> NativeStand:
        made = native(place(engine, pool, tmp_path_factory.mktemp(engine)))
        if isinstance(made.place, SqlitePlace):
            shutil.copyfile(file_of(made), image_of(made))
        return made

    return of


@pytest.fixture(params=ENGINES, ids=lambda engine: f"native on {engine}")
def empty_stand(request: pytest.FixtureRequest, stands: Callable[[str], NativeStand]) -> NativeStand:
    found = stands(request.param)
    if isinstance(found.place, SqlitePlace):
        for file in file_of(found).parent.glob(f"{file_of(found).name}*"):
            file.unlink()
        shutil.copyfile(image_of(found), file_of(found))
    else:
        found.place.empty()
    return found


def file_of(stand: NativeStand) -> Path:
    return Path(stand.place.url.removeprefix("sqlite:///"))


def image_of(stand: NativeStand) -> Path:
    """What the file was like when it was new."""
    return file_of(stand).with_name("image")
