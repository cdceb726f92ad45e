"""What a revert asks of every target: who is on an object, moving some of them, taking names out of a map, putting
deleted rows back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.model.ref import Ref
from tests.contract.stands import Stand

pytestmark = pytest.mark.every_run

FIRST, SECOND = Ref("package", "first"), Ref("package", "second")
PEOPLE = {f"{name}@x.example": {"package": "first"} for name in ("a", "b", "c")}


@pytest.fixture
def loaded(stand: Stand) -> Stand:
    first = {"role": "r", "options": {"a": "1", "b": "2"}, "headers": {"X-A": "x"}}
    stand.load({"role": {"r": {}}, "package": {"first": first}, "tenant": PEOPLE})
    stand.load({"package": {"second": {"role": "r", "quota.action": "move", "quota.move_to": "first"}}})
    return stand


def test_who_is_on_it_is_told_through_both_doors(loaded: Stand) -> None:
    everyone = {"tenant": tuple(sorted(PEOPLE))}
    with loaded.target.reader() as reader:
        assert reader.members(FIRST) == everyone
        assert reader.members(SECOND) == {}
        assert reader.members(Ref("package", "none such")) == {}
        assert reader.members(Ref("tenant", "a@x.example")) == {}
    with loaded.target.writer() as writer:
        writer.begin()
        assert writer.members(FIRST) == everyone
        writer.rollback()


def test_only_the_chosen_are_moved_as_far_as_they_are_there(loaded: Stand) -> None:
    with loaded.target.writer() as writer:
        writer.begin()
        assert writer.reassign(FIRST, "second", {"tenant": ("a@x.example", "A@x.example", "z@x.example")}) == 1
        assert writer.reassign(FIRST, "second", {"tenant": ("a@x.example",)}) == 0
        assert writer.members(FIRST) == {"tenant": ("b@x.example", "c@x.example")}
        assert writer.reassign(FIRST, "second", {}) == 0
        writer.commit()


def test_a_name_without_a_value_is_taken_out_of_a_map(loaded: Stand) -> None:
    with loaded.target.writer() as writer:
        writer.begin()
        names: Any = {"options": {"a": None, "c": "3", "not there": None}}
        writer.update("package", {"first": names})
        writer.update("package", {"second": {"quota.move_to": None, "allowance.emails": 5}})
        writer.update("package", {"second": {"allowance.emails": None}})
        writer.commit()
    assert loaded.live("package", "first").values["options"] == {"b": "2", "c": "3"}
    assert not {"quota.move_to", "allowance.emails"} & loaded.live("package", "second").values.keys()


def test_deleted_rows_come_back_as_they_were(loaded: Stand) -> None:
    before, image = loaded.live("package", "second"), loaded.image()
    with loaded.target.writer() as writer:
        writer.begin()
        raw: Any = json.loads(json.dumps(writer.raw([SECOND])[SECOND]))
        writer.delete("package", ["second"])
        writer.commit()
    with loaded.target.writer() as writer:
        writer.begin()
        draft = {name: value for name, value in before.values.items() if name != "quota.move_to"}
        writer.restore("package", {"second": draft}, {"second": raw})
        writer.update("package", {"second": {"quota.move_to": "first"}})
        writer.commit()
    assert loaded.live("package", "second") == before
    assert loaded.image() == image
