"""The least that two accounts need, one that plans and one that applies, said in the engine's words; and what the
account in use may besides. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from reconciler.model.privileges import Privilege, Rights, TableRight
from reconciler.targets.sql.dialect import AccountsOf, Grant, granting

PLANNING: Final = "reconciler_plan"
APPLYING: Final = "reconciler_apply"

NAMED: Final = 3
"""How many tables a sentence names."""

ANYTHING: Final = frozenset({"SUPERUSER", "ALL PRIVILEGES"})

Lines = Iterator[tuple[str, str]]


def accounts(connection: sa.Connection, own: Rights, memory: Rights) -> tuple[tuple[str, str], ...]:
    """What `doctor` says of accounts (see HasAccounts). `own`: what is done with the system's tables."""
    rights = Rights(plan=own.plan + memory.plan, apply=own.apply + memory.apply)
    return (*check_grants(connection, rights), *statements(connection, rights))


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
        for place, what in engine.connect_rights(connection, schemas, filled):
            yield f"{label}: {place}", f"GRANT {what} TO {whom};"
        quote = connection.dialect.identifier_preparer.quote
        for (schema, table), deeds in sorted(spoken.items()):
            said = ", ".join(_said(deed, map(quote, columns)) for deed, columns in sorted(deeds.items()))
            where = f"{quote(schema)}.{quote(table) if table else '*'}"
            yield f"{label}: {table or 'all tables'}", f"GRANT {said} ON {where} TO {whom};"


def check_grants(connection: sa.Connection, rights: Rights) -> Lines:
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
        more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
        phrases.append(f"{deed} on {', '.join(places[:NAMED])}{more}" if places != [""] else deed)
    return "; ".join(phrases)


def _said(privilege: str, columns: Iterable[str]) -> str:
    named = ", ".join(columns)
    return f"{privilege} ({named})" if named else privilege
