"""Generated worlds: what files may declare, over every field of the Vocabulary, built from the declarations alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.resource import (
    Choice,
    Field,
    Limit,
    NameList,
    Names,
    Overrides,
    Reference,
    Resource,
    Switch,
    Text,
    TextMap,
    Toggle,
    Whole,
)
from reconciler.model.values import INHERIT, LARGEST, NONE, OFF, UNLIMITED
from tests.support.esp import CATALOGUES

World = dict[str, dict[str, dict[str, Any]]]

NAMES: Mapping[str, tuple[str, ...]] = {
    "role": ("Marketing", "Support", "Größe", "no"),
    "package": ("Starter Plan", "Growth", "010", "Café ☕", "a/b: c #d"),
    "tenant": ("ops@acme.example", "Crm@beta.example", "o'neil+x@sub.example", "用户@例え.example"),
}
"""Also such as YAML, SQL or a terminal may stumble over."""

WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufffe\uffff\ufeff"), max_size=12
).filter(lambda word: "${" not in word)  # refused in files
NUMBERS = (0, 1, 50, 5_000, 2**31, 2**53 + 1, LARGEST)


def numbers(low: int, high: int) -> st.SearchStrategy[int]:
    """From the range, its ends and the famous ones first."""
    known = sorted({low, high, *(number for number in NUMBERS if low <= number <= high)})
    return st.sampled_from(known) | st.integers(low, high)


def values(field: Field, resource: Resource, names: Mapping[str, list[str]]) -> st.SearchStrategy[Any]:
    """What a file may state for a field, where objects of these names are declared."""
    match field.type:
        case Limit():
            return numbers(0, LARGEST) | st.sampled_from([UNLIMITED, -1])
        case Whole(low, high):
            return numbers(low, high)
        case Switch(low, high):
            return numbers(low, high) | st.just(OFF)
        case Toggle():
            return st.booleans()
        case Text(lines):
            return st.lists(WORDS, max_size=3).map("\n".join) if lines else WORDS
        case Choice(words):
            stone = resource.tombstone
            gone = stone.removed if stone and stone.field == field.name else None
            return st.sampled_from([word for word in words if word != gone])
        case Reference(kind, none):
            return st.sampled_from([*names[kind], *([NONE] if none else [])])
        case Names(catalogue, wildcard, switch):
            known = [*CATALOGUES[catalogue]]
            known += sorted({f"{name.partition('.')[0]}.*" for name in known}) if wildcard else []
            sets = st.lists(st.sampled_from(known), unique=True, min_size=1 if switch else 0, max_size=4)
            return sets | st.just(OFF) if switch else sets
        case NameList():
            return st.just([])
        case TextMap(folded=folded):
            keys = st.sampled_from(["X-Tier", "X-A", "Precedence", "x1"] if folded else ["a.b", "A_B", "trial.days"])
            return st.dictionaries(keys, WORDS, max_size=3)
        case Overrides():
            return overrides(field, resource, names)


def overrides(field: Field, resource: Resource, names: Mapping[str, list[str]]) -> st.SearchStrategy[Any]:
    """`none`, or some of the fields that may be overridden; nested as a file has them."""
    inner = KINDS.overrides_of(resource.kind, field)
    flat = st.fixed_dictionaries(
        {}, optional={name: values(each, resource, names) | st.just(INHERIT) for name, each in inner.items()}
    )
    return st.just(NONE) | flat.map(nested)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`sending.daily_limit` → sending: {daily_limit: …}"""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        inside = tree
        *path, last = name.split(".")
        for step in path:
            inside = inside.setdefault(step, {})
        inside[last] = value
    return tree


def mended(fields: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """Without combinations that the kind refuses."""
    for field in resource.fields:
        other, wanted = field.only_with or ("", None)
        if field.name in fields and other and fields.get(other) != wanted:
            del fields[field.name]
        elif field.needed_then and field.name not in fields and fields.get(other) == wanted:
            del fields[other]
    for refused in resource.refused:
        if all(fields.get(name) == value for name, value in refused.when):
            del fields[refused.when[0][0]]
    for one, other in resource.exclusive:
        group, _, inside = other.partition(".")
        own = fields.get(group)
        if one in fields and isinstance(own, dict) and states(own, inside):
            del fields[one]
    return fields


def states(tree: Mapping[str, Any], name: str) -> bool:
    """Whether nested overrides list this field."""
    head, _, rest = name.partition(".")
    inside = tree.get(head)
    return head in tree and (not rest or (isinstance(inside, dict) and states(inside, rest)))


@st.composite
def worlds(draw: st.DrawFn, keep: World | None = None) -> World:
    """Roles, packages and tenants. `keep`: another world whose roles and packages all stay declared."""
    names: dict[str, list[str]] = {}
    for resource in KINDS:
        known = [resource.only_key] if resource.only_key else NAMES[resource.kind]
        drawn = draw(st.lists(st.sampled_from(known), unique=True, min_size=1))
        staying = keep[resource.kind] if keep and resource.kind != "tenant" else ()
        names[resource.kind] = sorted({*drawn, *staying})
    world: World = {}
    for resource in KINDS:
        world[resource.kind] = {}
        for position, key in enumerate(names[resource.kind]):
            # References to the own kind lead to earlier names only: no circles.
            visible = {**names, resource.kind: names[resource.kind][:position]}
            world[resource.kind][key] = draw(declared(resource, visible))
    return world


def declared(resource: Resource, names: Mapping[str, list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    """What is stated of one object: what creation needs, and any of the rest."""
    possible = {
        field.name: values(field, resource, names)
        for field in resource.fields
        if not isinstance(field.type, Reference) or names[field.type.kind]
    }
    needed = {field.name: possible.pop(field.name) for field in resource.fields if field.required}
    return st.fixed_dictionaries(needed, optional=possible).map(lambda fields: mended(dict(fields), resource))
