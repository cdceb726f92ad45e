"""What a hand may do between a plan and its apply, and what the apply owes it. Says SQL only, no word of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import ascii_letters
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import KINDS
from reconciler.model.resource import (
    Choice,
    Field,
    Limit,
    Names,
    Overrides,
    Reference,
    Switch,
    TextMap,
    Toggle,
    Whole,
)
from tests.support.esp import CATALOGUES
from tests.torture.stale_world import MANY, Saved

Draw = Callable[[st.SearchStrategy[Any]], Any]
Said = tuple[str, tuple[Any, ...]]
"""A statement with `?`, and its values."""

STALE, REFUSED, FINE = frozenset({4}), frozenset({3}), frozenset({0})
STOPPED = frozenset({1, 3, 4})
"""It wants to refer to what is gone: whatever the word for it, nothing is done."""

KEYS = {"role": "name", "package": "name", "tenant": "email"}
TARGETS = {"role": ("Support", "Marketing"), "package": ("Starter Plan", "Growth", "Scale")}
"""What live rows may refer to without standing in the way of a deletion."""

LONELY = {
    "role": ("Interns",),
    "package": ("Scale", "Trial", "Wild"),
    "tenant": ("ops@acme.example", "crm@beta.example", "old@corp.example", "bye@corp.example", "calm@free.example"),
}
"""Whose rows nobody refers to at first."""


@dataclass(frozen=True)
class Edit:
    """`codes`: how an apply may end then; `says`: what it has to say; `already`: what it finds done; `kept`: a question
    whose answer it must not change."""

    what: str
    statements: tuple[Said, ...]
    codes: frozenset[int] = FINE
    says: tuple[str, ...] = ()
    already: str = ""
    kept: tuple[Said, ...] = field(default=())


def column(found: Field) -> str:
    flat = found.name.replace(".", "_")
    return f"{flat}_id" if isinstance(found.type, Reference) else flat


def values(found: Field) -> st.SearchStrategy[Any]:
    """What a hand may put there, as a plan file would say it."""
    match found.type:
        case Limit():
            return st.just("unlimited") | st.integers(0, 2**40) | st.just(-7)
        case Switch(low=low, high=high):
            return st.just("off") | st.integers(low, min(high, 2**31))
        case Whole(low=low, high=high):
            return st.integers(low, min(high, 2**31))
        case Toggle():
            return st.booleans()
        case Choice(words=words):
            return st.sampled_from(words)
        case Reference(kind=kind):
            return st.sampled_from(TARGETS[kind])
        case Names(catalogue=catalogue, switch=switch):
            several = st.lists(st.sampled_from(CATALOGUES[catalogue]), unique=True).map(sorted)
            return several.map(lambda names: names or ("off" if switch else []))
        case TextMap():
            return st.dictionaries(st.sampled_from(("X-One", "X-Two", "X-Three")), st.text(ascii_letters, max_size=5))
        case Overrides():
            inner = KINDS.overrides_of("tenant", found).values()
            numbers = [f.name for f in inner if isinstance(f.type, Limit)]
            return st.dictionaries(st.sampled_from(numbers), st.integers(0, 9_999), max_size=3)
        case _:
            return st.text(ascii_letters, max_size=12)


def writes(kind: str, key: str, found: Field, value: Any) -> tuple[Said, ...]:
    """Give a field of a live object this value."""
    table, own = f"esp_{kind}", f"(SELECT id FROM esp_{kind} WHERE {KEYS[kind]} = ?)"
    extra = f"{table}_{column(found)}"
    match found.type:
        case Reference(kind=target):
            chosen = f"(SELECT id FROM esp_{target} WHERE {KEYS[target]} = ?)"
            return ((f"UPDATE {table} SET {column(found)} = {chosen} WHERE {KEYS[kind]} = ?", (value, key)),)
        case Names(catalogue=catalogue):
            gone = (f"DELETE FROM {extra} WHERE {kind}_id = {own}", (key,))
            insert = f"INSERT INTO {extra} SELECT {own}, id FROM esp_{catalogue} WHERE name = ?"
            return gone, *((insert, (key, name)) for name in ([] if value == "off" else value))
        case TextMap():
            gone = (f"DELETE FROM {extra} WHERE {kind}_id = {own}", (key,))
            insert = f"INSERT INTO {extra} VALUES ({own}, ?, ?)"
            return gone, *((insert, (key, name, text)) for name, text in value.items())
        case Overrides():
            gone = (f"DELETE FROM {table}_override WHERE {kind}_id = {own}", (key,))
            if not value:
                return (gone,)
            names = ", ".join(name.replace(".", "_") for name in value)
            marks = ", ?" * len(value)
            stored = tuple(int(inner) for inner in value.values())
            return gone, (f"INSERT INTO {table}_override ({kind}_id, {names}) VALUES ({own}{marks})", (key, *stored))
        case _:
            stored = {"unlimited": -1, "off": -1}.get(value, value) if not isinstance(value, bool) else int(value)
            return ((f"UPDATE {table} SET {column(found)} = ? WHERE {KEYS[kind]} = ?", (stored, key)),)


def reads(kind: str, key: str, found: Field) -> tuple[Said, ...]:
    """Ask what a live object has there."""
    own = f"(SELECT id FROM esp_{kind} WHERE {KEYS[kind]} = ?)"
    match found.type:
        case Names() | TextMap():
            return ((f"SELECT * FROM esp_{kind}_{column(found)} WHERE {kind}_id = {own} ORDER BY 1, 2", (key,)),)
        case Overrides():
            return ((f"SELECT * FROM esp_{kind}_override WHERE {kind}_id = {own}", (key,)),)
        case _:
            return ((f"SELECT {column(found)} FROM esp_{kind} WHERE {KEYS[kind]} = ?", (key,)),)


def shown(value: Any) -> str:
    """A value as a person reads it in a sentence."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(value) or "none"
        case dict():
            return ", ".join(f"{name}: {shown(value[name])}" for name in sorted(value)) or "none"
        case _:
            return str(value) or "(empty)"


def of_field(draw: Draw, plan: Saved, kind: str, key: str) -> Edit:
    """A field of a live object gets another value, or the same one."""
    found = draw(
        st.sampled_from([f for f in KINDS.held[kind] if not isinstance(f.type, Overrides) or kind == "tenant"])
    )
    value = draw(values(found))
    what = f"{kind}/{key} {found.name} = {value!r}"
    statements, kept = writes(kind, key, found, value), reads(kind, key, found)
    row = plan.rows.get(f"{kind}/{key}", {})
    change = (row.get("update") or row.get("delete") or {}).get("change", {"before": {}, "after": {}})
    before, after = change["before"], change["after"]
    if found.name not in before:  # nobody asks for it
        goes = "delete" in row or (key == "Idle" and "role/Helpdesk" in plan.rows)  # or has another name then
        return Edit(what, statements, kept=() if goes else kept)
    told = value
    if found.name == "options":  # only the listed codes count
        value = {code: text for code, text in value.items() if code in before["options"]}
    if value == before[found.name] and type(value) is type(before[found.name]):
        return Edit(what, statements)
    if "update" in row and after == {**before, found.name: value}:
        return Edit(what, statements, already=f"{kind}/{key}", kept=kept)
    wanted = shown(after.get(found.name)) if "update" in row else "deleted"
    says = f"{found.name}: planned from {shown(before[found.name])}, live now {shown(told)}, wanted {wanted}"
    if isinstance(found.type, TextMap) and not found.type.whole and "delete" in row:
        says = f"{found.name}: planned from"
    return Edit(what, statements, STALE, (f"{kind}/{key}", says))


def to_what_is_wanted(plan: Saved, address: str) -> Edit:
    """A hand was faster: the object is as the plan wants it."""
    change = plan.rows[address]["update"]["change"]
    kind, _, key = address.partition("/")
    differ = [f for f in KINDS.held[kind] if change["before"].get(f.name) != change["after"].get(f.name)]
    statements = [said for f in differ for said in writes(kind, key, f, change["after"].get(f.name))]
    return Edit(f"{address} as wanted", tuple(statements), already=address)


def references(plan: Saved, moment: str) -> set[str]:
    """What touched objects refer to, before or after."""
    found: set[str] = set()
    for address, of_object in plan.rows.items():
        kind = address.partition("/")[0]
        for sort, row in of_object.items():
            told = (row["change"] or {}).get(moment) or {} if sort != "forget" else {}
            for one, reference in KINDS.references[kind]:
                if told.get(one.name) not in {None, "none"}:
                    found.add(f"{reference.kind}/{told[one.name]}")
            if sort == "reassign" and moment == "after":
                found.add(f"{kind}/{row['reassign']['to']}")
    return found


def codes_without(plan: Saved, address: str) -> tuple[frozenset[int], tuple[str, ...]]:
    """What an apply owes to an object whose name is no more."""
    row = plan.rows.get(address, {})
    if "update" in row:
        return STALE, (address, "it is not live any more")
    if address == "role/Idle" and "role/Helpdesk" in plan.rows:
        return STALE, ("role/Helpdesk", "neither the old nor the new name is live now")
    if address in references(plan, "before"):
        return STALE, ("planned from",)
    return (STOPPED if address in references(plan, "after") else FINE), ()


def deleted(plan: Saved, kind: str, key: str) -> Edit:
    codes, says = codes_without(plan, f"{kind}/{key}")
    return Edit(f"{kind}/{key} deleted", ((f"DELETE FROM esp_{kind} WHERE {KEYS[kind]} = ?", (key,)),), codes, says)


def renamed(plan: Saved, kind: str, key: str) -> Edit:
    codes, says = codes_without(plan, f"{kind}/{key}")
    other = f"x{key}"
    statement = (f"UPDATE esp_{kind} SET {KEYS[kind]} = ? WHERE {KEYS[kind]} = ?", (other, key))
    kept: Said = (f"SELECT count(*) FROM esp_{kind} WHERE {KEYS[kind]} = ?", (other,))
    return Edit(f"{kind}/{key} renamed", (statement,), codes, says, kept=(kept,))


def joined(package: str, count: int, plan: Saved) -> Edit:
    """Users come to a package. A tenth more may come to one that is emptied, nobody to one that is only deleted."""
    insert = "INSERT INTO esp_tenant (email, name, package_id) SELECT ?, 'Late', id FROM esp_package WHERE name = ?"
    people = tuple((insert, (f"late{n}@free.example", package)) for n in range(count))
    row: Mapping[str, Any] = plan.rows.get(f"package/{package}", {})
    what = f"{count} joined {package}"
    if "reassign" in row and count > MANY // 10:
        says = f"{MANY + count:,} users would be moved, the plan saw {MANY:,}"
        return Edit(what, people, STALE, (f"package/{package}", says))
    if "delete" in row and "reassign" not in row:
        return Edit(what, people, REFUSED, (f"package/{package}",))
    return Edit(what, people)


def elsewhere(number: int) -> tuple[Edit, ...]:
    """What happens all day in a system, and is no plan's business."""
    sign_up = "INSERT INTO esp_tenant (email, name, package_id) SELECT ?, 'New', id FROM esp_package WHERE name = ?"
    customer = "(SELECT id FROM esp_tenant WHERE email = 'calm@free.example')"
    child = f"INSERT INTO esp_tenant (email, name, parent_id) VALUES (?, 'Sub', {customer})"
    used = f"INSERT INTO esp_usage (tenant_id, contacts, sent_today) VALUES ({customer}, ?, 9)"
    binned = "UPDATE esp_tenant SET deleted_at = '2026-01-02 03:04:05' WHERE name = 'Calm'"
    moved = "UPDATE esp_tenant SET name = ? WHERE email = 'u0@legacy.example'"
    return (
        Edit("a sign-up", ((sign_up, (f"new{number}@free.example", "Growth")),)),
        Edit("a sub-account", ((child, ("sub@free.example",)),)),
        Edit("usage", ((used, (number,)),)),
        Edit("accounts in the bin", ((binned, ()),)),
        Edit("a new package", (("INSERT INTO esp_package (name) VALUES (?)", (f"P{number}",)),)),
        Edit("a new permission", (("INSERT INTO esp_permission (name) VALUES (?)", (f"p.{number}",)),)),
        Edit("another name of an undeclared account", ((moved, (f"N{number}",)),)),
    )
