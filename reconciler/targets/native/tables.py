"""The tables of the built-in ESP, derived from the kinds. Names no field: what a field is decides where it goes.

A kind is a table; a reference a real foreign key (RESTRICT); names, maps and overrides have tables of their own. What
is a user of something else is an account: it has usage, a parent and a bin.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from reconciler.database import ID, LONG_TEXT, NAME, about_to_create
from reconciler.model.resource import (
    Choice,
    Field,
    Limit,
    Names,
    Overrides,
    Reference,
    Resource,
    Switch,
    Text,
    TextMap,
    Toggle,
    Vocabulary,
    Whole,
)
from reconciler.targets.sql.codec import LIMIT, SWITCH, TEXT, TOGGLE, WHOLE, Codec

PREFIX = "esp_"
SCHEMA, VERSION_COLUMN = "esp_schema", "version"
USAGE = "esp_usage"
PARENT, BINNED, CREATED = "parent_id", "deleted_at", "created_at"

CREDITS = "credits"
"""The one counter that no limit measures."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


@cache
def tables(vocabulary: Vocabulary) -> sa.MetaData:
    """All tables of the built-in ESP for these kinds; made once, so nobody may change them."""
    metadata = sa.MetaData(naming_convention=NAMING)
    _table(metadata, SCHEMA, sa.Column(VERSION_COLUMN, sa.Integer, primary_key=True, autoincrement=False))
    for name in catalogues(vocabulary):
        _table(metadata, PREFIX + name, _identity(), sa.Column("name", NAME, nullable=False, unique=True))
    for resource in vocabulary:
        _kind(metadata, resource, vocabulary)
    for account in (resource.kind for resource in vocabulary if is_account(resource)):
        counts = (sa.Column(n, sa.BigInteger, nullable=False, server_default="0") for n in counters(vocabulary))
        _table(metadata, USAGE, _owner(account, primary_key=True), *counts)
    return metadata


def is_account(resource: Resource) -> bool:
    """Whether objects of this kind are users of others."""
    return any(isinstance(field.type, Reference) and field.type.membership for field in resource.fields)


def catalogues(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The catalogues that fields draw names from, sorted."""
    types = (field.type for fields in vocabulary.held.values() for field in fields)
    return tuple(sorted({kind.catalogue for kind in types if isinstance(kind, Names)}))


def counters(vocabulary: Vocabulary) -> tuple[str, ...]:
    """What is counted of each account, sorted."""
    measured = {field.measured_by for fields in vocabulary.held.values() for field in fields if field.measured_by}
    return tuple(sorted(measured | {CREDITS}))


def key_column(resource: Resource) -> str:
    """The column that holds the key."""
    return "email" if resource.personal else "name"


def column_name(field: Field) -> str:
    """The column of a scalar field."""
    flat = field.name.replace(".", "_")
    return f"{flat}_id" if isinstance(field.type, Reference) else flat


def extra_table(kind: str, field: Field) -> str:
    """The table of a field that has one of its own."""
    if isinstance(field.type, Overrides):
        return f"{PREFIX}{kind}_override"
    return f"{PREFIX}{kind}_{field.name.replace('.', '_')}"


def codec_of(field: Field) -> Codec:
    """How the values of a scalar field are stored."""
    match field.type:
        case Limit():
            return LIMIT
        case Switch():
            return SWITCH
        case Whole():
            return WHOLE
        case Toggle():
            return TOGGLE
        case _:
            return TEXT


def _kind(metadata: sa.MetaData, resource: Resource, vocabulary: Vocabulary) -> None:
    kind = resource.kind
    scalars: list[sa.schema.SchemaItem] = []
    for field in vocabulary.held[kind]:
        match field.type:
            case Names(catalogue=catalogue):
                item = sa.ForeignKey(f"{PREFIX}{catalogue}.id", ondelete="RESTRICT")
                _table(
                    metadata,
                    extra_table(kind, field),
                    _owner(kind, primary_key=True),
                    sa.Column(f"{catalogue}_id", ID, item, primary_key=True, index=True),
                )
            case TextMap():
                _table(
                    metadata,
                    extra_table(kind, field),
                    _owner(kind, primary_key=True),
                    sa.Column("name", NAME, primary_key=True),
                    sa.Column("value", LONG_TEXT, nullable=False),
                )
            case Overrides():
                inner = vocabulary.overrides_of(kind, field).values()
                own = (sa.Column(column_name(f), _type(f), nullable=True) for f in inner)
                _table(metadata, extra_table(kind, field), _owner(kind, primary_key=True), *own)
            case _:
                scalars += _scalar(field)
    account = _account_columns(kind) if is_account(resource) else ()
    key = sa.Column(key_column(resource), NAME, nullable=False, unique=True)
    created = sa.Column(CREATED, sa.DateTime, nullable=False, server_default=sa.func.current_timestamp())
    _table(metadata, PREFIX + kind, _identity(), key, created, *account, *scalars)


def _scalar(field: Field) -> Iterator[sa.schema.SchemaItem]:
    name = column_name(field)
    if isinstance(field.type, Reference):
        target = sa.ForeignKey(f"{PREFIX}{field.type.kind}.id", ondelete="RESTRICT")
        yield sa.Column(name, ID, target, nullable=True, index=True)
        return
    default = None if field.default is None else str(codec_of(field).encode([field.default])[0])
    yield sa.Column(name, _type(field), nullable=default is None, server_default=default)
    if isinstance(field.type, Choice):
        yield sa.CheckConstraint(sa.column(name).in_(field.type.words), name=name)
    if isinstance(field.type, Toggle):
        yield sa.CheckConstraint(sa.column(name).in_((0, 1)), name=name)


def _type(field: Field) -> sa.types.TypeEngine[Any]:
    match field.type:
        case Limit() | Switch() | Whole():
            return sa.BigInteger()
        case Toggle():
            return sa.SmallInteger()
        case Choice():
            return sa.String(32)
        case Text():
            return LONG_TEXT
        case other:
            raise TypeError(f"{field.name}: no column for {other}")


def _account_columns(kind: str) -> tuple[sa.Column[Any], ...]:
    parent = sa.ForeignKey(f"{PREFIX}{kind}.id", ondelete="RESTRICT")
    return (
        # Its index holds only rows that have one, and is made by `provision`.
        sa.Column(PARENT, ID, parent, nullable=True),
        sa.Column(BINNED, sa.DateTime, nullable=True),
    )


def _identity() -> sa.Column[Any]:
    return sa.Column("id", ID, primary_key=True, autoincrement=True)


def _owner(kind: str, *, primary_key: bool) -> sa.Column[Any]:
    # What belongs to one object alone goes with it.
    target = sa.ForeignKey(f"{PREFIX}{kind}.id", ondelete="CASCADE")
    return sa.Column(f"{kind}_id", ID, target, primary_key=primary_key, autoincrement=False)


def _table(metadata: sa.MetaData, name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    table = sa.Table(name, metadata, *items)
    event.listen(table, "before_create", about_to_create)
    return table
