"""What comes with a package: headers, assets, sender rights, requirements. Source: seed 000 (additional settings)."""

from reconciler.model.resource import Direction, Field, Names, TextMap, Toggle
from reconciler.model.values import OFF

MORE, LESS = Direction.MORE, Direction.LESS

HEADERS = Field(
    "headers",
    TextMap("header", r"[A-Za-z0-9-]+", folded=True),
    "Headers added to every mail of users of this package: name → value.",
    default={},
    label="Additional Headers",
    examples=({"X-Tier": "starter"},),
)


def _asset(name: str, catalogue: str, label: str, doc: str, example: str) -> Field:
    return Field(
        f"assets.{name}",
        Names(catalogue, switch=True),
        f"{doc} They must exist in the live system; `off` assigns none.",
        default=OFF,
        label=label,
        direction=MORE,
        examples=((example,), OFF),
    )


ASSETS = (
    _asset("sending_nodes", "sending_node", "Sending Nodes", "Sending nodes for users of this package.", "smtp-eu-1"),
    _asset(
        "sending_node_groups",
        "sending_node_group",
        "Sending Node Groups",
        "Groups of sending nodes for users of this package.",
        "eu-pool",
    ),
    _asset(
        "bounce_addresses",
        "bounce_address",
        "Bounce addresses",
        "Bounce addresses for users of this package.",
        "bounce@mail.example",
    ),
    _asset(
        "sending_domains",
        "sending_domain",
        "Sending domains",
        "Sending domains for users of this package.",
        "mail.example",
    ),
)


def _sender(name: str, label: str, doc: str) -> Field:
    return Field(f"sender.{name}", Toggle(), doc, default=True, label=label, direction=MORE, examples=(False,))


SENDER = (
    _sender(
        "from_sending_nodes",
        "Allow using sender information from sending nodes dynamically",
        "Users may use the sender details of sending nodes.",
    ),
    _sender(
        "from_contact_lists",
        "Allow using sender information from contact lists dynamically",
        "Users may use the sender details of contact lists.",
    ),
    _sender(
        "custom",
        "Allow using custom sender information",
        "Users may give sender details of their own when they make a campaign.",
    ),
)

SETUP_GUIDE = Field(
    "setup_guide",
    Toggle(),
    "New users see the initial setup guide.",
    default=True,
    label="Show the Initial setup Guide",
    examples=(False,),
)


def _requirement(name: str, label: str, doc: str) -> Field:
    return Field(
        f"require.{name}",
        Toggle(),
        doc,
        default=False,
        label=label,
        direction=LESS,
        overridable=True,
        examples=(True,),
    )


REQUIRE = (
    _requirement("dkim", "Require DKIM authentication", "Users must set up DKIM before they send."),
    _requirement(
        "tracking_domain",
        "Require tracking domain authentication",
        "Users must set up a tracking domain of their own before they send.",
    ),
    _requirement(
        "bounce_domain",
        "Require bounce domain authentication",
        "Users must set up a bounce domain of their own before they send.",
    ),
)

OPTIONS = Field(
    "options",
    TextMap("option", r"[A-Za-z0-9_.-]+", whole=False, loose=True),
    "The system's own options that have no field here: code → text. Codes not listed are left alone.",
    default={},
    examples=({"system.customer_campaigns.max_campaigns": "10"},),
)
