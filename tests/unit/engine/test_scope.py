"""Globs over references, and references offline."""

from __future__ import annotations

import pytest

from reconciler.engine.globs import Globs
from reconciler.engine.references import dangling
from reconciler.kinds import KINDS
from reconciler.model.facts import Desired
from reconciler.model.ref import Ref
from tests.unit.engine.plans import sheets


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("package/Growth*", "package/Growth Plan", "package/growth"),
        ("*/a", "role/a", "role/b"),
        ("tenant", "tenant/anyone@x.example", "role/tenant"),
    ],
)
def test_globs(pattern: str, inside: str, outside: str) -> None:
    assert Ref.parse(inside) in Globs([pattern])
    assert Ref.parse(outside) not in Globs([pattern])
    assert not Globs([])
    assert Globs([pattern]).among("nothing", ["x"]) == set()


def test_a_reference_that_parses_badly_says_how_to_write_it() -> None:
    with pytest.raises(ValueError, match="write kind/name"):
        Ref.parse("Growth")


def test_offline_a_successor_may_be_live_and_what_goes_is_referenced() -> None:
    files = {
        "package/Old": {"lifecycle": "removed", "reassign_to": "LiveOnly"},
        "package/Next": {"upgrade_to": "Nowhere"},
        "tenant/a@x.example": {"package": "Old"},
    }
    desired = Desired(sheets=sheets(files, "", live=False))
    findings = dangling(desired, KINDS, Globs(()), to_delete=frozenset({Ref("package", "Old")}))
    assert [(f.code, str(f.ref), f.field) for f in findings] == [
        ("dangling", "package/Next", "upgrade_to"),
        ("referenced", "tenant/a@x.example", "package"),
    ]
