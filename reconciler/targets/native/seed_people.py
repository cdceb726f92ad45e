"""The accounts of the seeded ESP: those that the example files manage, one by one, and as many again that nobody
manages, made up from lists of words. Pure; the same on every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

from reconciler.model.values import NONE, UNLIMITED, Values

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


MANAGED: Mapping[str, str] = {
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

CREDITS: Mapping[str, int] = {"club@summit-skis.example": 10_000}

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
    for package, text in MANAGED.items():
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
