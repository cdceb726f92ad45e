"""What is written is what is read, for every field and every edge of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.ref import Ref
from reconciler.model.resource import Field, Reference, TextMap
from reconciler.model.target import NewObject
from reconciler.model.values import NONE, Value, same
from reconciler.testing.boundaries import STOCK, boundaries
from reconciler.testing.stand import Stand

__all__ = [
    "test_a_new_object_has_the_defaults",
    "test_any_combination_survives_insert_then_update",
    "test_catalogues_hold_all_names",
    "test_every_value_comes_back_after_insert_and_after_update",
    "test_it_says_what_it_holds_and_creates",
    "test_live_records_say_where_they_are_without_any_id",
    "test_none_clears_a_reference",
    "test_reading_what_is_not_there_leaves_it_out",
    "test_writing_in_bulk_gives_what_writing_one_by_one_gives",
]

MANY = 1_203
"""Objects that do not fit into one batch of a statement."""

REFERENCES = [(kind, field.name, type_) for kind, pairs in KINDS.references.items() for field, type_ in pairs]


def values_of(stand: Stand, kind: str, field: Field) -> list[Value]:
    """The edges of a field's type, as far as the system can hold them."""
    return [value for value in boundaries(kind, field) if stand.holds(kind, field.name, value)]


def sample(stand: Stand, kind: str, number: int = 0) -> NewObject:
    """A value for every field that fits into one object, none of them long; another `number`, other values."""
    draft: dict[str, Value | None] = {}
    for field in KINDS.held[kind]:
        if field.name in stand.target.supports[kind]:
            values = [value for value in values_of(stand, kind, field) if len(str(value)) < 1_000]
            draft[field.name] = values[number % len(values)] if values else None
    return stand.fitting(kind, {name: value for name, value in draft.items() if value is not None})


def read_back(stand: Stand, field: Field, *written: Value) -> Value:
    """What is there after these were written, one after the other; of a shared map all that anybody wrote."""
    if not isinstance(field.type, TextMap) or field.type.whole:
        return written[-1]
    merged: dict[str, Value] = {}
    for each in (stand.default(field), *written):
        assert isinstance(each, Mapping)
        merged |= each
    return merged


def test_it_says_what_it_holds_and_creates(stand: Stand) -> None:
    """Only kinds and fields of the vocabulary are held, and only what is held is created."""
    assert set(stand.target.supports) <= set(KINDS.kinds)
    for kind, fields in stand.target.supports.items():
        assert fields <= {field.name for field in KINDS.held[kind]}
    assert stand.target.creates <= set(stand.target.supports)


@pytest.mark.parametrize("kind", KINDS.kinds)
def test_every_value_comes_back_after_insert_and_after_update(stand: Stand, kind: str) -> None:
    """Each field by itself, with every edge of its type that the system can hold: two at least, or it has no place."""
    supported = stand.target.supports.get(kind, frozenset())
    fields = [field for field in KINDS.held[kind] if field.name in supported]
    assert not [field.name for field in fields if len(values_of(stand, kind, field)) < 2]
    if fields and KINDS[kind].only_key and kind not in stand.target.creates:
        _values_of_the_only_object(stand, kind, fields)
        return
    stand.needs(kind)
    _values_of_many_objects(stand, kind, fields)


def _values_of_many_objects(stand: Stand, kind: str, fields: Sequence[Field]) -> None:
    """Objects of one field each, field by field; one transaction for all, because to begin takes longer."""
    expected: dict[str, tuple[Field, Value]] = {}
    values = {field.name: values_of(stand, kind, field) for field in fields}
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
                assert same(found[Ref(kind, key)].values[field.name], read_back(stand, field, value)), (key, value)
            # Each object now takes the next one's value: every value replaces every kind of other.
            own = values[field.name]
            turned = dict(zip(keys, own[1:] + own[:1], strict=True))
            writer.update(kind, {key: {field.name: value} for key, value in turned.items()})
            for key, value in turned.items():
                expected[key] = (field, read_back(stand, field, inserted[key], value))
        writer.commit()
    with stand.target.reader() as reader:
        live = reader.snapshot().sheets[kind]
    wrong = [key for key, (field, value) in expected.items() if not same(live[key].values[field.name], value)]
    assert not wrong
    assert {field.name for field, _ in expected.values()} == {field.name for field in fields}


def _values_of_the_only_object(stand: Stand, kind: str, fields: Sequence[Field]) -> None:
    only = Ref(kind, KINDS[kind].only_key)
    for field in fields:
        values = values_of(stand, kind, field)
        for value in (*values, *reversed(values)):
            with stand.target.writer() as writer:
                writer.begin()
                writer.update(kind, {only.key: {field.name: value}})
                assert same(writer.read([only])[only].values[field.name], value)
                writer.commit()
            assert same(stand.live(kind, only.key).values[field.name], value)


@pytest.mark.parametrize("kind", KINDS.kinds)
def test_a_new_object_has_the_defaults(stand: Stand, kind: str) -> None:
    """A field that nobody stated has the vocabulary's default, or what the stand says of the system."""
    stand.creates(kind)
    stand.load({kind: {"bare": {}}})
    record = stand.live(kind, "bare")
    assert record.stated <= stand.target.supports[kind]
    for field in KINDS.held[kind]:
        if field.default is not None and field.name in stand.target.supports[kind]:
            assert same(record.values[field.name], stand.default(field)), field.name


@pytest.mark.parametrize(("kind", "field", "reference"), REFERENCES)
def test_none_clears_a_reference(stand: Stand, kind: str, field: str, reference: Reference) -> None:
    """None in place of a name: the object refers to nothing."""
    stand.needs(f"{kind}.{field}")
    stand.load({kind: {"one": {field: f"first {reference.kind}"}}})
    stand.change(kind, {"one": {field: None}})
    assert stand.live(kind, "one").values.get(field) == (NONE if reference.none else None)


def test_live_records_say_where_they_are_without_any_id(stand: Stand) -> None:
    """The place of a record names a table: ids differ from system to system."""
    kind = stand.any_kind()
    stand.load({kind: {"somewhere": {}}})
    record = stand.live(kind, "somewhere")
    assert record.origin.line is None
    assert not any(character.isdigit() for character in record.origin.place)


def test_catalogues_hold_all_names(stand: Stand) -> None:
    """What was put into the catalogues is in each of them."""
    with stand.target.reader() as reader:
        catalogues = reader.snapshot().catalogues
    assert catalogues == dict.fromkeys(catalogues, frozenset(STOCK))


def test_any_combination_survives_insert_then_update(stand: Stand) -> None:
    """Objects of many fields at once, inserted and then changed."""
    any_combination(stand, examples=10)


def any_combination(stand: Stand, examples: int) -> None:
    """The law of any combination, over this many generated examples."""
    kinds = sorted(stand.target.creates)
    if not kinds:
        pytest.skip(f"{stand.target.type} creates nothing")
    drafts = {
        kind: st.fixed_dictionaries(
            {}, optional={field.name: st.sampled_from(list(boundaries(kind, field))) for field in KINDS.held[kind]}
        )
        for kind in kinds
    }

    @settings(max_examples=examples, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
    @given(choice=st.data())
    def look(choice: st.DataObject) -> None:
        kind = choice.draw(st.sampled_from(kinds))
        first = {f"hy {n}": stand.held(kind, choice.draw(drafts[kind])) for n in range(3)}
        second = {key: stand.held(kind, choice.draw(drafts[kind])) for key in first}
        _survives(stand, kind, first, second)

    look()


def _survives(stand: Stand, kind: str, first: Mapping[str, NewObject], second: Mapping[str, NewObject]) -> None:
    fields = KINDS.fields[kind]
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert(kind, first)
        writer.update(kind, second)
        for ref, record in writer.read([Ref(kind, key) for key in first]).items():
            for name in {**first[ref.key], **second[ref.key]}:
                written = [draft[ref.key].get(name) for draft in (first, second)]
                expected = read_back(stand, fields[name], *(value for value in written if value is not None))
                assert same(record.values[name], expected), name
        writer.rollback()


def test_writing_in_bulk_gives_what_writing_one_by_one_gives(stand: Stand) -> None:
    """Many objects, changed in one call, all have what was written for each."""
    kind = "tenant" if stand.makes("tenant") else stand.any_kind()
    samples = [sample(stand, kind, n) for n in range(20)]
    first = {f"object {n}": samples[n % 20] for n in range(MANY)}
    second = {key: samples[(n + 1) % 20] for n, key in enumerate(first)}
    stand.load({kind: first})
    with stand.target.writer() as writer:
        writer.begin()
        writer.update(kind, second)
        found = writer.read([Ref(kind, key) for key in first])
        writer.commit()
    assert len(found) == MANY
    for ref, record in found.items():
        for name, value in second[ref.key].items():
            assert value is not None
            written = [each for each in (first[ref.key].get(name), value) if each is not None]
            assert same(record.values[name], read_back(stand, KINDS.fields[kind][name], *written)), (ref, name)
    with stand.target.reader() as reader:
        live = reader.snapshot().sheets[kind]
    assert {key: live[key] for key in first} == {ref.key: record for ref, record in found.items()}


def test_reading_what_is_not_there_leaves_it_out(stand: Stand) -> None:
    """Names are compared to the letter, and what is not live is missing from the answer."""
    kind = stand.any_kind()
    stand.load({kind: {"there": {}}})
    with stand.target.writer() as writer:
        writer.begin()
        found = writer.read([Ref(kind, "there"), Ref(kind, "THERE"), Ref(kind, "none such")])
        writer.rollback()
    assert list(found) == [Ref(kind, "there")]
