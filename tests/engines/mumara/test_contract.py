"""The contract suite on Mumara. What it says of the built-in tables by SQL is said here of Mumara's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError, TargetError
from reconciler.model.facts import SAMPLE, NeededFacts
from reconciler.model.ref import Ref
from reconciler.model.values import same
from tests.contract.boundaries import STOCK, boundaries
from tests.contract.stands import Stand, refs
from tests.contract.test_roundtrip import (  # noqa: F401  # collected here
    every_value_comes_back,
    test_a_new_object_holds_every_supported_field_with_the_vocabulary_s_defaults,
    test_any_combination_survives_insert_then_update,
    test_catalogues_hold_all_names,
    test_it_says_what_it_holds_and_creates,
    test_live_records_say_where_they_are_without_any_id,
    test_none_clears_a_reference,
    test_reading_what_is_not_there_leaves_it_out,
)
from tests.contract.test_writing import (  # noqa: F401  # collected here
    test_a_delete_takes_what_belongs_to_the_object_alone,
    test_a_reader_sees_one_moment,
    test_a_reassign_moves_everybody,
    test_a_rename_keeps_the_row_and_all_that_points_at_it,
    test_begin_twice_is_one_transaction_and_a_commit_may_come_before,
    test_leaving_the_door_without_a_commit_writes_nothing,
)
from tests.engines.mumara.contract import MumaraStand
from tests.support.engines import ServerPlace, place
from tests.support.mumara import load, target
from tests.support.server_pool import ServerPool

FIRST, SECOND, ROLE = refs("package/first package", "package/second package", "role/first role")


@pytest.fixture(scope="module")
def standing(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> MumaraStand:
    found = place("mariadb", pool, tmp_path_factory.mktemp("contract"))
    assert isinstance(found, ServerPlace)
    load(found, "mumara_tables.sql")
    MumaraStand(target(found), found).cleared()
    return MumaraStand(target(found), found)


@pytest.fixture
def stand(standing: MumaraStand) -> Stand:
    standing.cleared().stock(STOCK)
    standing.load({kind: {f"first {kind}": {}, f"second {kind}": {}} for kind in ("role", "package")})
    return standing


@pytest.mark.parametrize("kind", ["role", "package", "tenant"])
def test_every_value_comes_back_after_insert_and_after_update(stand: Stand, kind: str) -> None:
    """Overrides have a test of their own: not every value of every field can be overridden."""
    held = stand.target.supports[kind] - {"overrides"}
    every_value_comes_back(stand, kind, [field for field in KINDS.held[kind] if field.name in held])


def test_every_override_comes_back(stand: Stand) -> None:
    (field,) = (field for field in KINDS.held["tenant"] if field.name == "overrides")
    values = [value for value in boundaries("tenant", field) if stand.holds("tenant", "overrides", value)]
    assert len(values) > 8
    keys = [f"user {number}" for number in range(len(values))]
    stand.load({"tenant": {key: {} for key in keys}})
    for turned in (values, values[1:] + values[:1]):
        wanted = dict(zip(keys, turned, strict=True))
        with stand.target.writer() as writer:
            writer.begin()
            writer.update("tenant", {key: {"overrides": value} for key, value in wanted.items()})
            writer.commit()
        for key, value in wanted.items():
            assert same(stand.live("tenant", key).values["overrides"], value)


BAD_WRITES: dict[str, Any] = {
    "update of nothing": lambda w: w.update("package", {"none such": {"sending.daily_limit": 1}}),
    "rename of nothing": lambda w: w.rename("package", {"none such": "x"}),
    "delete of nothing": lambda w: w.delete("package", ["none such"]),
    "reassign to nothing": lambda w: w.reassign(FIRST, "none such"),
    "dangling reference": lambda w: w.insert("package", {"new": {"role": "none such"}}),
    "unknown asset": lambda w: w.update("package", {"first package": {"assets.sending_nodes": ("none such",)}}),
    "unknown permission": lambda w: w.update("role", {"first role": {"permissions": ("none such",)}}),
    "taken name": lambda w: w.insert("package", {"first package": {}}),
}


@pytest.mark.parametrize("write", BAD_WRITES.values(), ids=BAD_WRITES.keys())
def test_a_bad_write_says_so_and_rolls_back_to_the_byte(stand: Stand, write: Any) -> None:
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"written before": {}})
        with pytest.raises(TargetError) as caught:
            write(writer)
        writer.rollback()
    assert stand.image() == before
    assert "SELECT" not in caught.value.message and "INSERT" not in caught.value.message


def test_a_reader_has_no_pen(stand: Stand) -> None:
    with pytest.raises(ReconcilerError), stand.target.reader() as reader:
        reader.session.exec_driver_sql("UPDATE packages SET package_name = 'x'")
    assert stand.live("package", "first package").key == "first package"


def test_users_of_any_status_count_and_few_are_named(stand: Stand) -> None:
    users: dict[str, Any] = {f"user {n:02}": {"package": "first package"} for n in range(15)}
    users |= {
        "asleep": {"package": "first package", "status": "suspended"},
        "left": {"package": "first package", "status": "closed"},
        "binned": {"package": "first package", "status": "closed"},
        "child": {"package": "first package"},
        "elsewhere": {"package": "second package"},
        "free": {"package": "none"},
    }
    stand.load({"tenant": users})
    stand.sql("UPDATE users SET deleted_at = '2025-01-01' WHERE email = 'binned'")
    stand.sql("UPDATE users SET parent_id = 7 WHERE email = 'child'")
    question = NeededFacts(holders=frozenset({FIRST, SECOND, ROLE, Ref("package", "none such")}))
    with stand.target.reader() as reader:
        facts, snapshot = reader.facts(question), reader.snapshot()
    with stand.target.writer() as writer:
        writer.begin()
        assert writer.facts(question) == facts
        writer.rollback()
    holders = facts.holders[FIRST]
    assert (holders.count, holders.binned, holders.unnamed) == (19, 1, 1)
    assert holders.by_status == {"active": 16, "closed": 1, "suspended": 1}
    assert holders.sample == ("asleep", "binned", "left", *(f"user {n:02}" for n in range(SAMPLE - 3)))
    assert facts.holders[SECOND].sample == ("elsewhere",)
    assert not {"binned", "child"} & set(snapshot.sheets["tenant"])
    assert snapshot.taken == {"tenant": {"binned", "child", "root@esp.example"}}


def test_pointers_are_what_refers_without_being_a_user(stand: Stand) -> None:
    stand.load({"package": {"holder": {"role": "first role"}}})
    facts = stand.facts(pointers={FIRST, ROLE})
    assert facts.pointers == {FIRST: (), ROLE: ((Ref("package", "holder"), "role"),)}
    assert facts.protection == {"package": "C", "role": "C"} and facts.cascades == {}


def test_deleted_rows_come_back_as_they_were(stand: Stand) -> None:
    whole = {
        "role": "first role",
        "headers": {"X-A": "x"},
        "assets.sending_nodes": ("a", "zwölf"),
        "require.dkim": True,
    }
    stand.load({"package": {"doomed": whole}})
    stand.sql("UPDATE packages SET modules = 'kept', created_at = '2019-05-04 03:02:01' WHERE package_name = 'doomed'")
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


def test_writing_in_bulk_gives_what_writing_one_by_one_gives(stand: Stand) -> None:
    drafts: dict[str, Any] = {
        f"user {n}": {"package": "first package", "overrides": {"sending.daily_limit": n} if n % 2 else {}}
        for n in range(1_203)
    }
    stand.load({"tenant": drafts})
    with stand.target.writer() as writer:
        writer.begin()
        writer.update("tenant", {key: {"status": "closed", "overrides": {"limits.contacts": 9}} for key in drafts})
        found = writer.read([Ref("tenant", key) for key in drafts])
        writer.commit()
    assert len(found) == 1_203
    assert {record.values["status"] for record in found.values()} == {"closed"}
    assert all(record.values["overrides"] == {"limits.contacts": 9} for record in found.values())
    with stand.target.reader() as reader:
        assert dict(reader.snapshot().sheets["tenant"]) == {ref.key: record for ref, record in found.items()}
