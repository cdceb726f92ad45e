"""The least that two accounts need, one that plans and one that applies, said in the engine's words; and what the
account in use may besides.

What planning and applying do with a system's tables, derived from its mapping: the least that an account has to be
allowed. Of a table that hides something only columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from reconciler.database import AccountsOf, Grant, granting
from reconciler.model.privileges import Privilege, Rights, TableRight
from reconciler.model.resource import Removal, Resource, Vocabulary
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
    columns_in,
    mapped,
    own_columns,
)

PLANNING: Final = "reconciler_plan"
APPLYING: Final = "reconciler_apply"

_NAMED: Final = 3
"""How many tables a sentence names."""

ANYTHING: Final = frozenset({"SUPERUSER", "ALL PRIVILEGES"})

_Lines = Iterator[tuple[str, str]]


def accounts(connection: sa.Connection, own: Rights, memory: Rights) -> tuple[tuple[str, str], ...]:
    """What `doctor` says of accounts (see HasAccounts). `own`: what is done with the system's tables."""
    rights = Rights(plan=own.plan + memory.plan, apply=own.apply + memory.apply)
    return (*check_grants(connection, rights), *statements(connection, rights))


def statements(connection: sa.Connection, rights: Rights) -> _Lines:
    """(what for, GRANT) of both accounts; none on an engine that knows no accounts."""
    engine = granting(connection)
    if engine is None:
        return
    for label, account, wanted in (("planning", PLANNING, rights.plan), ("applying", APPLYING, rights.apply)):
        whom = engine.ACCOUNT.format(account)
        spoken = _spoken(engine, connection, wanted)
        schemas = sorted({schema for schema, _ in spoken})
        filled = [place for place, deeds in sorted(spoken.items()) if "INSERT" in deeds]
        for place, what in engine.connect_rights(connection, schemas, filled):
            yield f"{label}: {place}", f"GRANT {what} TO {whom};"
        quote = connection.dialect.identifier_preparer.quote
        for (schema, table), deeds in sorted(spoken.items()):
            said = ", ".join(_said(deed, map(quote, columns)) for deed, columns in sorted(deeds.items()))
            where = f"{quote(schema)}.{quote(table) if table else '*'}"
            yield f"{label}: {table or 'all tables'}", f"GRANT {said} ON {where} TO {whom};"


def check_grants(connection: sa.Connection, rights: Rights) -> _Lines:
    """Whether the account of this connection may plan or apply, and a warning where it may more than that."""
    engine = granting(connection)
    if engine is None:
        return
    plan, apply = (_spoken(engine, connection, wanted) for wanted in (rights.plan, rights.apply))
    powers = tuple(engine.grants_of(connection, sorted({schema for schema, _ in apply})))
    lacking = {name: list(_lacking(engine, wanted, powers)) for name, wanted in (("plan", plan), ("apply", apply))}
    refused = list(_refused(connection, rights.plan))
    for each in lacking.values():
        each += [power for power in refused if power not in each]
    if not lacking["apply"]:
        wanted, said = apply, "enough to plan and to apply"
    else:
        wanted, said = plan, "enough to plan"
        if lacking["plan"]:
            said = f"not enough to plan; it lacks {_listed(lacking['plan'])}"
        elif list(_excess(plan, powers)):
            said += f"; to apply it lacks {_listed(lacking['apply'])}"
    yield "account", said
    excess = list(_excess(wanted, powers))
    if excess:
        yield "warning", f"the account may do more than it needs: {_listed(excess)}"


def is_allowed(connection: sa.Connection, deed: str) -> bool:
    """Whether the account of this connection has a privilege, in the engine's word, on any table of its own schema."""
    engine = granting(connection)
    own = connection.dialect.default_schema_name or ""
    return engine is None or any(
        power.deed in (deed, *ANYTHING) and power.schema in ("", own) for power in engine.grants_of(connection, (own,))
    )


GrantedRight = dict[tuple[str, str], dict[str, tuple[str, ...]]]
"""(schema, table) → privilege in the engine's word → its columns; none: the whole table."""


def _spoken(engine: AccountsOf, connection: sa.Connection, rights: Iterable[TableRight]) -> GrantedRight:
    """Rights as privileges of this engine. A lock that needs a privilege which the account has anyway adds nothing."""
    own = connection.dialect.default_schema_name or ""
    found: GrantedRight = {}
    for right in sorted(rights, key=lambda right: right.deed is Privilege.LOCK):
        privilege = engine.PRIVILEGES.get(right.deed)
        if privilege is None:
            continue
        deeds = found.setdefault((right.schema or own, right.table), {})
        if right.deed is Privilege.LOCK and privilege in deeds:
            continue
        had = deeds.get(privilege, right.columns)
        deeds[privilege] = tuple(sorted({*had, *right.columns})) if had and right.columns else ()
    return found


def _refused(connection: sa.Connection, rights: Iterable[TableRight]) -> Iterator[Grant]:
    """What the database does not let this account read, whatever its grants seem to say."""
    for right in rights:
        if right.deed is Privilege.SELECT:
            columns: list[sa.ColumnElement[object]] = [sa.column(name) for name in right.columns] or [
                sa.literal_column("1")
            ]
            table = sa.table(right.table, *map(sa.column, right.columns), schema=right.schema or None)
            try:
                with connection.begin_nested():
                    connection.execute(sa.select(*columns).select_from(table).where(sa.false()))
            except sa.exc.DBAPIError:
                yield Grant("SELECT", right.schema, right.table)


def _lacking(engine: AccountsOf, wanted: GrantedRight, powers: Collection[Grant]) -> Iterator[Grant]:
    for (schema, table), deeds in sorted(wanted.items()):
        for deed, columns in sorted(deeds.items()):
            for column in columns or ("",):
                power = Grant(deed, schema, table, column)
                as_well = frozenset() if table else engine.INCLUDED.get(deed, frozenset())
                if not any(_includes(held, power, as_well) for held in powers):
                    yield power


def _includes(held: Grant, power: Grant, as_well: frozenset[str]) -> bool:
    return (
        held.deed in (power.deed, *ANYTHING, *as_well)
        and held.schema in ("", power.schema)
        and held.table in ("", power.table)
        and held.column in ("", power.column)
    )


def _excess(wanted: GrantedRight, powers: Collection[Grant]) -> Iterator[Grant]:
    """What goes beyond; of an account that may do anything, only that."""
    anything = [power for power in powers if power.deed in ANYTHING and not power.schema]
    for power in anything or powers:
        columns = wanted.get((power.schema, power.table), {}).get(power.deed)
        if columns is None or (columns and power.column not in columns):
            yield power


def _listed(powers: Iterable[Grant]) -> str:
    """In words, a phrase a deed."""
    where: dict[str, list[str]] = {}
    for power in powers:
        names = where.setdefault(power.deed, [])
        if power.place not in names:
            names.append(power.place)
    phrases = []
    for deed, places in where.items():
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        phrases.append(f"{deed} on {', '.join(places[:_NAMED])}{more}" if places != [""] else deed)
    return "; ".join(phrases)


def _said(privilege: str, columns: Iterable[str]) -> str:
    named = ", ".join(columns)
    return f"{privilege} ({named})" if named else privilege


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
    hiding = {table.name for table in system.hiding}
    read: dict[tuple[str, str], set[str]] = {}
    for column in (*spoken_of(system), *besides):
        table = _table(column)
        read.setdefault((table.schema or "", table.name), set()).add(column.name)
    whole = {place for place in read if place[1] not in hiding}
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
        yield from columns_in(column)
    for catalogue in system.catalogues.values():
        rather = () if catalogue.rather is None else (catalogue.rather,)
        yield from columns_in(*catalogue.where, *rather)
    for kind in system.kinds.values():
        yield from columns_in(kind.created, *kind.where)
        for place in kind.fields.values():
            if isinstance(place, Links):
                yield from columns_in(*place.where)
        if kind.account:
            yield from columns_in(kind.account.child, kind.account.binned)
            for counter in kind.account.counted.values():
                yield from columns_in(counter.owner, counter.count)
    for pointer in system.pointers:
        yield from columns_in(pointer.number, pointer.name, *pointer.where)
    for mirror in system.mirrors:
        yield from (mirror.copy, mirror.of, mirror.through, mirror.number, mirror.on)
        yield from columns_in(*mirror.where, *mirror.proof)


def _one_a_table(column: Col) -> Iterable[Col]:
    """The column itself; of a query one of each table inside."""
    return {found.table: found for found in columns_in(column)}.values()


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
        case SideTable(owner=owner, columns=columns) if columns:
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
    """INSERT of rows as they were before they were deleted, also in columns that we do not know
    (docs/rules.md#rule-37)."""
    table = _table(column)
    seen = [other.name for other in mapped(system) if other.table is table] if table in system.hiding else ()
    return _right(column, Privilege.INSERT, *seen)


def _stamps(system: System, column: Col) -> RowDefaults:
    return system.stamps.get(_table(column), RowDefaults())


def _right(column: Col, deed: Privilege, *columns: str) -> TableRight:
    """A deed on the table of a column; without `columns` on the whole of it."""
    table = _table(column)
    return TableRight(table.schema or "", table.name, deed, tuple(sorted(set(columns))))


def _table(column: Col) -> sa.Table:
    table = column.table
    assert isinstance(table, sa.Table)
    return table
