"""What the entry point names."""

from reconciler.targets.sql.target import SystemAdapter, SystemType
from reconciler_postal.mapping import SYSTEM

POSTAL = SystemType(
    SystemAdapter(
        type="postal",
        system=SYSTEM,
        creates=frozenset({"package"}),
        homeless={
            "package.role": "Postal has no roles: a user is an administrator or not",
            "package.sending.hourly_speed": "an IP pool has no limits; each mail server has its own, under `overrides`",
        },
    )
)
