"""Make the built-in ESP's tables, and bring them up to date: what the kinds have and the live tables lack is found by
looking, and added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from reconciler.database import CREATE_FIRST, TABLE, add_column_sql, folded_column, live_columns, live_tables
from reconciler.model.errors import TargetError
from reconciler.targets.native.tables import PARENT, PREFIX, SCHEMA, VERSION_COLUMN

MEMORY_PREFIX = "reconciler_"
"""Memory lives in the same file (docs/rules.md#rule-32); its tables are no strangers."""

UPGRADE: Final = "run `reconciler database upgrade`"


VERSION = 3
"""Counts what nobody can derive: a column of another meaning or another name. What the kinds have and the tables lack
is added without it."""

GUARDED: Final[Mapping[str, int]] = {
    "esp_package.lifecycle": 1,
    "esp_package.quota_move_to_id": 1,
    "esp_package.role_id": 1,
    "esp_platform.quota_move_to_id": 3,
    "esp_tenant.deleted_at": 1,
    "esp_tenant.package_id": 1,
    "esp_tenant.parent_id": 1,
    "esp_tenant.status": 1,
}
"""What guards ask, and the version that had it first. Made again it would read as if nobody were on anything or in the
bin, and what is in use could be deleted. Written down, because no table tells a lost column from a new one: what is not
here is new."""


def create(connection: sa.Connection, metadata: sa.MetaData) -> Sequence[str]:
    """Make all tables in one transaction; what was done. Raises TargetError where there are tables already. MariaDB
    commits at every table: there, what broke off is taken up again."""
    present = sa.inspect(connection).get_table_names()
    ours = [name for name in present if name.startswith(PREFIX)]
    if ours and not _broke_off(connection, metadata, ours):
        raise TargetError(
            "the database is there already", remedy="to bring it up to date, run `reconciler database upgrade`"
        )
    if strangers := sorted(n for n in present if not n.startswith((PREFIX, MEMORY_PREFIX))):
        raise TargetError(
            f"the database holds tables of somebody else: {', '.join(strangers[:3])}",
            remedy="name an empty database, or a file that does not exist",
        )
    metadata.create_all(connection, checkfirst=bool(ours))
    _add_indexes(connection, metadata)
    connection.execute(sa.insert(metadata.tables[SCHEMA]).values({VERSION_COLUMN: VERSION}))
    connection.commit()
    return (f"created {len(metadata.tables)} tables, schema version {VERSION}",)


def _broke_off(connection: sa.Connection, metadata: sa.MetaData, present: Sequence[str]) -> bool:
    """Whether all that is there are tables of ours without a row, not even that of the version, which comes last."""
    return set(present) <= set(metadata.tables) and not any(_has_rows(connection, name) for name in present)


def version_of(connection: sa.Connection) -> int:
    """The schema's version. Raises TargetError when the database is not ours."""
    present = sa.inspect(connection).get_table_names()
    if SCHEMA not in present:
        what = "holds tables of somebody else" if present else "is empty"
        raise TargetError(f"this is not an ESP database of ours: it {what}", remedy=CREATE_FIRST)
    found = connection.execute(sa.select(sa.column(VERSION_COLUMN)).select_from(sa.table(SCHEMA))).scalar()
    if not isinstance(found, int):
        raise TargetError("this is not an ESP database of ours: it has no schema version", remedy=CREATE_FIRST)
    return found


def check_version(connection: sa.Connection, version: int = VERSION) -> None:
    """Raises TargetError unless the schema is of this version."""
    found = version_of(connection)
    if found > version:
        raise _newer(found, version)
    if found < version:
        raise TargetError(f"the database has schema version {found}, this reconciler needs {version}", remedy=UPGRADE)


@dataclass(frozen=True, slots=True)
class Lacking:
    """What the kinds have and the live schema lacks."""

    tables: tuple[sa.Table, ...] = ()
    """Whole tables, what is referred to first."""
    columns: tuple[sa.Column[Any], ...] = ()
    """Columns of tables that are there."""

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns)

    def __str__(self) -> str:
        return ", ".join([table.name for table in self.tables] + [f"{c.table.name}.{c.name}" for c in self.columns])


def lacking(connection: sa.Connection, metadata: sa.MetaData) -> Lacking:
    """As far as the account sees tables. A column that seems to be missing is looked for again in the table's own
    declaration: an account with rights on some columns is not shown the others."""
    seen, present = live_columns(connection), live_tables(connection)
    live, fold = sa.inspect(connection), partial(folded_column, connection)
    columns: list[sa.Column[Any]] = []
    declared_tables = metadata.sorted_tables
    for table in declared_tables:
        is_table = table.name in present and present[table.name].sort == TABLE  # else it is refused for that
        if is_table and not set(map(fold, table.c.keys())) <= set(map(fold, seen.get(table.name, ()))):
            declared = {fold(column["name"]) for column in live.get_columns(table.name)}
            columns += [column for column in table.columns if fold(column.name) not in declared]
    tables = (table for table in declared_tables if table.name not in present)
    return Lacking(tables=tuple(tables), columns=tuple(columns))


def upgrade(connection: sa.Connection, metadata: sa.MetaData) -> Sequence[str]:
    """Add what is lacking, all in one transaction; what was done. MariaDB commits at every DDL statement: there, what
    broke off is taken up again. Raises TargetError on a newer schema, and where something was lost that nobody can
    derive."""
    found = version_of(connection)
    if found > VERSION:
        raise _newer(found, VERSION)
    missing = lacking(connection, metadata)
    lost = _lost(connection, missing, found)
    if lost:
        raise TargetError(
            f"{lost} is missing, and nobody knows what was in it; nothing was changed",
            remedy="restore it from a backup",
        )
    done = []
    for table in missing.tables:
        table.create(connection)
        done.append(f"added table {table.name}")
    for column in missing.columns:
        connection.exec_driver_sql(add_column_sql(connection, column))
        done.append(f"added column {column.table.name}.{column.name}")
    done += _add_indexes(connection, metadata)
    if found < VERSION:
        connection.execute(sa.update(sa.table(SCHEMA, sa.column(VERSION_COLUMN))).values({VERSION_COLUMN: VERSION}))
        done.append(f"schema version {VERSION}, before {found}")
    connection.commit()
    return tuple(done) or (f"nothing to do: schema version {found} is the newest",)


def _lost(connection: sa.Connection, missing: Lacking, version: int) -> Lacking:
    """What a database of this version had, and what a column has in it that no default tells."""

    def is_guarded(column: sa.Column[Any]) -> bool:
        return GUARDED.get(f"{column.table.name}.{column.name}", version + 1) <= version

    def is_lost(column: sa.Column[Any]) -> bool:
        default = column.server_default
        if default is None and not column.nullable:
            return True
        # When a row was made is no constant: SQLite adds no such column, and the others would write today.
        is_constant = not isinstance(default, sa.DefaultClause) or isinstance(default.arg, str)
        return (is_guarded(column) or not is_constant) and _has_rows(connection, column.table.name)

    return Lacking(
        tables=tuple(table for table in missing.tables if any(map(is_guarded, table.c))),
        columns=tuple(filter(is_lost, missing.columns)),
    )


def _has_rows(connection: sa.Connection, table: str) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(sa.table(table)).limit(1)).first() is not None


def _add_indexes(connection: sa.Connection, metadata: sa.MetaData) -> Sequence[str]:
    """Those that are declared and not there; what was done."""
    present = {index["name"] for found in sa.inspect(connection).get_multi_indexes().values() for index in found}
    done = []
    for table in metadata.sorted_tables:
        for index in (*sorted(table.indexes, key=lambda index: str(index.name)), *_of_parents(table)):
            if str(index.name) not in present:
                connection.execute(CreateIndex(index))
                done.append(f"added index {index.name}")
    return done


def _of_parents(table: sa.Table) -> Iterator[sa.Index]:
    """Lets whoever closes an account find its sub-accounts, instead of reading every account for them.

    Only those that have a parent are in it: SQLite would take an index that is nearly all NULL for a selective one.
    No part of the tables: its options name engines, whose dialects every plan would then import.
    """
    if PARENT in table.c:
        column = sa.Table(table.name, sa.MetaData(), sa.Column(PARENT, sa.BigInteger)).c[PARENT]
        has_one = column.is_not(None)
        yield sa.Index(f"ix_{table.name}_{PARENT}", column, sqlite_where=has_one, postgresql_where=has_one)


def _newer(found: int, version: int) -> TargetError:
    return TargetError(
        f"the database has schema version {found}, made by a newer reconciler (this one knows {version})",
        remedy="upgrade the reconciler",
    )
