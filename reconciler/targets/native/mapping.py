"""Where each field lives in the tables of the built-in ESP, derived from the kinds as the tables are."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from reconciler.model.resource import Choice, Field, Names, Overrides, Reference, Resource, TextMap, Vocabulary
from reconciler.model.values import NONE, OFF
from reconciler.targets.native.tables import (
    BINNED,
    CREATED,
    PARENT,
    PREFIX,
    USAGE,
    catalogues,
    codec_of,
    column_name,
    counters,
    extra_table,
    is_account,
    key_column,
)
from reconciler.targets.sql.mapping import (
    Account,
    Catalogue,
    Column,
    Counter,
    Foreign,
    KindMap,
    Links,
    Pairs,
    Place,
    SideTable,
    System,
)


@cache
def system(vocabulary: Vocabulary, metadata: sa.MetaData) -> System:
    """The mapping of these kinds onto these tables."""
    found = metadata.tables
    return System(
        kinds={resource.kind: _kind(resource, vocabulary, metadata) for resource in vocabulary},
        catalogues={n: Catalogue(found[PREFIX + n].c.id, found[PREFIX + n].c.name) for n in catalogues(vocabulary)},
    )


def _kind(resource: Resource, vocabulary: Vocabulary, metadata: sa.MetaData) -> KindMap:
    table = metadata.tables[PREFIX + resource.kind]
    return KindMap(
        kind=resource.kind,
        table=table,
        id=table.c.id,
        key=table.c[key_column(resource)],
        created=table.c[CREATED],
        fields={f.name: _place(resource.kind, f, vocabulary, metadata) for f in vocabulary.held[resource.kind]},
        account=_account(resource, vocabulary, metadata) if is_account(resource) else None,
        belongs=(metadata.tables[USAGE].c[f"{resource.kind}_id"],) if is_account(resource) else (),
    )


def _place(kind: str, field: Field, vocabulary: Vocabulary, metadata: sa.MetaData) -> Place:
    match field.type:
        case Reference(kind=target, none=none):
            return Foreign(metadata.tables[PREFIX + kind].c[column_name(field)], target, NONE if none else None)
        case Names(catalogue=catalogue, switch=switch):
            pairs = metadata.tables[extra_table(kind, field)].c
            return Links(pairs[f"{kind}_id"], pairs[f"{catalogue}_id"], catalogue, OFF if switch else ())
        case TextMap(whole=whole):
            texts = metadata.tables[extra_table(kind, field)].c
            return Pairs(texts[f"{kind}_id"], texts.name, texts.value, whole)
        case Overrides():
            side = metadata.tables[extra_table(kind, field)].c
            inner = vocabulary.overrides_of(kind, field)
            columns = {name: Column(side[column_name(f)], codec_of(f)) for name, f in inner.items()}
            return SideTable(side[f"{kind}_id"], columns)
        case _:
            return Column(metadata.tables[PREFIX + kind].c[column_name(field)], codec_of(field))


def _account(resource: Resource, vocabulary: Vocabulary, metadata: sa.MetaData) -> Account:
    own, usage = metadata.tables[PREFIX + resource.kind].c, metadata.tables[USAGE].c
    return Account(
        # An account's first choice is whether it may be used.
        state=next(field.name for field in resource.fields if isinstance(field.type, Choice)),
        child=own[PARENT].is_not(None),
        binned=own[BINNED].is_not(None),
        counters={name: Counter(usage[f"{resource.kind}_id"], usage[name]) for name in counters(vocabulary)},
    )
