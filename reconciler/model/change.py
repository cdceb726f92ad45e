"""A change is a value. Text, JSON and SQL are three matches over it; it has no `apply()`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias

from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value, Values


class Cause(StrEnum):
    """Why a value differs (docs/rules.md#rule-8), weakest first."""

    ADOPT = "adopt"
    CHANGE = "change"
    DRIFT = "drift"
    CONFLICT = "conflict"


Raw: TypeAlias = Mapping[str, Any]
"""The rows of one object: table → list of rows, each column → value as JSON has it."""
Members: TypeAlias = Mapping[str, tuple[str, ...]]
"""Users of an object: kind → keys, sorted; sub-accounts and those in the bin are among them."""

STRENGTH: dict[Cause, int] = {cause: rank for rank, cause in enumerate(Cause)}


class Effect(StrEnum):
    """What a change of value does to the customer. `UNKNOWN` is listed under reductions (docs/rules.md#rule-13)."""

    MORE = "more"
    LESS = "less"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


class Operation(StrEnum):
    """What each sort of change is called, by the word that plan files, history, metrics and reports have for it."""

    todo: str
    """What it would do."""
    done: str
    """What it did."""
    marker: str
    """The sign in front of it."""
    action: str
    """What happens to the live object, as policies and CI count it: create, update, delete; forget is nothing of it."""
    place: int
    """Where a summary names it."""

    def __new__(cls, word: str, todo: str, done: str, marker: str, action: str, place: int) -> Self:
        """One row of the table."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.todo, member.done, member.marker, member.action, member.place = todo, done, marker, action, place
        return member

    CREATE = "create", "create", "created", "+", "create", 0
    UPDATE = "update", "update", "updated", "~", "update", 2
    RENAME = "rename", "rename", "renamed", "~", "update", 1
    REASSIGN = "reassign", "reassign", "reassigned", "→", "update", 3
    DELETE = "delete", "delete", "deleted", "-", "delete", 4
    FORGET = "forget", "stop managing", "stopped managing", "-", "forget", 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDelta:
    """One item of a set or map that comes, goes or changes."""

    item: str
    before: Value | None
    """None: the item is not there. An override that is not there is inherited."""
    after: Value | None
    """As `before`."""
    effect: Effect
    inherited: Value | None = None
    """What the user has where the override is not there; None where nobody knows, and for what is no override."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDelta:
    """One field that differs."""

    name: str
    before: Value | None
    """None: the live object has no value for it."""
    after: Value | None
    """None: the value is taken away, by a revert or because it can mean nothing any more."""
    cause: Cause
    effect: Effect
    remembered: Value | None = None
    """What the last apply wrote; only where that is something else than `after`."""
    items: tuple[ItemDelta, ...] = ()
    """The single differences of a set or map."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """`after`: every field that the target holds, defaults included; `defaults` names those no file states. `raw`: the
    whole rows that it had before it was deleted, to be put back; empty for what is new. `explained`: what fields mean
    together, a sentence each; it is only said."""

    operation: ClassVar[Operation] = Operation.CREATE
    ref: Ref
    after: Values
    defaults: frozenset[str]
    cause: Cause = Cause.CHANGE
    origin: Origin | None = None
    note: str = ""
    raw: Raw = field(default_factory=dict)
    explained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """`before` and `after`: all stated fields (docs/rules.md#rule-30); `fields`: those that differ. `explained`: as of
    a Create."""

    operation: ClassVar[Operation] = Operation.UPDATE
    ref: Ref
    before: Values
    after: Values
    fields: tuple[FieldDelta, ...]
    cause: Cause
    origin: Origin | None = None
    note: str = ""
    explained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """The same live row under a new name."""

    operation: ClassVar[Operation] = Operation.RENAME
    ref: Ref
    old: str
    origin: Origin | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    """Move whoever is on `ref` at apply time to `to`. `expected`: how many the plan saw. `refs` of users that the
    settings leave alone are not moved; they block. `members`: move these alone, as far as they are still there."""

    operation: ClassVar[Operation] = Operation.REASSIGN
    ref: Ref
    to: str
    expected: int
    origin: Origin | None = None
    note: str = ""
    members: Members = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Remove the live row. `before`: what it held. `stated`: a file asks for it (a tombstone), so `origin` is a place
    that still exists; else it is where the object was declared last."""

    operation: ClassVar[Operation] = Operation.DELETE
    ref: Ref
    before: Values
    origin: Origin | None = None
    note: str = ""
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Stop managing it; the live row stays as it is."""

    operation: ClassVar[Operation] = Operation.FORGET
    ref: Ref
    before: Values
    origin: Origin | None = None
    note: str = ""


Change: TypeAlias = Create | Update | Rename | Reassign | Delete | Forget
