"""What a package declares: the service tier of a customer.  Sources: seeds 000 (Mumara packages), 001 (MailWizz
quotas), 002 (allowances of child accounts), docs/rules.md#rule-4.

What comes with a package: headers, assets, sender rights, requirements. Source: seed 000 (additional settings).

How much of everything else a package gives. Seeds 000 (resources, automation, commercial), 002 (allowances).
"""

from __future__ import annotations

from reconciler.kinds.fields import NEVER_ENDS, QUOTA, SENDING, former_names, note
from reconciler.kinds.quota import QUOTA_ADVICE, QUOTA_MEANING
from reconciler.model.resource import (
    Choice,
    Direction,
    Field,
    Limit,
    Names,
    Reference,
    Removal,
    Resource,
    Switch,
    TextMap,
    Toggle,
    Tombstone,
)
from reconciler.model.values import OFF, UNLIMITED

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


_SENDER = (
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


_REQUIRE = (
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

_OPTIONS = Field(
    "options",
    TextMap("option", r"[A-Za-z0-9_.-]+", whole=False, loose=True),
    "The system's own options that have no field here: code → text. Codes not listed are left alone.",
    default={},
    examples=({"system.customer_campaigns.max_campaigns": "10"},),
)


_LIMIT = Limit()


def _limit(name: str, label: str, doc: str, measured_by: str = "") -> Field:
    return Field(
        f"limits.{name}",
        _LIMIT,
        doc,
        default=UNLIMITED,
        label=label,
        direction=MORE,
        overridable=True,
        measured_by=measured_by,
        examples=(10, UNLIMITED),
    )


_LIMITS = (
    _limit("contacts", "Maximum contacts", "Contacts over all lists.", "contacts"),
    _limit("lists", "Maximum lists", "Contact lists.", "lists"),
    _limit("sending_domains", "Maximum sending domains", "Sending domains.", "sending_domains"),
    _limit("sending_nodes", "Maximum sending nodes", "Sending nodes (SMTP connections).", "sending_nodes"),
    _limit("segments", "Maximum segments", "Segments.", "segments"),
    _limit("triggers", "Maximum triggers", "Automation triggers.", "triggers"),
    _limit(
        "trigger_actions_monthly",
        "Trigger actions monthly limit",
        "Trigger actions a month.",
        "trigger_actions_this_month",
    ),
    _limit("evergreen_campaigns", "Maximum evergreen campaigns", "Evergreen campaigns.", "evergreen_campaigns"),
)


def _automation(name: str, label: str, doc: str) -> Field:
    return Field(
        f"automation.{name}", _LIMIT, doc, default=UNLIMITED, label=label, direction=MORE, examples=(100, UNLIMITED)
    )


AUTOMATION = (
    _automation("reset_limit", "Reset Automation Limit", "Resets of an automation."),
    _automation("monthly_actions", "Monthly Actions Limit", "Automation actions a month."),
    _automation("actions_per_automation", "Maximum Actions in a single Automation", "Actions in one automation."),
)

COMMERCIAL = (
    Field(
        "commercial.suppressed_domains",
        Switch(0),
        "Domains that a customer may suppress at most, or `off`: no limit.",
        default=OFF,
        label="Limit suppressed domains",
        direction=MORE,
        overridable=True,
        examples=(100, OFF),
    ),
    Field(
        "commercial.bounce_rate_stop",
        Switch(1, 100),
        "Running campaigns stop when this per cent of their mails bounces, or `off`: never.",
        default=OFF,
        label="Stop running campaigns when the bounce rate reaches",
        direction=MORE,
        examples=(8, OFF),
    ),
    Field(
        "commercial.credits",
        Toggle(),
        "Billing by credits.",
        default=False,
        label="Enable credits",
        examples=(True,),
    ),
    Field(
        "commercial.allow_overuse",
        Toggle(),
        "Customers may send beyond their limits by using credits.",
        default=False,
        label="Allow overuse",
        direction=MORE,
        examples=(True,),
    ),
    Field(
        "commercial.branding",
        Toggle(),
        "Customers may use their own branding.",
        default=False,
        label="Allow branding",
        direction=MORE,
        examples=(True,),
    ),
)


def _allowance(name: str, doc: str) -> Field:
    return Field(f"allowance.{name}", _LIMIT, doc, direction=MORE, overridable=True, examples=(10_000, UNLIMITED))


_ALLOWANCE = (
    _allowance("emails", "Emails that a child account may send a month."),
    _allowance("sms", "Text messages that a child account may send a month."),
    _allowance("whatsapp", "WhatsApp messages that a child account may send a month."),
    _allowance("users", "Users of a child account."),
    _allowance("inboxes", "Inboxes of a child account."),
    _allowance("landing_pages", "Landing pages of a child account."),
)


LIFECYCLE = (
    Field(
        "role",
        Reference("role"),
        "The role whose permissions users of this package have.",
        label="User role",
        required=True,
        examples=("Marketing",),
    ),
    Field(
        "lifecycle",
        Choice(("active", "retired", "removed")),
        "`active`; `retired`: closed to new tenants, those on it keep it; `removed`: delete it, which is refused "
        "while it has users.",
        default="active",
        examples=("active", "removed"),
    ),
    Field(
        "reassign_to",
        Reference("package"),
        "With `lifecycle: removed`: the package to which everyone on it is moved first.",
        file_only=True,
        only_with=("lifecycle", "removed"),
        examples=("Starter Plan",),
    ),
    Field(
        "upgrade_to",
        Reference("package"),
        "The next larger package, for the upgrade path in lint and docs.",
        file_only=True,
        examples=("Enterprise",),
    ),
    former_names("package", "Pro"),
    note("OPS-377: price list of 2026"),
)

PACKAGE = Resource(
    kind="package",
    folder="packages.d",
    doc="A package: a service tier with its limits, features and assets.",
    key_doc="The package's name in the live system.",
    key_examples=("Starter Plan",),
    removal=Removal.DELETE,
    tombstone=Tombstone(field="lifecycle", removed="removed", closed="retired", successor="reassign_to"),
    former_names="previously",
    note="note",
    refused=(NEVER_ENDS,),
    meanings=(QUOTA_MEANING,),
    advice=QUOTA_ADVICE,
    fields=(
        *LIFECYCLE,
        *SENDING,
        *QUOTA,
        *_LIMITS,
        *AUTOMATION,
        *COMMERCIAL,
        *_ALLOWANCE,
        HEADERS,
        *ASSETS,
        *_SENDER,
        SETUP_GUIDE,
        *_REQUIRE,
        _OPTIONS,
    ),
)
