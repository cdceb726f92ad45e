"""What an account has to be allowed for the reconciler to work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Privilege(StrEnum):
    """What is done with a table. LOCK: read so that nobody changes it meanwhile; DESCRIBE: look how it is declared,
    its foreign keys above all."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    LOCK = "lock"
    DESCRIBE = "describe"


@dataclass(frozen=True, slots=True, order=True)
class TableRight:
    """One deed on one table. `schema` empty: the connection's own; `columns` empty: the whole table, else these alone,
    sorted."""

    schema: str
    table: str
    deed: Privilege
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """All that a planning account needs, and all that an applying one needs."""

    plan: tuple[TableRight, ...]
    apply: tuple[TableRight, ...]


@runtime_checkable
class HasAccounts(Protocol):
    """What a target says whose system knows accounts and grants."""

    def accounts(self, memory: Rights) -> tuple[tuple[str, str], ...]:
        """(label, answer): whether the account in use may too little or too much, then the GRANTs of a planning and of
        an applying account. `memory`: what both do with the reconciler's own tables. Raises TargetError."""
        ...
