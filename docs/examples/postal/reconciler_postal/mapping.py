"""Where our fields live in Postal: a tenant is a mail server, a package the IP pool that mail servers send from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa

from reconciler.model.values import NONE, UNLIMITED
from reconciler.targets.sql.codec import TEXT, Codec
from reconciler.targets.sql.mapping import (
    NOW,
    Account,
    Column,
    Foreign,
    KindMap,
    NotedVersion,
    Pointer,
    RowDefaults,
    SideTable,
    System,
)
from reconciler_postal.tables import (
    IP_ADDRESSES,
    IP_POOLS,
    MIGRATIONS,
    ORGANIZATION_IP_POOLS,
    ORGANIZATIONS,
    SERVERS,
)

# Postal has no word for `unlimited` but NULL, and that is what a mail server has of which nothing is said.
HOURLY = Codec(int, {-1: UNLIMITED}, least=0)


@dataclass(frozen=True, slots=True)
class Suspension(Codec):
    """A moment means `suspended`, none means `active`. Nothing means `closed`."""

    def decode(self, stored: Sequence[object]) -> Sequence[str]:
        """Whenever it was."""
        return ["active" if moment is None else "suspended" for moment in stored]

    def encode(self, values: Sequence[object]) -> Sequence[str | None]:
        """Suspended from now on."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return [None if value == "active" else now for value in values]


PACKAGE = KindMap(
    kind="package",
    table=IP_POOLS,
    id=IP_POOLS.c.id,
    key=IP_POOLS.c.name,
    created=IP_POOLS.c.created_at,
    fields={},
    belongs=(ORGANIZATION_IP_POOLS.c.ip_pool_id,),
)

TENANT = KindMap(
    kind="tenant",
    table=SERVERS,
    id=SERVERS.c.id,
    key=SERVERS.c.permalink,
    created=SERVERS.c.created_at,
    fields={
        "name": Column(SERVERS.c.name, TEXT),
        "package": Foreign(SERVERS.c.ip_pool_id, "package", NONE),
        "status": Column(SERVERS.c.suspended_at, Suspension(str)),
        "overrides": SideTable(SERVERS.c.id, {}, own={"sending.hourly_speed": Column(SERVERS.c.send_limit, HOURLY)}),
    },
    account=Account(state="status", child=sa.false(), binned=SERVERS.c.deleted_at.is_not(None)),
)

TOUCHED = {"updated_at": NOW}

SYSTEM = System(
    name="Postal",
    known="3",
    version=NotedVersion(sa.select(sa.func.max(MIGRATIONS.c.version))),
    told_by=(IP_POOLS, SERVERS, ORGANIZATIONS),
    kinds={"package": PACKAGE, "tenant": TENANT},
    pointers=(
        Pointer(
            kind="package",
            by="organization",
            name=ORGANIZATIONS.c.permalink,
            field="ip_pool_id",
            number=ORGANIZATIONS.c.ip_pool_id,
        ),
        Pointer(
            kind="package",
            by="ip_address",
            name=IP_ADDRESSES.c.ipv4,
            field="ip_pool_id",
            number=IP_ADDRESSES.c.ip_pool_id,
        ),
    ),
    stamps={
        IP_POOLS: RowDefaults(
            fresh={"uuid": lambda: str(uuid4()), "default": 0, "created_at": NOW, **TOUCHED}, touched=TOUCHED
        ),
        SERVERS: RowDefaults(touched=TOUCHED),
    },
    hiding=frozenset({SERVERS, ORGANIZATIONS}),
    by_triggers=True,
)
