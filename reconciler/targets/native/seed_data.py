"""What the seeded ESP offers: catalogues, roles and packages, as a running system holds them. Agrees with the example
files but for what a first plan is to show: a limit, a permission, a role to come and a package whose file is gone."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.ref import Origin, Ref
from reconciler.model.values import UNLIMITED, Value, Values

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
