"""Single entries taken back, where no target of ours gets: what it does not create, and fields it has no place for."""

from __future__ import annotations

from reconciler.engine.notes import NAMED, irreversible
from reconciler.engine.undo import Undo
from reconciler.engine.verify import new_object, removed_values
from reconciler.engine.write import among, member_count
from reconciler.kinds import KINDS
from reconciler.model.change import Cause, Delete, Effect, FieldDelta, ItemDelta, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import HistoryEntry
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin, Ref

GROWTH = Ref("package", "Growth")
LIVE = {
    "package": sheet_of(
        "package",
        {"Growth": Record(kind="package", key="Growth", values={"sending.daily_limit": 7}, origin=Origin("t"))},
    )
}


def undoing(fields: frozenset[str], creates: frozenset[str] = frozenset()) -> Undo:
    return Undo(
        vocabulary=KINDS,
        live=LIVE,
        names={},
        managed={},
        members={},
        supports={"package": fields},
        creates=creates,
    )


def found(entry: HistoryEntry, fields: frozenset[str] = frozenset()) -> Finding:
    (finding,) = undoing(fields).changes(entry)
    assert isinstance(finding, Finding)
    return finding


def test_a_field_that_the_target_or_the_vocabulary_has_no_place_for() -> None:
    for name in ("sending.daily_limit", "gone.field"):
        finding = found(HistoryEntry(ref=GROWTH, action="update", before={name: 5}, after={name: 7}))
        assert (finding.code, finding.severity) == ("moved-on", Severity.LEFT_OUT)
        assert f"{name}: the target has no place for it" in finding.message


def test_what_the_target_does_not_create_stays_deleted() -> None:
    finding = found(HistoryEntry(ref=Ref("package", "Old"), action="delete", before={}, after=None))
    assert (finding.code, finding.severity) == ("not-revertible", Severity.LEFT_OUT)


def test_an_entry_of_another_sort_is_nothing() -> None:
    assert list(undoing(frozenset()).changes(HistoryEntry(ref=GROWTH, action="forget", before={}, after=None))) == []


def test_a_deletion_where_nothing_is_created_is_said_in_its_plan() -> None:
    gone = Delete(ref=GROWTH, before={"role": "Nobody", "headers": {"a": "b"}, "strange": 1})
    plans = [gone] * (NAMED + 3)
    notes = list(irreversible(plans, KINDS, LIVE, {}, creates=()))
    assert {note.code for note in notes} == {"not-revertible"}
    assert sum("creates no package" in note.message for note in notes) == len(plans)
    assert sum(note.field == "role" for note in notes) == NAMED
    assert notes[-1].message.startswith("3 more values")


def test_what_an_update_takes_away() -> None:
    items = (
        ItemDelta(item="b", before="2", after=None, effect=Effect.NEUTRAL),
        ItemDelta(item="a", before="1", after="0", effect=Effect.NEUTRAL),
    )
    options = FieldDelta(
        name="options",
        before={"a": "1", "b": "2"},
        after={"a": "0"},
        cause=Cause.CHANGE,
        effect=Effect.NEUTRAL,
        items=items,
    )
    move = FieldDelta(name="quota.move_to", before="X", after=None, cause=Cause.CHANGE, effect=Effect.NEUTRAL)
    update = Update(ref=GROWTH, before={}, after={}, fields=(options, move), cause=Cause.CHANGE)
    assert new_object(update, KINDS) == {"options": {"a": "0", "b": None}, "quota.move_to": None}
    assert list(removed_values(update, {}, KINDS)) == []
    assert list(removed_values(update, {"options": {"a": "0"}}, KINDS)) == []
    assert list(removed_values(update, {"options": {"b": "2", "c": "3"}, "quota.move_to": "X"}, KINDS)) == [
        ("options", {"b": "2"}),
        ("quota.move_to", "X"),
    ]


def test_members() -> None:
    there = {"tenant": ("a", "b"), "other": ("x",)}
    assert among(there, {"tenant": ("b", "c"), "none": ("z",)}) == {"tenant": ("b",)}
    assert member_count(there) == 3
