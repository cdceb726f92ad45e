"""The least that two accounts need: one that plans and one that applies. Derived from the mapping, and said in the
engine's words; and what the account in use may besides. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from reconciler.model.resource import Removal, Resource, Vocabulary
from reconciler.model.rights import Deed, Right, Rights
from reconciler.targets.sql.dialect import Granting, Power, granting
from reconciler.targets.sql.mapped import mapped
from reconciler.targets.sql.mapping import Col, Column, Foreign, KindMap, Links, Pairs, Side, System

PLANNING: Final = "reconciler_plan"
APPLYING: Final = "reconciler_apply"

NAMED: Final = 3
"""How many tables a sentence names."""

ANYTHING: Final = frozenset({"SUPERUSER", "ALL PRIVILEGES"})

Lines = Iterator[tuple[str, str]]


def needed(system: System, vocabulary: Vocabulary, creates: Collection[str], besides: Iterable[sa.Table]) -> Rights:
    """What both accounts do with the system's tables. `creates`: the kinds whose objects can be created; `besides`:
    tables that are read and belong to no kind."""
    plan = [*_reading(system), *(Right(table.schema or "", table.name, Deed.SELECT) for table in besides)]
    writing = [right for kind in system.kinds.values() for right in _writing(kind, vocabulary[kind.kind], creates)]
    # What is only referred to is locked, so that it stays.
    locking = [_of(catalogue.id.table, Deed.LOCK, catalogue.id) for catalogue in system.catalogues.values()]
    return Rights(plan=tuple(plan), apply=(*plan, *writing, *locking))


def statements(connection: sa.Connection, rights: Rights) -> Lines:
    """(what for, GRANT) of both accounts; none on an engine that knows no accounts."""
    engine = granting(connection)
    if engine is None:
        return
    for label, account, wanted in (("planning", PLANNING, rights.plan), ("applying", APPLYING, rights.apply)):
        whom = engine.ACCOUNT.format(account)
        spoken = _spoken(engine, connection, wanted)
        schemas = sorted({schema for schema, _ in spoken})
        filled = [place for place, deeds in sorted(spoken.items()) if "INSERT" in deeds]
        for place, what in engine.entrances(connection, schemas, filled):
            yield f"{label}: {place}", f"GRANT {what} TO {whom};"
        quote = connection.dialect.identifier_preparer.quote
        for (schema, table), deeds in sorted(spoken.items()):
            said = ", ".join(_said(deed, map(quote, columns)) for deed, columns in sorted(deeds.items()))
            yield f"{label}: {table}", f"GRANT {said} ON {quote(schema)}.{quote(table)} TO {whom};"


def judgement(connection: sa.Connection, rights: Rights) -> Lines:
    """Whether the account of this connection may plan or apply, and a warning where it may more than that."""
    engine = granting(connection)
    if engine is None:
        return
    plan, apply = (_spoken(engine, connection, wanted) for wanted in (rights.plan, rights.apply))
    powers = tuple(engine.powers(connection, sorted({schema for schema, _ in apply})))
    lacking = {name: list(_lacking(wanted, powers)) for name, wanted in (("plan", plan), ("apply", apply))}
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


Spoken = dict[tuple[str, str], dict[str, tuple[str, ...]]]
"""(schema, table) → privilege in the engine's word → its columns; none: the whole table."""


def _spoken(engine: Granting, connection: sa.Connection, rights: Iterable[Right]) -> Spoken:
    """Rights as privileges of this engine. A lock that needs a privilege which the account has anyway adds nothing."""
    own = connection.dialect.default_schema_name or ""
    found: Spoken = {}
    for right in sorted(rights, key=lambda right: right.deed is Deed.LOCK):
        privilege = engine.PRIVILEGES.get(right.deed)
        deeds = found.setdefault((right.schema or own, right.table), {})
        if privilege is None or (right.deed is Deed.LOCK and privilege in deeds):
            continue
        had = deeds.get(privilege, right.columns)
        deeds[privilege] = tuple(sorted({*had, *right.columns})) if had and right.columns else ()
    return found


def _lacking(wanted: Spoken, powers: Collection[Power]) -> Iterator[Power]:
    for (schema, table), deeds in sorted(wanted.items()):
        for deed, columns in sorted(deeds.items()):
            for column in columns or ("",):
                power = Power(deed, schema, table, column)
                if not any(_includes(held, power) for held in powers):
                    yield power


def _includes(held: Power, power: Power) -> bool:
    return (
        held.deed in (power.deed, *ANYTHING)
        and held.schema in ("", power.schema)
        and held.table in ("", power.table)
        and held.column in ("", power.column)
    )


def _excess(wanted: Spoken, powers: Collection[Power]) -> Iterator[Power]:
    """What goes beyond; of an account that may do anything, only that."""
    anything = [power for power in powers if power.deed in ANYTHING and not power.schema]
    for power in anything or powers:
        columns = wanted.get((power.schema, power.table), {}).get(power.deed)
        if columns is None or (columns and power.column not in columns):
            yield power


def _listed(powers: Iterable[Power]) -> str:
    """In words, a phrase a deed."""
    where: dict[str, list[str]] = {}
    for power in powers:
        names = where.setdefault(power.deed, [])
        if power.place not in names:
            names.append(power.place)
    phrases = []
    for deed, places in where.items():
        more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
        phrases.append(f"{deed} on {', '.join(places[:NAMED])}{more}" if places != [""] else deed)
    return "; ".join(phrases)


def _said(privilege: str, columns: Iterable[str]) -> str:
    named = ", ".join(columns)
    return f"{privilege} ({named})" if named else privilege


def _reading(system: System) -> Iterator[Right]:
    """SELECT of what the mapping reads: the whole of a table, or these columns of one that hides something."""
    read: dict[sa.Table, set[str]] = {}
    for column in _mapped(system):
        read.setdefault(column.table, set()).add(column.name)
    for table, names in read.items():
        hiding = table.name in system.hiding
        yield Right(table.schema or "", table.name, Deed.SELECT, tuple(sorted(names)) if hiding else ())
        if hiding:
            yield Right(table.schema or "", table.name, Deed.DESCRIBE)


def _mapped(system: System) -> Iterator[Col]:
    """Every column of a table that is read: mapped, counted, or only in a condition."""
    yield from (column for column in mapped(system) if isinstance(column.table, sa.Table))
    for catalogue in system.catalogues.values():
        yield from _columns_in(catalogue.id, catalogue.name, *catalogue.where)
    for kind in system.kinds.values():
        yield from _columns_in(kind.created, *kind.where)
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


def _writing(kind: KindMap, resource: Resource, creates: Collection[str]) -> Iterator[Right]:
    own = [place.column for place in kind.fields.values() if isinstance(place, (Column, Foreign))]
    renamed = [kind.key] if resource.former_names else []
    yield _of(kind.table, Deed.LOCK, kind.id)
    yield _of(kind.table, Deed.UPDATE, *own, *renamed)
    if kind.kind in creates:
        yield _of(kind.table, Deed.INSERT, kind.key, *own)
    for place in kind.fields.values():
        match place:
            case Links(owner=owner, item=item):
                yield from _replaced(owner, owner, item)
            case Pairs(owner=owner, name=name, value=value):
                yield from _replaced(owner, owner, name, value)
            case Side(owner=owner, columns=columns):
                inner = [column.column for column in columns.values()]
                yield _of(owner.table, Deed.LOCK, owner)
                yield _of(owner.table, Deed.INSERT, owner, *inner)
                yield _of(owner.table, Deed.UPDATE, *inner)
    if resource.removal is Removal.DELETE:
        # Its rows are kept whole, so that a revert can put them back (RULES 21).
        yield from (_of(kind.table, deed) for deed in (Deed.SELECT, Deed.INSERT, Deed.DELETE))
        for owner in kind.belongings():
            yield _of(owner.table, Deed.LOCK, owner)
            yield from (_of(owner.table, deed) for deed in (Deed.SELECT, Deed.DELETE))


def _replaced(owner: Col, *columns: Col) -> Iterator[Right]:
    yield _of(owner.table, Deed.LOCK, owner)
    yield _of(owner.table, Deed.INSERT, *columns)
    yield _of(owner.table, Deed.DELETE)


def _of(table: sa.FromClause, deed: Deed, *columns: Col) -> Right:
    assert isinstance(table, sa.Table)
    return Right(table.schema or "", table.name, deed, tuple(sorted(column.name for column in columns)))
