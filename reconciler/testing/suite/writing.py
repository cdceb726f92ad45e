"""The write door: rename, reassign, delete, raw rows, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest

from reconciler.model.errors import ReconcilerError, Refused, TargetError
from reconciler.model.ref import Ref
from reconciler.model.target import Writer
from reconciler.testing.stand import Stand
from reconciler.testing.suite.roundtrip import sample

__all__ = [
    "test_a_bad_write_says_so_and_rolls_back_to_the_byte",
    "test_a_delete_takes_what_belongs_to_the_object_alone",
    "test_a_reader_cannot_write",
    "test_a_reader_sees_one_moment",
    "test_a_reassign_moves_everybody",
    "test_a_rename_keeps_the_row_and_all_that_points_at_it",
    "test_begin_twice_is_one_transaction_and_a_commit_may_come_before",
    "test_leaving_the_door_without_a_commit_writes_nothing",
    "test_raw_rows_are_whole_and_go_through_json",
    "test_what_protects_itself_refuses_to_be_deleted_while_in_use",
]

FIRST, SECOND = Ref("package", "first package"), Ref("package", "second package")


def test_a_rename_keeps_the_row_and_all_that_points_at_it(stand: Stand) -> None:
    """Users of what is renamed are on it afterwards."""
    stand.creates("package")
    stand.needs("tenant.package")
    stand.load({"tenant": {"user": {"package": FIRST.key}}})
    with stand.target.writer() as writer:
        writer.begin()
        writer.rename("package", {FIRST.key: "Growth"})
        writer.rename("package", {})
        writer.commit()
    assert stand.live("tenant", "user").values["package"] == "Growth"
    with stand.target.reader() as reader:
        assert set(reader.snapshot().sheets["package"]) == {"Growth", SECOND.key}


def test_a_reassign_moves_everybody(stand: Stand) -> None:
    """All users of one object are users of the other, and it says how many were moved."""
    stand.needs("tenant.package")
    stand.load({"tenant": {f"user {n}": {"package": FIRST.key} for n in range(7)}})
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.reassign(FIRST, SECOND.key) == 7
        assert writer.reassign(FIRST, SECOND.key) == 0
        writer.commit()
    holders = stand.facts(holders=[FIRST, SECOND]).holders
    assert [holders[ref].count for ref in (FIRST, SECOND)] == [0, 7]


@pytest.mark.parametrize("kind", ["role", "package"])
def test_a_delete_takes_what_belongs_to_the_object_alone(stand: Stand, kind: str) -> None:
    """After a delete the database is as it was before the object came, and a delete that is rolled back did nothing."""
    stand.creates(kind)
    before = stand.image()
    stand.load({kind: {"doomed": sample(stand, kind)}})
    whole = stand.image()
    assert whole != before
    with stand.target.writer() as writer:
        writer.begin()
        writer.delete(kind, ["doomed"])
        writer.rollback()
    assert stand.image() == whole
    with stand.target.writer() as writer:
        writer.begin()
        writer.delete(kind, ["doomed"])
        writer.delete(kind, [])
        writer.commit()
    assert stand.image() == before


@pytest.mark.parametrize(
    ("kind", "field", "used"),
    [("tenant", "package", FIRST), ("package", "quota.move_to", FIRST), ("package", "role", Ref("role", "first role"))],
)
def test_what_protects_itself_refuses_to_be_deleted_while_in_use(
    stand: Stand, kind: str, field: str, used: Ref
) -> None:
    """A target that says `A` of a kind means it: the system itself refuses."""
    stand.needs(f"{kind}.{field}")
    stand.creates(used.kind)
    if stand.facts(pointers=[used]).protection[used.kind] != "A":
        pytest.skip(f"{stand.target.type} does not say that {used.kind} protects itself")
    stand.load({kind: {"using": {field: used.key}}})
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        with pytest.raises(Refused, match=str(used)):
            writer.delete(used.kind, [used.key])
        writer.rollback()
    assert stand.image() == before


def test_raw_rows_are_whole_and_go_through_json(stand: Stand) -> None:
    """`raw` gives the rows of what is live, as JSON can say them."""
    kind = stand.any_kind()
    stand.load({kind: {"kept": sample(stand, kind)}})
    kept = Ref(kind, "kept")
    with stand.target.writer() as writer:
        writer.begin()
        raw = writer.raw([kept, Ref(kind, "none such")])
        writer.rollback()
    assert set(raw) == {kept}
    assert json.loads(json.dumps(raw[kept])) == raw[kept]
    assert any("kept" in row.values() for rows in raw[kept].values() for row in rows)


class BadWrite(NamedTuple):
    """`needs`: what the system must have for this to be wrong in it; `creates`: a kind whose objects it must create."""

    write: Callable[[Writer], object]
    needs: str
    creates: str = "package"


BAD_WRITES = {
    "update of nothing": BadWrite(lambda w: w.update("package", {"none such": {}}), "package"),
    "rename of nothing": BadWrite(lambda w: w.rename("package", {"none such": "x"}), "package"),
    "delete of nothing": BadWrite(lambda w: w.delete("package", ["none such"]), "package"),
    "reassign to nothing": BadWrite(lambda w: w.reassign(FIRST, "none such"), "tenant.package"),
    "taken name": BadWrite(lambda w: w.insert("package", {FIRST.key: {}}), "package"),
    "no such role": BadWrite(lambda w: w.insert("package", {"new": {"role": "none such"}}), "package.role"),
    "no such successor": BadWrite(
        lambda w: w.insert("package", {"new": {"quota.move_to": "none such"}}), "package.quota.move_to"
    ),
    "no such node": BadWrite(
        lambda w: w.update("package", {FIRST.key: {"assets.sending_nodes": ("none such",)}}),
        "package.assets.sending_nodes",
    ),
    "no such permission": BadWrite(
        lambda w: w.update("role", {"first role": {"permissions": ("none such",)}}), "role.permissions", "role"
    ),
}


@pytest.mark.parametrize("bad", BAD_WRITES.values(), ids=BAD_WRITES.keys())
def test_a_bad_write_says_so_and_rolls_back_to_the_byte(stand: Stand, bad: BadWrite) -> None:
    """What cannot be written raises TargetError without any SQL in it, and nothing of the transaction stays."""
    stand.needs(bad.needs)
    stand.creates(bad.creates)
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert(bad.creates, {"written before": {}})
        with pytest.raises(TargetError) as caught:
            bad.write(writer)
        writer.rollback()
    assert stand.image() == before
    assert "SELECT" not in caught.value.message and "INSERT" not in caught.value.message


def test_leaving_the_door_without_a_commit_writes_nothing(stand: Stand) -> None:
    """An error between `begin` and `commit` leaves everything as it was."""
    kind = stand.any_kind()
    stand.load({kind: {"object": {}}})
    before = stand.image()
    with pytest.raises(RuntimeError), stand.target.writer() as writer:
        writer.begin()
        writer.rename(kind, {"object": "half"})
        raise RuntimeError("interrupted")
    assert stand.image() == before


def test_a_reader_cannot_write(stand: Stand) -> None:
    """A reader's connection refuses to write, whoever asks it."""
    kind = stand.any_kind()
    stand.load({kind: {"object": {}}})
    before = stand.image()
    with pytest.raises(ReconcilerError), stand.target.reader() as reader:
        reader.snapshot()
        reader.session.exec_driver_sql(stand.writing_sql())
    assert stand.image() == before


def test_a_reader_sees_one_moment(stand: Stand) -> None:
    """What is committed after a reader's first look is not in its second."""
    kind = stand.any_kind()
    with stand.target.reader() as reader:
        first = reader.snapshot()
        stand.load({kind: {"late": {}}})
        assert set(reader.snapshot().sheets[kind]) == set(first.sheets[kind])
    with stand.target.reader() as reader:
        assert "late" in reader.snapshot().sheets[kind]


def test_begin_twice_is_one_transaction_and_a_commit_may_come_before(stand: Stand) -> None:
    """Memory has its own transaction on the same connection before the target's begins."""
    kind = stand.any_kind()
    stand.load({kind: {"object": {}}})
    with stand.target.writer() as writer:
        writer.session.exec_driver_sql("SELECT 1")
        writer.session.commit()
        writer.begin()
        writer.begin()
        writer.rename(kind, {"object": "new"})
        writer.commit()
    assert stand.live(kind, "new").key == "new"
