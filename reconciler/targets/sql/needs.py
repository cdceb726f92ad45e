"""What planning and applying do with a system's tables, derived from its mapping: the least that an account has to be
allowed. Of a table that hides something only columns. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from reconciler.model.privileges import Privilege, Rights, TableRight
from reconciler.model.resource import Removal, Resource, Vocabulary
from reconciler.targets.sql.mapped import mapped, own_columns
from reconciler.targets.sql.mapping import (
    Col,
    KindMap,
    Links,
    OptionTable,
    Pairs,
    Place,
    RowDefaults,
    SideTable,
    System,
)


def needed_rights(
    system: System,
    vocabulary: Vocabulary,
    creates: Collection[str],
    *,
    besides: Iterable[Col] = (),
    reached: Iterable[tuple[str, str, str]] = (),
) -> Rights:
    """What both accounts do with the system's tables. `creates`: the kinds whose objects can be created; `besides`:
    columns that are read and belong to no kind; `reached`: (schema, table, column) that is counted before
    a delete spreads."""
    plan = tuple(_reading(system, besides, reached))
    writing = [right for kind in system.kinds.values() for right in _writing(system, kind, vocabulary[kind.kind])]
    making = [right for name in creates for right in _making(system, system.kinds[name])]
    # What is only referred to is locked, so that it stays.
    named = [catalogue.id for catalogue in system.catalogues.values()] + [p.number for p in system.pointers]
    locking = [_right(column, Privilege.LOCK, column.name) for each in named for column in _one_a_table(each)]
    following = [_right(mirror.copy, Privilege.UPDATE, mirror.copy.name) for mirror in system.mirrors]
    return Rights(plan=plan, apply=(*plan, *writing, *making, *locking, *following))


def _reading(system: System, besides: Iterable[Col], reached: Iterable[tuple[str, str, str]]) -> Iterator[TableRight]:
    """To see which tables there are and how they are declared, strange ones too; and SELECT of what is read: the whole
    of a table that we know, or these columns of one that hides something. Of a strange one that a delete may reach we
    know nothing, so it may hide something too."""
    yield TableRight("", "", Privilege.DESCRIBE)
    read: dict[tuple[str, str], set[str]] = {}
    for column in (*spoken_of(system), *besides):
        table = _table(column)
        read.setdefault((table.schema or "", table.name), set()).add(column.name)
    whole = {place for place in read if place[1] not in system.hiding}
    for schema, name, reaching in reached:
        read.setdefault((schema, name), set()).add(reaching)
    for (schema, name), columns in read.items():
        if (schema, name) in whole:
            yield TableRight(schema, name, Privilege.SELECT)
        else:
            yield TableRight(schema, name, Privilege.SELECT, tuple(sorted(columns)))


def spoken_of(system: System) -> Iterator[Col]:
    """Every column of a table that is read: mapped, counted, or only in a condition."""
    for column in mapped(system):
        yield from _columns_in(column)
    for catalogue in system.catalogues.values():
        rather = () if catalogue.rather is None else (catalogue.rather,)
        yield from _columns_in(*catalogue.where, *rather)
    for kind in system.kinds.values():
        yield from _columns_in(kind.created, *kind.where)
        for place in kind.fields.values():
            if isinstance(place, Links):
                yield from _columns_in(*place.where)
        if kind.account:
            yield from _columns_in(kind.account.child, kind.account.binned)
            for counter in kind.account.counters.values():
                yield from _columns_in(counter.owner, counter.count)
    for pointer in system.pointers:
        yield from _columns_in(pointer.number, pointer.name, *pointer.where)
    for mirror in system.mirrors:
        yield from (mirror.copy, mirror.of, mirror.through, mirror.number, mirror.on)
        yield from _columns_in(*mirror.where, *mirror.proof)


def _columns_in(*expressions: sa.ClauseElement) -> Iterator[Col]:
    """The columns of tables that expressions speak of, those of queries inside them too."""
    for expression in expressions:
        inside = expression.table if isinstance(expression, sa.Column) else expression
        if isinstance(expression, sa.Column) and isinstance(inside, sa.Table):
            yield expression
            continue
        for found in visitors.iterate(inside):
            if isinstance(found, sa.Column) and isinstance(found.table, sa.Table):
                yield found


def _one_a_table(column: Col) -> Iterable[Col]:
    """The column itself; of a query one of each table inside."""
    return {found.table: found for found in _columns_in(column)}.values()


def _writing(system: System, kind: KindMap, resource: Resource) -> Iterator[TableRight]:
    """What an update does to a kind's rows and to those at their side, and a delete, with the insert that takes it
    back."""
    columns = list(_own(kind))
    if isinstance(kind.table, sa.Table):
        yield _right(kind.id, Privilege.LOCK, kind.id.name)
        if columns:
            yield _right(kind.id, Privilege.UPDATE, *columns, *_stamps(system, kind.id).touched)
        if resource.former_names:
            yield _right(kind.key, Privilege.UPDATE, kind.key.name)
    for place in kind.fields.values():
        yield from _beside(system, place)
    for register in kind.registers():
        yield from _options(system, register)
    if resource.removal is Removal.DELETE:
        yield _whole(system, kind.id)
        yield _right(kind.id, Privilege.DELETE)
        for owner in kind.belongings():
            yield _right(owner, Privilege.LOCK, owner.name)
            yield _right(owner, Privilege.DELETE)
        registers = (r.owner for r in kind.registers() if r.owner is not None)
        yield from (_whole(system, owner) for owner in (*registers, *kind.belongs))


def _making(system: System, kind: KindMap) -> Iterator[TableRight]:
    if isinstance(kind.table, sa.Table):
        yield _right(kind.key, Privilege.INSERT, kind.key.name, *_own(kind), *_stamps(system, kind.key).fresh)


def _own(kind: KindMap) -> Iterator[str]:
    """The columns of its own row that fields are in."""
    yield from (column.name for place in kind.fields.values() for column in own_columns(place))


def _beside(system: System, place: Place) -> Iterator[TableRight]:
    match place:
        case Links(owner=owner, item=item):
            yield from _replaced(system, owner, item)
        case Pairs(owner=owner, name=name, value=value):
            yield from _replaced(system, owner, name, value)
        case SideTable(owner=owner, columns=columns):
            inner = [each.column.name for each in columns.values()]
            stamps = _stamps(system, owner)
            yield _right(owner, Privilege.LOCK, owner.name)
            yield _right(owner, Privilege.INSERT, owner.name, *inner, *stamps.fresh)
            if inner or stamps.touched:
                yield _right(owner, Privilege.UPDATE, *inner, *stamps.touched)
        case _:
            pass


def _replaced(system: System, owner: Col, *others: Col) -> Iterator[TableRight]:
    yield _right(owner, Privilege.LOCK, owner.name)
    yield _right(owner, Privilege.INSERT, owner.name, *(c.name for c in others), *_stamps(system, owner).fresh)
    yield _right(owner, Privilege.DELETE)


def _options(system: System, register: OptionTable) -> Iterator[TableRight]:
    """Rows come and go, and their text changes."""
    own, stamps = register.value, _stamps(system, register.value)
    said = [column.name for column in (register.value, register.serialized) if column is not None]
    where = [column.name for column in (register.owner, register.code, *register.within) if column is not None]
    yield _right(own, Privilege.LOCK, own.name)
    yield _right(own, Privilege.INSERT, *where, *said, *stamps.fresh)
    yield _right(own, Privilege.UPDATE, *said, *stamps.touched)
    yield _right(own, Privilege.DELETE)


def _whole(system: System, column: Col) -> TableRight:
    """INSERT of rows as they were before they were deleted, also in columns that we do not know (RULES 21)."""
    table = _table(column)
    seen = [other.name for other in mapped(system) if other.table is table] if table.name in system.hiding else ()
    return _right(column, Privilege.INSERT, *seen)


def _stamps(system: System, column: Col) -> RowDefaults:
    return system.stamps.get(_table(column).name, RowDefaults())


def _right(column: Col, deed: Privilege, *columns: str) -> TableRight:
    """A deed on the table of a column; without `columns` on the whole of it."""
    table = _table(column)
    return TableRight(table.schema or "", table.name, deed, tuple(sorted(set(columns))))


def _table(column: Col) -> sa.Table:
    table = column.table
    assert isinstance(table, sa.Table)
    return table
