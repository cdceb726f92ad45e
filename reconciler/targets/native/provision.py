"""Make the built-in ESP's tables and bring them up to date, in numbered steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from reconciler.database import CREATE_FIRST
from reconciler.model.errors import TargetError
from reconciler.targets.native.tables import PARENT, PREFIX, SCHEMA, VERSION_COLUMN

MEMORY_PREFIX = "reconciler_"
"""Memory lives in the same file (docs/rules.md#rule-32); its tables are no strangers."""


@dataclass(frozen=True, slots=True)
class NativeUpgrade:
    """What makes version `to` out of the one before; `says` tells what was done."""

    to: int
    says: str
    run: Callable[[sa.Connection, sa.MetaData], None]


def _index_parents(connection: sa.Connection, names: Iterable[str]) -> None:
    """Let whoever closes an account find its sub-accounts, instead of reading every account for them.

    Only those that have a parent are in it: SQLite would take an index that is nearly all NULL for a selective one.
    No part of the tables: its options name engines, whose dialects every plan would then import.
    """
    for name in names:
        column = sa.Table(name, sa.MetaData(), sa.Column(PARENT, sa.BigInteger)).c[PARENT]
        has_one = column.is_not(None)
        index = sa.Index(f"ix_{name}_{PARENT}", column, sqlite_where=has_one, postgresql_where=has_one)
        connection.execute(CreateIndex(index, if_not_exists=True))


VERSION = 3
_STEPS: tuple[NativeUpgrade, ...] = (
    NativeUpgrade(
        2, "sub-accounts are found by their parent", lambda connection, _: _index_parents(connection, ["esp_tenant"])
    ),
    NativeUpgrade(
        3,
        "customers without a package have settings",
        lambda connection, metadata: metadata.tables["esp_platform"].create(connection, checkfirst=True),
    ),
)
"""In the order of their versions. MariaDB commits at every DDL statement, so each can be run again after it broke
off; and so a step may also find done what it was to do."""


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
    _index_parents(connection, (table.name for table in metadata.sorted_tables if PARENT in table.c))
    connection.execute(sa.insert(metadata.tables[SCHEMA]).values({VERSION_COLUMN: VERSION}))
    connection.commit()
    return (f"created {len(metadata.tables)} tables, schema version {VERSION}",)


def _broke_off(connection: sa.Connection, metadata: sa.MetaData, present: Sequence[str]) -> bool:
    """Whether all that is there are tables of ours without a row, not even that of the version, which comes last."""
    return set(present) <= set(metadata.tables) and not any(
        connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first() for name in present
    )


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
        raise TargetError(
            f"the database has schema version {found}, this reconciler needs {version}",
            remedy="run `reconciler database upgrade`",
        )


def upgrade(
    connection: sa.Connection, metadata: sa.MetaData, steps: Sequence[NativeUpgrade] = _STEPS, version: int = VERSION
) -> Sequence[str]:
    """Run the steps that are missing, all in one transaction (but on MariaDB); what was done. Raises TargetError on a
    newer schema."""
    found = version_of(connection)
    if found > version:
        raise _newer(found, version)
    done = []
    for step in steps:
        if step.to > found:
            step.run(connection, metadata)
            connection.execute(sa.update(sa.table(SCHEMA, sa.column(VERSION_COLUMN))).values({VERSION_COLUMN: step.to}))
            done.append(f"version {step.to}: {step.says}")
    connection.commit()
    return tuple(done) or (f"nothing to do: schema version {found} is the newest",)


def _newer(found: int, version: int) -> TargetError:
    return TargetError(
        f"the database has schema version {found}, made by a newer reconciler (this one knows {version})",
        remedy="upgrade the reconciler",
    )
