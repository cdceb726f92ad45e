"""What is written is what is read, for every field and every edge of its type."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Reference, TextMap
from reconciler.model.values import Value, same
from tests.contract.boundaries import FIELDS, boundaries
from tests.contract.stands import Stand, refs
from tests.support.scale import count

pytestmark = pytest.mark.every_run


def test_it_says_what_it_holds_and_creates(stand: Stand) -> None:
    assert set(stand.target.supports) <= set(KINDS.kinds)
    for kind, fields in stand.target.supports.items():
        assert fields <= {field.name for field in KINDS.held[kind]}
    assert stand.target.creates <= set(stand.target.supports)


@pytest.mark.parametrize("kind", KINDS.kinds)
def test_every_value_comes_back_after_insert_and_after_update(stand: Stand, kind: str) -> None:
    supported = stand.target.supports.get(kind, frozenset())
    every_value_comes_back(stand, kind, [field for field in KINDS.held[kind] if field.name in supported])


def every_value_comes_back(stand: Stand, kind: str, fields: Sequence[Field]) -> None:
    """Objects of one field each, field by field; one transaction for all, because to begin takes longer."""
    expected: dict[str, tuple[Field, Value]] = {}
    values = {f.name: [v for v in boundaries(kind, f) if stand.holds(kind, f.name, v)] for f in fields}
    if kind not in stand.target.creates:
        stand.load({kind: {f"{name} {number}": {} for name in values for number in range(len(values[name]))}})
    with stand.target.writer() as writer:
        writer.begin()
        for field in fields:
            keys = [f"{field.name} {number}" for number in range(len(values[field.name]))]
            inserted = dict(zip(keys, values[field.name], strict=True))
            drafts = {key: {field.name: value} for key, value in inserted.items()}
            (writer.insert if kind in stand.target.creates else writer.update)(kind, drafts)
            found = writer.read([Ref(kind, key) for key in keys])
            for key, value in inserted.items():
                assert same(found[Ref(kind, key)].values[field.name], whole(stand, field, value)), (key, value)
            # Each object now takes the next one's value: every value replaces every kind of other.
            own = values[field.name]
            turned = dict(zip(keys, own[1:] + own[:1], strict=True))
            writer.update(kind, {key: {field.name: value} for key, value in turned.items()})
            for key, value in turned.items():
                expected[key] = (field, whole(stand, field, inserted[key], value))
        writer.commit()
    with stand.target.reader() as reader:
        live = reader.snapshot().sheets.get(kind, {})
    wrong = [key for key, (field, value) in expected.items() if not same(live[key].values[field.name], value)]
    assert not wrong
    assert {field.name for field, _ in expected.values()} == {field.name for field in fields}


def whole(stand: Stand, field: Field, *written: Value) -> Value:
    """What is there after these were written, one after the other; of a shared map all that anybody wrote."""
    if not isinstance(field.type, TextMap) or field.type.whole:
        return written[-1]
    merged: dict[str, Value] = {}
    for each in (stand.default(field), *written):
        assert isinstance(each, dict)
        merged |= each
    return merged


@pytest.mark.parametrize("kind", KINDS.kinds)
def test_a_new_object_holds_every_supported_field_with_the_vocabulary_s_defaults(stand: Stand, kind: str) -> None:
    if kind not in stand.target.creates:
        return
    stand.load({kind: {"bare": {}}})
    record = stand.live(kind, "bare")
    assert record.stated <= stand.target.supports[kind]
    for field in KINDS.held[kind]:
        if field.default is not None and field.name in stand.target.supports[kind]:
            assert same(record.values[field.name], stand.default(field)), field.name


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, f in FIELDS if isinstance(f.type, Reference)])
def test_none_clears_a_reference(stand: Stand, kind: str, field: Field) -> None:
    assert isinstance(field.type, Reference)
    if field.name not in stand.target.supports.get(kind, ()) or not stand.makes(kind):
        return
    stand.load({kind: {"one": {field.name: f"first {field.type.kind}"}}})
    with stand.target.writer() as writer:
        writer.begin()
        writer.update(kind, {"one": {field.name: None}})
        writer.commit()
    assert stand.live(kind, "one").values.get(field.name) == ("none" if field.type.none else None)


def test_live_records_say_where_they_are_without_any_id(stand: Stand) -> None:
    record = stand.live("package", "first package")
    assert record.origin.line is None
    assert not any(character.isdigit() for character in record.origin.place)


def test_catalogues_hold_all_names(stand: Stand) -> None:
    with stand.target.reader() as reader:
        catalogues = reader.snapshot().catalogues
    assert catalogues["permission"] == {"a", "contacts.import", "smtp-eu-1", "zwölf", "Ω-last"}


KIND_DRAFTS = {
    kind: st.fixed_dictionaries(
        {}, optional={f.name: st.sampled_from(list(boundaries(kind, f))) for f in KINDS.held[kind]}
    )
    for kind in KINDS.kinds
}


def held(stand: Stand, kind: str, draft: dict[str, Value]) -> dict[str, Value]:
    """The part of a draft that the system has a place for."""
    supported = stand.target.supports[kind]
    own = {name: value for name, value in draft.items() if name in supported and stand.holds(kind, name, value)}
    return dict(stand.fitting(kind, own))


@pytest.mark.parametrize("examples", [10, pytest.param(count(100, 25), marks=pytest.mark.torture, id="many")])
def test_any_combination_survives_insert_then_update(stand: Stand, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, phases=(Phase.explicit, Phase.generate))
    @given(choice=st.data())
    def look(choice: st.DataObject) -> None:
        survives(stand, choice)

    look()


def survives(stand: Stand, choice: st.DataObject) -> None:
    kind = choice.draw(st.sampled_from(sorted(stand.target.creates)))
    first = {f"hy {n}": held(stand, kind, choice.draw(KIND_DRAFTS[kind])) for n in range(3)}
    second = {key: held(stand, kind, choice.draw(KIND_DRAFTS[kind])) for key in first}
    fields = KINDS.fields[kind]
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert(kind, first)
        writer.update(kind, second)
        for ref, record in writer.read([Ref(kind, key) for key in first]).items():
            for name in {**first[ref.key], **second[ref.key]}:
                written = [draft[ref.key][name] for draft in (first, second) if name in draft[ref.key]]
                assert same(record.values[name], whole(stand, fields[name], *written)), name
        writer.rollback()


def test_writing_in_bulk_gives_what_writing_one_by_one_gives(stand: Stand) -> None:
    drafts = {
        f"user {n}": {"package": "first package", "overrides": {"sending.daily_limit": n} if n % 2 else {}}
        for n in range(1_203)
    }
    stand.load({"tenant": drafts})
    with stand.target.writer() as writer:
        writer.begin()
        writer.update("tenant", {key: {"status": "closed", "overrides": {"require.dkim": True}} for key in drafts})
        found = writer.read([Ref("tenant", key) for key in drafts])
        writer.commit()
    assert len(found) == 1_203
    assert {record.values["status"] for record in found.values()} == {"closed"}
    assert all(record.values["overrides"] == {"require.dkim": True} for record in found.values())
    with stand.target.reader() as reader:
        assert dict(reader.snapshot().sheets["tenant"]) == {ref.key: record for ref, record in found.items()}


def test_reading_what_is_not_there_leaves_it_out(stand: Stand) -> None:
    with stand.target.writer() as writer:
        writer.begin()
        found = writer.read(refs("package/first package", "package/FIRST PACKAGE", "role/none such"))
        writer.rollback()
    assert list(found) == refs("package/first package")
