"""Mumara Campaigns as a target. The entry point `mumara`."""

from __future__ import annotations

from typing import Final

from reconciler.targets.mumara.mapping import SYSTEM
from reconciler.targets.sql.target import SystemAdapter, SystemType

_AFTERWARDS: Final = (
    "roles: a user who is logged in may have to log out and in before new permissions show",
    "limits: the application reads packages as it sends; a broadcast that it paused goes on after midnight, or when "
    "the month changes, if its settings say so",
    "limits: what was sent today and this month is set back by the application's own cron job (limits_reset)",
    "caches: `php artisan cache:clear` in the application's folder empties what it still remembers",
)

MUMARA: Final = SystemType(
    SystemAdapter(type="mumara", system=SYSTEM, creates=frozenset({"role", "package"}), afterwards=_AFTERWARDS)
)
