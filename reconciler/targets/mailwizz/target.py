"""MailWizz as a target. The entry point `mailwizz`."""

from __future__ import annotations

from typing import Final

from reconciler.targets.mailwizz.application_moves import application_moves
from reconciler.targets.mailwizz.mapping import SYSTEM
from reconciler.targets.sql.target import SystemAdapter, SystemType

NO_ROLES: Final = "MailWizz has no roles for customers: what they may do is in the options of their group"
NO_OVERRIDES: Final = "MailWizz has no limits of a single customer: give them a group of their own"

ADAPTER: Final = SystemAdapter(
    type="mailwizz",
    system=SYSTEM,
    creates=frozenset({"package"}),
    wanderings=application_moves,
    homeless={
        "package.role": NO_ROLES,
        "package.lifecycle": "a MailWizz group cannot be retired; only `removed` means something here",
        "tenant.overrides": NO_OVERRIDES,
        "tenant.name": "names of customers are theirs to change",
    },
    afterwards=(
        "MailWizz reads options once a process: a sender that is at work keeps the old ones until its run ends; "
        "stop and start long runs to have them read the new ones",
        "usage is cached in files on the application's host, by quota period, hour and hourly speed: a new speed or "
        "period starts a new count at once; clear MailWizz's cache folder to have all counted anew",
        "sub-accounts are set inactive by MailWizz's hourly cron, not now, where the group of their main account has "
        "system.customer_subaccounts.enabled no or max_subaccounts 0, or where that account is not active",
    ),
)

MAILWIZZ: Final = SystemType(ADAPTER)
