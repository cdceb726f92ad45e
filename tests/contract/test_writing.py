"""The write door: rename, reassign, delete, raw rows, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reconciler.model.errors import ReconcilerError, Refused, TargetError
from reconciler.model.ref import Ref
from reconciler.model.target import Writer
from tests.contract.stands import Stand, refs

pytestmark = pytest.mark.every_run


def test_a_rename_keeps_the_row_and_all_that_points_at_it(stand: Stand) -> None:
    stand.load({"tenant": {"user": {"package": "first package"}}})
    with stand.target.writer() as writer:
        writer.begin()
        writer.rename("package", {"first package": "Growth"})
        writer.rename("package", {})
        writer.commit()
    assert stand.live("tenant", "user").values["package"] == "Growth"
    with stand.target.reader() as reader:
        assert set(reader.snapshot().sheets["package"]) == {"Growth", "second package"}


def test_a_reassign_moves_everybody(stand: Stand) -> None:
    stand.load({"tenant": {f"user {n}": {"package": "first package"} for n in range(7)}})
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.reassign(Ref("package", "first package"), "second package") == 7
        assert writer.reassign(Ref("package", "first package"), "second package") == 0
        writer.commit()
    holders = stand.facts(holders=refs("package/first package", "package/second package")).holders
    assert [holders[ref].count for ref in refs("package/first package", "package/second package")] == [0, 7]


def test_a_delete_takes_what_belongs_to_the_object_alone(stand: Stand) -> None:
    whole = {"headers": {"X-A": "1"}, "options": {"a": "b"}, "assets.sending_nodes": ("a",)}
    stand.load({"package": {"doomed": whole}, "role": {"going": {"permissions": ("a", "zwölf")}}})
    with stand.target.writer() as writer:
        writer.begin()
        writer.delete("package", ["doomed"])
        writer.delete("role", ["going"])
        writer.delete("role", [])
        writer.commit()
    with stand.target.reader() as reader:
        snapshot = reader.snapshot()
    assert set(snapshot.sheets["package"]) == {"first package", "second package"}
    assert set(snapshot.sheets["role"]) == {"first role", "second role"}
    assert "a" in snapshot.catalogues["sending_node"]


@pytest.mark.parametrize(
    ("loads", "kind", "key"),
    [
        ({"tenant": {"user": {"package": "first package"}}}, "package", "first package"),
        ({"package": {"mover": {"quota.move_to": "first package"}}}, "package", "first package"),
        ({"package": {"mover": {"role": "first role"}}}, "role", "first role"),
    ],
)
def test_the_system_itself_refuses_to_delete_what_is_in_use(stand: Stand, loads: dict, kind: str, key: str) -> None:
    stand.load(loads)
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        with pytest.raises(Refused, match=f"{kind}/{key}.*still refers"):
            writer.delete(kind, [key])
        writer.rollback()
    assert stand.image() == before


def test_raw_rows_are_whole_and_go_through_json(stand: Stand) -> None:
    stand.load({"package": {"doomed": {"headers": {"X-A": "1"}, "assets.sending_nodes": ("a", "zwölf")}}})
    stand.sql("ALTER TABLE esp_package ADD COLUMN colour TEXT DEFAULT 'red'")
    with stand.target.writer() as writer:
        writer.begin()
        raw = writer.raw(refs("package/doomed", "package/none such"))
        writer.rollback()
    assert set(raw) == set(refs("package/doomed"))
    tables = json.loads(json.dumps(raw[Ref("package", "doomed")]))
    (own,) = tables["esp_package"]
    assert (own["name"], own["sending_daily_limit"], own["colour"]) == ("doomed", -1, "red")
    assert [row["value"] for row in tables["esp_package_headers"]] == ["1"]
    assert len(tables["esp_package_assets_sending_nodes"]) == 2


BAD_WRITES: dict[str, Callable[[Writer], object]] = {
    "update of nothing": lambda w: w.update("package", {"none such": {"sending.daily_limit": 1}}),
    "rename of nothing": lambda w: w.rename("package", {"none such": "x"}),
    "rename onto another": lambda w: w.rename("package", {"first package": "second package"}),
    "delete of nothing": lambda w: w.delete("package", ["none such"]),
    "reassign to nothing": lambda w: w.reassign(Ref("package", "first package"), "none such"),
    "dangling reference": lambda w: w.insert("package", {"new": {"role": "none such"}}),
    "unknown asset": lambda w: w.update("package", {"first package": {"assets.sending_nodes": ("none such",)}}),
    "taken name": lambda w: w.insert("package", {"first package": {}}),
}


@pytest.mark.parametrize("write", BAD_WRITES.values(), ids=BAD_WRITES.keys())
def test_a_bad_write_says_so_and_rolls_back_to_the_byte(stand: Stand, write: Callable[[Writer], object]) -> None:
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"written before": {}})
        with pytest.raises(TargetError) as caught:
            write(writer)
        writer.rollback()
    assert stand.image() == before
    assert "SELECT" not in caught.value.message and "INSERT" not in caught.value.message


def test_leaving_the_door_without_a_commit_writes_nothing(stand: Stand) -> None:
    before = stand.image()
    with pytest.raises(RuntimeError), stand.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"half": {}})
        raise RuntimeError("interrupted")
    assert stand.image() == before


def test_a_reader_has_no_pen(stand: Stand) -> None:
    with pytest.raises(ReconcilerError), stand.target.reader() as reader:
        reader.snapshot()
        reader.session.exec_driver_sql("UPDATE esp_package SET name = 'x'")
    assert stand.live("package", "first package").key == "first package"


def test_a_reader_sees_one_moment(stand: Stand) -> None:
    with stand.target.reader() as reader:
        first = reader.snapshot()
        stand.load({"package": {"late": {}}})
        assert set(reader.snapshot().sheets["package"]) == set(first.sheets["package"])
    with stand.target.reader() as reader:
        assert "late" in reader.snapshot().sheets["package"]


def test_begin_twice_is_one_transaction_and_a_commit_may_come_before(stand: Stand) -> None:
    with stand.target.writer() as writer:
        writer.session.exec_driver_sql("SELECT 1")
        writer.session.commit()
        writer.begin()
        writer.begin()
        writer.insert("role", {"new": {}})
        writer.commit()
    assert stand.live("role", "new").key == "new"
