"""Fill an empty database like an ESP that has been running for years: accounts with usage, a bin, sub-accounts.
Deterministic. Says nothing of files; that its data agrees with the example files is what the data is for.

What the seeded ESP offers: catalogues, roles and packages, as a running system holds them. Agrees with the example
files but for what a first plan is to show: a limit, a permission, a role to come and a package whose file is gone.

The accounts of the seeded ESP: those that the example files manage, one by one, and as many again that nobody manages,
made up from lists of words; the same on every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any

import sqlalchemy as sa

from reconciler.model.errors import TargetError
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.values import NONE, UNLIMITED, Value, Values
from reconciler.targets.native.tables import BINNED, CREATED, PARENT, PREFIX, SCHEMA, USAGE
from reconciler.targets.native.tables import CREDITS as CREDITS_LEFT
from reconciler.targets.sql.writer import SqlWriter

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "api": ("use",),
    "billing": ("view", "manage"),
    "campaigns": ("view", "create", "edit", "delete", "schedule", "send"),
    "contacts": ("view", "create", "edit", "import", "export", "delete"),
    "domains": ("view", "create", "verify", "delete"),
    "lists": ("view", "create", "edit", "delete"),
    "nodes": ("view", "create", "edit", "delete"),
    "reports": ("view", "export"),
    "segments": ("view", "create", "edit", "delete"),
    "templates": ("view", "create", "edit", "delete"),
    "triggers": ("view", "create", "edit", "delete"),
    "users": ("view", "create", "edit", "delete"),
}
"""area → what may be done there; the name is `area.action`."""


def permitted(*areas: str) -> tuple[str, ...]:
    """The names of all permissions of some areas, and of the single ones given as `area.action`."""
    names = (f"{area}.{action}" for area in areas if "." not in area for action in PERMISSIONS[area])
    return tuple(sorted({*names, *(name for name in areas if "." in name)}))


CATALOGUES: Mapping[str, tuple[str, ...]] = {
    "permission": permitted(*PERMISSIONS),
    "sending_node": tuple(f"smtp-{region}-{number}" for region in ("ap", "eu", "us") for number in (1, 2, 3)),
    "sending_node_group": ("ap-pool", "eu-pool", "us-pool", "warm-up"),
    "bounce_address": ("bounce@mail.example", "bounce@news.example", "returns@post.example"),
    "sending_domain": ("mail.example", "news.example", "post.example"),
}

ROLES: Mapping[str, Values] = {
    "Marketing": {
        "description": "Builds campaigns and sends them",
        # The file adds reports.export and does not list contacts.delete.
        "permissions": permitted(
            *("campaigns", "lists", "segments", "templates", "triggers", "domains.view", "domains.create"),
            *("contacts.view", "contacts.create", "contacts.import", "contacts.export", "contacts.delete"),
            "reports.view",
        ),
    },
    "Agency": {
        "description": "Runs campaigns for clients of its own, with users and sending domains",
        "permissions": permitted(
            *("campaigns", "contacts", "domains", "lists", "reports", "segments", "templates", "triggers", "users"),
            *("api.use", "billing.view", "nodes.view"),
        ),
    },
    "Campaign Viewer": {
        "description": "Looks at campaigns and their figures, changes nothing",
        "permissions": permitted("campaigns.view", "lists.view", "reports.view", "templates.view"),
    },
    "Support": {
        "description": "Helps customers; sees everything, sends nothing",
        "permissions": tuple(f"{area}.view" for area, actions in PERMISSIONS.items() if "view" in actions),
    },
    "Deliverability": {
        "description": "Looks after sending nodes, domains and bounces",
        "permissions": permitted("campaigns.view", "domains", "nodes", "reports"),
    },
    "Legacy Client": {
        "description": "Customers of the platform before this one",
        "permissions": permitted("campaigns", "contacts", "lists", "reports.view", "templates.view"),
    },
}
"""`Integration`, which the files declare, is yet to be created."""


def _limits(
    hourly: Value, daily: Value, monthly: Value, contacts: Value, segments: Value, triggers: Value
) -> dict[str, Value]:
    return {
        "sending.hourly_speed": hourly,
        "sending.daily_limit": daily,
        "sending.monthly_quota": monthly,
        "limits.contacts": contacts,
        "limits.segments": segments,
        "limits.triggers": triggers,
    }


PACKAGES: Mapping[str, Values] = {
    "Starter Plan": {
        "role": "Marketing",
        **_limits(500, 5_000, 50_000, 10_000, 10, 3),
        "assets.sending_node_groups": ("eu-pool", "us-pool"),
    },
    # The files say 250,000 a month.
    "Professional": {
        "role": "Marketing",
        **_limits(2_000, 25_000, 300_000, 100_000, 50, 10),
        "assets.sending_node_groups": ("ap-pool", "eu-pool", "us-pool"),
        "assets.bounce_addresses": ("bounce@mail.example",),
        "headers": {"X-Tier": "professional"},
    },
    "Enterprise": {
        "role": "Agency",
        **_limits(*[UNLIMITED] * 6),
        "assets.sending_nodes": ("smtp-eu-1", "smtp-us-1"),
        "assets.bounce_addresses": ("bounce@mail.example", "returns@post.example"),
        "headers": {"X-Tier": "enterprise"},
        "commercial.branding": True,
    },
    "Legacy": {
        "role": "Legacy Client",
        "lifecycle": "retired",
        **_limits(400, 6_000, 60_000, 15_000, 5, 0),
        "assets.sending_domains": ("post.example",),
        "headers": {"X-Platform": "legacy"},
        "options": {"panel.theme": "classic"},
    },
    "Trial": {
        "role": "Campaign Viewer",
        **_limits(50, 200, 1_000, 500, 1, 0),
        "assets.sending_node_groups": ("warm-up",),
        "require.dkim": True,
    },
}

FORGOTTEN: Mapping[Ref, Origin] = {Ref("package", "Legacy"): Origin("packages.d/legacy.yaml", 1)}
"""What the last apply managed though no file states it any more, and where it was stated."""


STARTER, PROFESSIONAL, ENTERPRISE, LEGACY = "Starter Plan", "Professional", "Enterprise", "Legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account. `parent`: the account above it, which makes it no tenant."""

    email: str
    name: str
    package: str
    status: str = "active"
    binned: bool = False
    parent: str = ""


_MANAGED: Mapping[str, str] = {
    STARTER: """
        mail@alpenblick Hotel Alpenblick; newsletter@antwerpen-books Antwerpen Books;
        hello@bakkerij-noord Bakkerij Noord; post@bergtour Bergtour Verlag; team@bicicletas-sol Bicicletas Sol;
        news@caffe-torino Caffè Torino; admin@corvus-legal Corvus Legal; contact@ferme-du-lac Ferme du Lac;
        info@helsinki-jazz Helsinki Jazz; office@karpaty-tours Karpaty Tours;
        kommunikation@lindenhof Stiftung Lindenhof; hallo@nordlicht-apotheke Nordlicht Apotheke;
        ops@umbrella-garden Umbrella Garden; marketing@blue-mesa Blue Mesa Outfitters;
        email@chesapeake-crabs Chesapeake Crabs; hello@desert-bloom Desert Bloom Nursery;
        newsletter@fifth-street-books Fifth Street Books; team@juniper-yoga Juniper Yoga;
        news@lakeshore-opera Lakeshore Opera; admin@old-mill-inn Old Mill Inn; ops@prairie-seed Prairie Seed Co;
        mail@red-rock-radio Red Rock Radio; office@tidewater-dental Tidewater Dental; edm@bondi-surf Bondi Surf;
        news@kiwi-orchards Kiwi Orchards; hello@outback-solar Outback Solar; ops@spice-route Spice Route Trading;
        email@taj-textiles Taj Textiles; post@wellington-wool Wellington Wool
    """,
    PROFESSIONAL: """
        ops@acme Acme Ltd; crm@aurora-outdoor Aurora Outdoor AB; it@charite-forum Forum Charité;
        digital@copenhagen-design Copenhagen Design; email@danube-travel Danube Travel; hello@fjordkraft Fjordkraft;
        marketing@gruene-woche Grüne Woche; news@iberia-wines Iberia Wines; mail@lisboa-moda Lisboa Moda;
        growth@mistral-energie Mistral Énergie; ecommerce@piazza-casa Piazza Casa; ops@initech Initech;
        it@evergreen-schools Evergreen Schools; growth@gulf-marine Gulf Marine Supply;
        crm@magnolia-realty Magnolia Realty; marketing@northstar-cycles Northstar Cycles;
        digital@pacific-roasters Pacific Roasters; club@summit-skis Summit Skis; mail@cherry-travel Cherry Travel KK;
        marketing@merlion-foods Merlion Foods; team@sakura-games Sakura Games;
        it@southern-cross-uni Southern Cross University
    """,
    ENTERPRISE: """
        marketing@baltic-ferries Baltic Ferries; crm@edelweiss-bank Edelweiss Bank; ops@globex Globex SE;
        redaktion@rheinpost Rheinpost; crm@cascade-credit Cascade Credit Union; ops@hooli Hooli Mail Services;
        ops@stark-tools Stark Tools; ops@wayne-foundation Wayne Foundation; crm@harbour-telecom Harbour Telecom;
        growth@lotus-pay Lotus Pay
    """,
    LEGACY: """
        ops@beta-print Beta Print; info@corner-cinema Corner Cinema; mail@dockside-gym Dockside Gym;
        news@elm-street-toys Elm Street Toys; crm@frost-fashion Frost Fashion;
        hello@granary-kitchen Granary Kitchen; team@harvest-box Harvest Box; office@ivory-pianos Ivory Pianos
    """,
}
"""package → the accounts on it that files manage: address without `.example`, name."""

STATES: Mapping[str, str] = {
    "admin@corvus-legal.example": "suspended",
    "office@karpaty-tours.example": "closed",
    "admin@old-mill-inn.example": "suspended",
    "email@taj-textiles.example": "suspended",
    "crm@frost-fashion.example": "suspended",
}

_CREDITS: Mapping[str, int] = {"club@summit-skis.example": 10_000}

OVERRIDES: Mapping[str, Values] = {
    "crm@aurora-outdoor.example": {"sending.daily_limit": 40_000},
    "crm@cascade-credit.example": {"require.dkim": True, "require.bounce_domain": True},
    "crm@edelweiss-bank.example": {
        "sending.hourly_speed": 20_000,
        "require.dkim": True,
        "require.tracking_domain": True,
        "require.bounce_domain": True,
    },
    "crm@harbour-telecom.example": {"sending.monthly_quota": 5_000_000},
    "email@danube-travel.example": {"sending.monthly_quota": 300_000, "limits.contacts": 150_000},
    "growth@mistral-energie.example": {"limits.segments": 80},
    "marketing@baltic-ferries.example": {"sending.max_threads": 8, "require.dkim": True},
    "marketing@northstar-cycles.example": {"limits.contacts": 120_000},
    "ops@hooli.example": {"sending.hourly_speed": UNLIMITED, "sending.max_threads": 16},
    # ops@initech.example inherits all; its file asks for 40,000 a day.
    "redaktion@rheinpost.example": {"commercial.suppressed_domains": 500},
    "team@harvest-box.example": {"sending.daily_limit": 8_000},
    "team@sakura-games.example": {"limits.triggers": 25},
}

BUSY: Mapping[str, int] = {
    "ops@acme.example": 289_300,
    "hello@fjordkraft.example": 262_150,
    "growth@gulf-marine.example": 251_020,
    "marketing@merlion-foods.example": 248_700,
    "digital@pacific-roasters.example": 246_310,
    "news@iberia-wines.example": 241_980,
    "crm@magnolia-realty.example": 238_400,
    "it@southern-cross-uni.example": 233_050,
    "mail@lisboa-moda.example": 229_760,
}
"""Who sends most on Professional, this month: above or near the quota that the files ask for."""

FIRST = "amber birch cobalt coral delta ember falcon fern ginger harbor indigo ivy jasper linden maple meadow opal "
SECOND = "bakery bikes books candles ceramics clinic coffee dental florist foods gallery garden hostel studio toys "
MAILBOXES = ("hello", "info", "mail", "marketing", "news", "office", "ops", "team")

UNMANAGED: Mapping[str, int] = {STARTER: 124, PROFESSIONAL: 62, ENTERPRISE: 12, LEGACY: 22, NONE: 5}
"""package → how many accounts on it no file names."""

SUB_ACCOUNTS = 6
"""How many accounts some Enterprise customers have below their own."""


def people() -> Iterator[Person]:
    """Every account, parents before their sub-accounts."""
    for package, text in _MANAGED.items():
        for line in text.replace("\n", " ").split(";"):
            email, name = line.strip().split(" ", maxsplit=1)
            email = f"{email}.example"
            yield Person(email=email, name=name.strip(), package=package, status=STATES.get(email, "active"))
    strangers = _strangers()
    for package, count in UNMANAGED.items():
        for number, (email, name) in enumerate(islice(strangers, count)):
            status, binned = _fate(package, number, email)
            yield Person(email=email, name=name, package=package, status=status, binned=binned)
    for number in range(SUB_ACCOUNTS):
        yield Person(
            email=f"brand-{number + 1}@hooli.example",
            name=f"Hooli Brand {number + 1}",
            package=ENTERPRISE,
            parent="ops@hooli.example",
        )


def share(email: str, topic: str) -> float:
    """A number from 0 to 1 that looks random and is always the same."""
    return int.from_bytes(blake2b(f"{topic} {email}".encode(), digest_size=4).digest()) / 2**32


def _fate(package: str, number: int, email: str) -> tuple[str, bool]:
    """Status, and whether it lies in the bin. The 30 on Legacy are 26 active, 2 suspended, 1 closed, 1 in the bin."""
    if package == LEGACY:
        return {0: ("suspended", False), 1: ("closed", False), 2: ("closed", True)}.get(number, ("active", False))
    luck = share(email, "status")
    return ("closed" if luck < 0.03 else "suspended" if luck < 0.08 else "active"), luck > 0.985


def _strangers() -> Iterator[tuple[str, str]]:
    for first in FIRST.split():
        for second in SECOND.split():
            email = f"@{first}-{second}.example"
            mailbox = MAILBOXES[int(share(email, "mailbox") * len(MAILBOXES))]
            yield f"{mailbox}{email}", f"{first.capitalize()} {second.capitalize()}"


OPENED = datetime(2021, 3, 1, 9)
"""When the first account was made."""

TYPICAL: Mapping[str, int] = {"sent_this_month": 900_000, "sent_today": 40_000, "sent_this_hour": 4_000}
"""What somebody without a limit uses at most; ORDINARY of what is not listed."""

_ORDINARY = 40
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
        "credits.monthly": _CREDITS.get(person.email, "off"),
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
            most = limit if isinstance(limit, int) else TYPICAL.get(field.measured_by, _ORDINARY)
            sends = field.measured_by.startswith("sent_")
            part = 0.0 if sends and person.status != "active" else share(person.email, "sent" if sends else "size")
            used[field.measured_by] = int(most * part * BUSIEST)
    if person.email in BUSY:
        used["sent_this_month"] = BUSY[person.email]
    return used
