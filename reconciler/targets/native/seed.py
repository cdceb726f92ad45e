"""Fill an empty database like an ESP that has been running for years: accounts with usage, a bin, sub-accounts.
Deterministic. Says nothing of files; that its data agrees with the example files is what the data is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reconciler.model.errors import TargetError
from reconciler.model.resource import Vocabulary
from reconciler.model.values import NONE, Values
from reconciler.targets.native.seed_data import CATALOGUES, PACKAGES, ROLES
from reconciler.targets.native.seed_people import BUSY, CREDITS, OVERRIDES, Person, people, share
from reconciler.targets.native.tables import BINNED, CREATED, PARENT, PREFIX, SCHEMA, USAGE
from reconciler.targets.native.tables import CREDITS as CREDITS_LEFT
from reconciler.targets.sql.writer import SqlWriter

OPENED = datetime(2021, 3, 1, 9)
"""When the first account was made."""

TYPICAL: Mapping[str, int] = {"sent_this_month": 900_000, "sent_today": 40_000, "sent_this_hour": 4_000}
"""What somebody without a limit uses at most; ORDINARY of what is not listed."""

ORDINARY = 40
BUSIEST = 0.7
"""The part of a limit that is used at most, but by those who are listed as busy."""


def fill(writer: SqlWriter, metadata: sa.MetaData, vocabulary: Vocabulary) -> Sequence[str]:
    """Write everything in one transaction; what was done. Raises TargetError when there is something already."""
    tables, session = metadata.tables, writer.session
    everyone = tuple(people())
    writer.begin()
    for name, table in tables.items():
        if name != SCHEMA and session.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise TargetError(f"the database is not empty: {name} has rows", remedy="seed a newly created one")
    for catalogue, names in CATALOGUES.items():
        session.execute(sa.insert(tables[PREFIX + catalogue]), [{"name": name} for name in names])
    writer.insert("role", ROLES)
    writer.insert("package", PACKAGES)
    writer.insert("tenant", {person.email: _draft(person) for person in everyone})
    accounts = tables[f"{PREFIX}tenant"]
    ids = {row.email: row.id for row in session.execute(sa.select(accounts.c.email, accounts.c.id))}
    _date(session, accounts, everyone, ids)
    usage = [{"tenant_id": ids[person.email], **_usage(person, vocabulary)} for person in everyone]
    session.execute(sa.insert(tables[USAGE]), usage)
    for kind, first in (("role", 0), ("package", 1)):
        rows = tables[PREFIX + kind]
        session.execute(sa.update(rows).values({CREATED: OPENED + timedelta(days=first)}))
    writer.commit()
    tenants = sum(1 for person in everyone if not person.parent and not person.binned)
    return (
        f"filled with {tenants} tenants on {len(PACKAGES)} packages and {len(ROLES)} roles",
        f"besides {len(everyone) - tenants} accounts in the bin or below others, "
        f"and {sum(map(len, CATALOGUES.values()))} permissions, sending nodes and other assets",
    )


def _draft(person: Person) -> Values:
    return {
        "name": person.name,
        "package": person.package,
        "status": person.status,
        "overrides": OVERRIDES.get(person.email, {}),
        "credits.monthly": CREDITS.get(person.email, "off"),
    }


def _date(session: sa.Connection, accounts: sa.Table, everyone: Sequence[Person], ids: Mapping[str, int]) -> None:
    """When accounts were made, when thrown away, and what is above them."""
    rows = []
    for person in everyone:
        age = timedelta(minutes=int(share(person.email, "age") * 3 * 365 * 24 * 60))
        rows.append(
            {
                "_id": ids[person.email],
                CREATED: OPENED + age,
                BINNED: OPENED + age + timedelta(days=200) if person.binned else None,
                PARENT: ids.get(person.parent),
            }
        )
    values: dict[str, Any] = {name: sa.bindparam(name) for name in (CREATED, BINNED, PARENT)}
    session.execute(sa.update(accounts).where(accounts.c.id == sa.bindparam("_id")).values(values), rows)


def _usage(person: Person, vocabulary: Vocabulary) -> dict[str, Any]:
    """A share of each limit that a counter is held against."""
    own = OVERRIDES.get(person.email, {})
    package = PACKAGES.get(person.package, {}) if person.package != NONE else {}
    used: dict[str, Any] = {CREDITS_LEFT: int(share(person.email, "credits") * 5) * 1_000}
    for field in vocabulary.fields["package"].values():
        if field.measured_by:
            limit = own.get(field.name, package.get(field.name))
            most = limit if isinstance(limit, int) else TYPICAL.get(field.measured_by, ORDINARY)
            sends = field.measured_by.startswith("sent_")
            part = 0.0 if sends and person.status != "active" else share(person.email, "sent" if sends else "size")
            used[field.measured_by] = int(most * part * BUSIEST)
    if person.email in BUSY:
        used["sent_this_month"] = BUSY[person.email]
    return used
