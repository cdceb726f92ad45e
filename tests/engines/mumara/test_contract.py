"""The contract suite on Mumara."""

from __future__ import annotations

import pytest

from reconciler.model.ref import Ref
from reconciler.testing.suite import *  # noqa: F403  # collected here
from tests.engines.mumara.contract import MumaraStand
from tests.support.engines import ServerPlace, place
from tests.support.mumara import load, target
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.every_run

FIRST, ROLE = Ref("package", "first package"), Ref("role", "first role")


@pytest.fixture(scope="module")
def standing(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> MumaraStand:
    found = place("mariadb", pool, tmp_path_factory.mktemp("contract"))
    assert isinstance(found, ServerPlace)
    load(found, "mumara_tables.sql")
    MumaraStand(target(found), found).cleared()
    return MumaraStand(target(found), found)


@pytest.fixture
def empty_stand(standing: MumaraStand) -> MumaraStand:
    return standing.cleared()


def test_nothing_protects_itself_or_spreads(stand: MumaraStand) -> None:
    facts = stand.facts(pointers=[FIRST, ROLE])
    assert facts.protection == {"package": "C", "role": "C"}
    assert facts.cascades == {}
