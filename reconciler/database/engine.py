"""What one engine's file offers to the rest, and where a system lives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import sqlalchemy as sa

from reconciler.model.privileges import Privilege

CREATE_FIRST: Final = "run `reconciler database create`"
DOCTOR: Final = "`reconciler doctor` tells what is there"

TIMEOUT: Final = 40.0
"""Seconds to wait for an answer. The server itself ends a writer's statement before."""

SILENT: Final = "timed out"
"""What the drivers' errors say of an answer that did not come."""


class Mode(StrEnum):
    """What a connection is for. Only CREATE may make a file."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Database:
    """Where a system lives. `shown` is what messages may say: no user, no password, no path. `lock_timeout`: seconds to
    wait for another writer; `held`: seconds after which the engine ends a transaction that stands still; `timeout`:
    seconds to wait for an answer before the server is given up."""

    url: sa.URL
    lock_timeout: float
    held: float = 30.0
    timeout: float = TIMEOUT

    @property
    def shown(self) -> str:
        """The file's name, or host/database; with the port where the URL says one, for a host may have many servers."""
        if self.url.host is None:
            return Path(self.url.database or "").name
        port = f":{self.url.port}" if self.url.port else ""
        return f"{self.url.host}{port}/{self.url.database}"

    def longest_wait(self, door: Mode) -> float:
        """Seconds after which a silent server is given up; to wait for another writer is part of what a writer asks."""
        return self.timeout + (self.lock_timeout if door is Mode.WRITE else 0)


class Failure(StrEnum):
    """What an engine's error is about, where that decides what is done next."""

    HELD = "another transaction holds the row"
    FILE_HELD = "another transaction holds the whole file"
    GIVEN_UP = "the transaction is gone: a deadlock, or what it saw has changed"
    LOST = "nobody is there any more"
    FULL = "there is no room"
    READ_ONLY = "nothing may be written here"


TABLE: Final = "table"


@dataclass(frozen=True, slots=True)
class LiveTable:
    """What a name of the live schema stands for. `sort`: TABLE, or what it is instead; `engine`: the storage engine of
    a table that has no transactions, else empty; `conceals`: whether policies keep rows of it from this account."""

    sort: str = TABLE
    engine: str = ""
    conceals: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ForeignKey:
    """A reference that the live schema knows. `on_delete`: RESTRICT, NO ACTION, SET NULL, SET DEFAULT or CASCADE.
    `name`: the constraint's own; `key`: the column that is referred to. `schema` and `refers_schema`: of both tables,
    empty for the connection's own."""

    table: str
    column: str
    refers_to: str
    on_delete: str
    name: str = ""
    key: str = "id"
    schema: str = ""
    refers_schema: str = ""

    @property
    def shown(self) -> str:
        """The table as a person finds it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that runs before rows of `table` come or change. `event`: INSERT or UPDATE; `body`: what it does."""

    table: str
    event: str
    body: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that an account may do, in the engine's word. `column` empty: the whole table; `table` empty: the whole
    schema; `schema` empty: everything."""

    deed: str
    schema: str = ""
    table: str = ""
    column: str = ""

    @property
    def place(self) -> str:
        """Where, for a person; empty for everything."""
        return self.table or (f"all of {self.schema}" if self.schema else "")


@runtime_checkable
class AccountsOf(Protocol):
    """One engine's way with accounts. Modules are of this type."""

    @property
    def ACCOUNT(self) -> str:  # a constant of a module
        """How GRANT writes an account, with {} for its name."""
        ...

    @property
    def PRIVILEGES(self) -> Mapping[Privilege, str]:
        """What each deed needs; one that is missing needs nothing."""
        ...

    @property
    def INCLUDED(self) -> Mapping[str, frozenset[str]]:
        """Privilege of a whole schema → those of a whole schema that include it."""
        ...

    def connect_rights(
        self, connection: sa.Connection, schemas: Sequence[str], filled: Sequence[tuple[str, str]]
    ) -> Iterable[tuple[str, str]]:
        """(label, what to grant) beyond the tables themselves. `filled`: (schema, table) that gets rows."""
        ...

    def grants_of(self, connection: sa.Connection, schemas: Sequence[str]) -> Iterable[Grant]:
        """What the account of this connection may do in these schemas and beyond."""
        ...


class Engine(Protocol):
    """One engine. Modules are of this type."""

    @property
    def COUNTS_LOCK(self) -> bool:  # a constant of a module
        """Whether a SELECT that groups can lock what it counts."""
        ...

    @property
    def CONSTRAINTS_INLINE(self) -> bool:
        """Whether a table that is there takes constraints only along with a new column."""
        ...

    @property
    def COLUMN_CASE_COUNTS(self) -> bool:
        """Whether names of columns that differ in case alone are two names."""
        ...

    @property
    def SCHEMAS_ARE_SHARED(self) -> bool:
        """Whether all databases of a server see the same schemas."""
        ...

    @property
    def MEMORY_SCHEMA(self) -> str | None:
        """Where memory lies unless the settings say otherwise (docs/rules.md#rule-32); None: with everything else."""
        ...

    def open_engine(self, place: Database, door: Mode) -> sa.Engine:
        """An engine whose connections are ready for use. Raises TargetError."""
        ...

    def explain_error(self, error: BaseException | None, place: Database, waited: float = 0.0) -> Exception:
        """What an error of the driver means to a person. `waited`: seconds that the statement took."""
        ...

    def failure_of(self, error: BaseException | None) -> Failure | None:
        """What an error of the driver is about; None where it is nothing of these, or of another driver."""
        ...

    def server_settings(self, connection: sa.Connection) -> tuple[tuple[str, str], ...]:
        """The switches of this connection that matter, for `doctor`."""
        ...

    def live_tables(self, connection: sa.Connection, schema: str | None = None) -> Mapping[str, LiveTable]:
        """Every name of a schema, mostly the connection's own, that rows can be read from, as far as the account
        sees."""
        ...

    def live_columns(self, connection: sa.Connection) -> Iterable[tuple[str, str]]:
        """(table, column) of the connection's own schema, as far as the account sees."""
        ...

    def sight_lacking(self, connection: sa.Connection) -> str:
        """The GRANT without which this account does not see all tables of its own schema; empty: it sees them."""
        ...

    def with_transactions(self, connection: sa.Connection, table: str, schema: str | None = None) -> str:
        """The SQL that gives a table transactions."""
        ...

    def is_odd(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a text holds anything but printable ASCII."""
        ...

    def foreign_keys(self, connection: sa.Connection) -> tuple[ForeignKey, ...]:
        """Every foreign key of one column, sorted."""
        ...

    def triggers_of(self, connection: sa.Connection) -> tuple[Trigger, ...]:
        """What runs before rows are inserted or updated, as far as the account may see it."""
        ...

    def enforces_references(self, connection: sa.Connection) -> bool:
        """Whether declared foreign keys are in force here."""
        ...

    def foreign_key_sql(self, missing: ForeignKey, present: ForeignKey | None) -> str:
        """The SQL that makes a reference refuse deletes. `present`: the foreign key that is there now."""
        ...
