"""How much of everything else a package gives. Seeds 000 (resources, automation, commercial), 002 (allowances)."""

from reconciler.model.resource import Direction, Field, Limit, Switch, Toggle
from reconciler.model.values import OFF, UNLIMITED

MORE = Direction.MORE
LIMIT = Limit()


def _limit(name: str, label: str, doc: str, measured_by: str = "") -> Field:
    return Field(
        f"limits.{name}",
        LIMIT,
        doc,
        default=UNLIMITED,
        label=label,
        direction=MORE,
        overridable=True,
        measured_by=measured_by,
        examples=(10, UNLIMITED),
    )


LIMITS = (
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
        f"automation.{name}", LIMIT, doc, default=UNLIMITED, label=label, direction=MORE, examples=(100, UNLIMITED)
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
    return Field(f"allowance.{name}", LIMIT, doc, direction=MORE, overridable=True, examples=(10_000, UNLIMITED))


ALLOWANCE = (
    _allowance("emails", "Emails that a child account may send a month."),
    _allowance("sms", "Text messages that a child account may send a month."),
    _allowance("whatsapp", "WhatsApp messages that a child account may send a month."),
    _allowance("users", "Users of a child account."),
    _allowance("inboxes", "Inboxes of a child account."),
    _allowance("landing_pages", "Landing pages of a child account."),
)
