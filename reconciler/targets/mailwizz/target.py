"""MailWizz as a target: what the Adaptation says, and its settings. The entry point `mailwizz`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import sqlalchemy as sa

from reconciler.model.finding import Finding
from reconciler.model.resource import Vocabulary
from reconciler.model.target import TargetSettings
from reconciler.targets.mailwizz.application_moves import application_moves, besides
from reconciler.targets.mailwizz.mapping import mapping
from reconciler.targets.mailwizz.tables import prefix_of, tables
from reconciler.targets.sql import php
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.connection import Connection, Query
from reconciler.targets.sql.options import plain_text
from reconciler.targets.sql.target import SystemAdapter, SystemTarget, place_of, unusable

NO_ROLES: Final = "MailWizz has no roles for customers: what they may do is in the options of their group"
NO_OVERRIDES: Final = "MailWizz has no limits of a single customer: give them a group of their own"


def version(wire: Connection, prefix: str | None = None) -> str:
    """What the application has noted of itself."""
    own = tables(prefix_of(Binder(wire).tables, prefix))["option"].c
    noted: Query = sa.select(own.value).where(own.category == "system.common", own.key == "version")
    for (stored,) in wire.rows(noted):
        return f"version {php.php_text(plain_text(stored) or '')}"
    return "version not noted"


ADAPTATION: Final = SystemAdapter(
    type="mailwizz",
    mapping=mapping,
    creates=frozenset({"package"}),
    version=version,
    wanderings=application_moves,
    besides=besides,
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


class MailwizzType:
    """model.target.TargetType of MailWizz."""

    name = "mailwizz"

    def open(self, settings: TargetSettings, vocabulary: Vocabulary) -> SystemTarget:
        """Connects lazily. Raises TargetError on a URL it cannot use."""
        noted = partial(version, prefix=settings.options.get("table_prefix"))
        adaptation = replace(ADAPTATION, version=noted)
        return SystemTarget(settings.name, place_of(settings), vocabulary, adaptation, settings.options)

    def check(self, settings: TargetSettings) -> Sequence[Finding]:
        """Complaints about the settings that need no connection."""
        return unusable(settings)


MAILWIZZ = MailwizzType()
