"""What a revert asks: who is on an object, moving some of them, names taken out of a map, deleted rows put back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.model.ref import Ref
from reconciler.testing.stand import Stand
from reconciler.testing.suite.roundtrip import sample

__all__ = [
    "test_a_name_without_a_value_is_taken_out_of_a_map",
    "test_deleted_rows_come_back_as_they_were",
    "test_only_the_chosen_are_moved_as_far_as_they_are_there",
    "test_who_is_on_it_is_told_through_both_doors",
]

FIRST, SECOND = Ref("package", "first package"), Ref("package", "second package")
PEOPLE = tuple(f"{name}@x.example" for name in ("a", "b", "c"))


def _loaded(stand: Stand) -> None:
    stand.needs("tenant.package")
    stand.load({"tenant": {key: {"package": FIRST.key} for key in PEOPLE}})


def test_who_is_on_it_is_told_through_both_doors(stand: Stand) -> None:
    """A reader and a writer name the same users."""
    _loaded(stand)
    with stand.target.reader() as reader:
        assert reader.members(FIRST) == {"tenant": PEOPLE}
        assert reader.members(SECOND) == {}
        assert reader.members(Ref("package", "none such")) == {}
        assert reader.members(Ref("tenant", PEOPLE[0])) == {}
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.members(FIRST) == {"tenant": PEOPLE}
        writer.rollback()


def test_only_the_chosen_are_moved_as_far_as_they_are_there(stand: Stand) -> None:
    """Of the chosen those are moved who are still on it; names are compared to the letter."""
    _loaded(stand)
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.reassign(FIRST, SECOND.key, {"tenant": (PEOPLE[0], "A@x.example", "z@x.example")}) == 1
        assert writer.reassign(FIRST, SECOND.key, {"tenant": PEOPLE[:1]}) == 0
        assert writer.members(FIRST) == {"tenant": PEOPLE[1:]}
        assert writer.reassign(FIRST, SECOND.key, {}) == 0
        writer.commit()


def test_a_name_without_a_value_is_taken_out_of_a_map(stand: Stand) -> None:
    """Of a map that is not owned whole, a name whose value is None goes and the others stay."""
    stand.needs("package.options")
    before = stand.live("package", FIRST.key).values["options"]
    assert isinstance(before, Mapping)
    stand.change("package", {FIRST.key: {"options": {"a": "1", "b": "2"}}})
    removing: Any = {"options": {"a": None, "c": "3", "not there": None}}
    stand.change("package", {FIRST.key: removing})
    assert stand.live("package", FIRST.key).values["options"] == {**before, "b": "2", "c": "3"}


def test_deleted_rows_come_back_as_they_were(stand: Stand) -> None:
    """Deleted, then restored from what `raw` gave, is as before to the byte: with columns that no field speaks of."""
    stand.creates("package")
    stand.load({"package": {"doomed": sample(stand, "package")}})
    stand.mark("package", "doomed")
    before, image = stand.live("package", "doomed"), stand.image()
    ref = Ref("package", "doomed")
    with stand.target.writer() as writer:
        writer.begin()
        raw: Any = json.loads(json.dumps(writer.raw([ref])[ref]))
        writer.delete("package", ["doomed"])
        writer.commit()
    with stand.target.writer() as writer:
        writer.begin()
        writer.restore("package", {"doomed": before.values}, {"doomed": raw})
        writer.commit()
    assert stand.live("package", "doomed") == before
    assert stand.image() == image
