"""Random live systems, made from the declarations: every field of every kind, lawful values and hostile texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.facts import Snapshot
from reconciler.model.names import fault, folded
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    Names,
    Overrides,
    Reference,
    Switch,
    Text,
    TextMap,
    Toggle,
    Whole,
)
from reconciler.model.values import LARGEST, NONE, OFF, UNLIMITED

AWKWARD = (
    "no",
    "010",
    "12:30",
    "a: b",
    "x #y",
    "- a",
    "null",
    "~",
    "1e3",
    "{a}",
    "*x",
    "&x",
    "'q'",
    '"',
    "é",
    "@",
    "2026-01-31",
)
CATALOGUES = {
    field.type.catalogue: ("a.one", "a.two", "b.one", "no", "10", "x: y")
    for resource in KINDS
    for field in resource.fields
    if isinstance(field.type, Names)
}

texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).filter(lambda t: "${" not in t),
)
names = st.one_of(texts, st.text("abcAB .-", min_size=1, max_size=8)).filter(lambda name: not fault(name))
long_texts = st.lists(texts, max_size=3).map("\n".join)


def values(type_: FieldType, keys: Mapping[str, list[str]]) -> st.SearchStrategy[Any]:
    """What a live system may hold in a field of this type."""
    numbers = st.integers(0, LARGEST) | st.integers(0, 20)
    match type_:
        case Limit():
            return numbers | st.just(UNLIMITED)
        case Whole(low, high):
            return st.integers(low, high)
        case Switch(low, high):
            return st.integers(low, high) | st.just(OFF)
        case Toggle():
            return st.booleans()
        case Text(lines):
            return long_texts if lines else texts
        case Choice(words):
            return st.sampled_from([word for word in words if word != "removed"])
        case Reference(kind=kind):
            return st.sampled_from([NONE, *keys[kind]])
        case Names(catalogue=catalogue, switch=switch):
            chosen = st.sets(st.sampled_from(CATALOGUES[catalogue]), min_size=1 if switch else 0)
            picked: st.SearchStrategy[Any] = chosen.map(lambda found: tuple(sorted(found)))
            return picked | st.just(OFF) if switch else picked
        case TextMap():
            pairs = st.dictionaries(st.text("ABCx-", min_size=1, max_size=5), texts, max_size=3)
            return pairs.map(lambda found: {folded(name): text for name, text in sorted(found.items())})
    raise AssertionError(type_)


def overrides(fields: Mapping[str, Field]) -> st.SearchStrategy[dict[str, Any]]:
    listed = {name: values(field.type, {}) for name, field in fields.items()}
    return st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: listed[name] for name in sorted(chosen)})
    )


@st.composite
def keys_of_a_world(draw: st.DrawFn) -> dict[str, list[str]]:
    unique = st.lists(names, min_size=1, max_size=3, unique_by=folded)
    return {resource.kind: [resource.only_key] if resource.only_key else draw(unique) for resource in KINDS}


@st.composite
def worlds(draw: st.DrawFn, keys: dict[str, list[str]] | None = None) -> Snapshot:
    """A live system with these objects, or any."""
    found = keys or draw(keys_of_a_world())
    sheets = {}
    for resource in KINDS:
        records = {}
        for key in found[resource.kind]:
            held = {
                field.name: draw(
                    overrides(KINDS.overrides_of(resource.kind, field))
                    if isinstance(field.type, Overrides)
                    else values(field.type, found)
                )
                for field in KINDS.held[resource.kind]
            }
            records[key] = Record(kind=resource.kind, key=key, values=held, origin=Origin("live"))
        sheets[resource.kind] = sheet_of(resource.kind, records)
    return Snapshot(sheets=sheets, catalogues={name: frozenset(held) for name, held in CATALOGUES.items()})


@st.composite
def two_worlds(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """The same objects, twice, with other values."""
    keys = draw(keys_of_a_world())
    return draw(worlds(keys)), draw(worlds(keys))
