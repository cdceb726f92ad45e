"""Every column that a mapping speaks of: what is read of a table that hides something. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.targets.sql.mapping import (
    Col,
    Column,
    Foreign,
    KindMap,
    Links,
    Option,
    OptionReference,
    Options,
    Pairs,
    Place,
    SharedColumn,
    SideTable,
    System,
)


def mapped(system: System) -> frozenset[Col]:
    """The columns of kinds and catalogues, ids and keys too."""
    found = {column for catalogue in system.catalogues.values() for column in (catalogue.id, catalogue.name)}
    for kind in system.kinds.values():
        found.update(_of_kind(kind))
    return frozenset(found)


def _of_kind(kind: KindMap) -> Iterator[Col]:
    yield from (kind.id, kind.key, *kind.belongs)
    for place in kind.fields.values():
        yield from of_place(place)


def of_place(place: Place) -> Iterator[Col]:
    """The columns of a field, wherever they are."""
    match place:
        case Links(owner=owner, item=item):
            yield from (owner, item)
        case Pairs(owner=owner, name=name, value=value):
            yield from (owner, name, value)
        case SideTable(owner=owner, columns=columns):
            yield from (owner, *(each.column for each in columns.values()), *own_columns(place))
        case Option(register=register) | OptionReference(register=register) | Options(register=register):
            yield from register.columns
        case _:
            yield from own_columns(place)


def own_columns(place: Place) -> Sequence[Col]:
    """The columns of a field that are in the object's own row."""
    match place:
        case Column(column=column) | Foreign(column=column):
            return (column,)
        case SharedColumn(columns=columns):
            return columns
        case SideTable(own=own):
            return tuple(each.column for each in own.values())
        case _:
            return ()
