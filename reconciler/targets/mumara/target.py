"""Mumara Campaigns as a target: its adaptation, and what the settings may say of it. The entry point `mumara`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.finding import Finding
from reconciler.model.names import did_you_mean
from reconciler.model.resource import Vocabulary
from reconciler.model.target import TargetSettings
from reconciler.targets.mumara import encodings
from reconciler.targets.mumara.mapping import besides, system
from reconciler.targets.mumara.tables import tables
from reconciler.targets.mumara.version import version
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.mapping import System
from reconciler.targets.sql.target import SystemAdapter, SystemTarget, TargetOptions, place_of, unusable

NAMEABLE: Final = (
    "Mumara Campaigns 6.2.7 has no column for it; where yours has one, name it under `columns` of this target"
)
AFTERWARDS: Final = (
    "roles: a user who is logged in may have to log out and in before new permissions show",
    "limits: the application reads packages as it sends; a broadcast that it paused goes on after midnight, or when "
    "the month changes, if its settings say so",
    "limits: what was sent today and this month is set back by the application's own cron job (limits_reset)",
    "caches: `php artisan cache:clear` in the application's folder empties what it still remembers",
)


def _mapping(live: Binder, options: TargetOptions) -> System:
    named = options.get("columns") or {}
    return system(live, str(options.get("table_prefix", "")), {str(n): str(column) for n, column in named.items()})


def _adaptation(options: TargetOptions) -> SystemAdapter:
    prefix = str(options.get("table_prefix", ""))
    return SystemAdapter(
        type="mumara",
        mapping=_mapping,
        creates=frozenset({"role", "package"}),
        besides=lambda live, options: besides(prefix),
        version=lambda wire: version(Binder(wire), tables(prefix)["packages"]),
        homeless={f"package.{name}": NAMEABLE for name in sorted(_nameable())},
        afterwards=AFTERWARDS,
    )


def _nameable() -> Iterator[str]:
    """The fields that a single column can hold."""
    for field in KINDS.held["package"]:
        if type(field.type).__name__.lower() in encodings.ADDED:
            yield field.name


class MumaraType:
    """model.target.TargetType of Mumara Campaigns."""

    name = "mumara"

    def open(self, settings: TargetSettings, vocabulary: Vocabulary) -> SystemTarget:
        """Connects lazily. Raises TargetError on a URL or on columns it cannot use."""
        for finding in self.check(settings):
            raise TargetError(finding.message, remedy=finding.remedy)
        return SystemTarget(
            settings.name, place_of(settings), vocabulary, _adaptation(settings.options), dict(settings.options)
        )

    def check(self, settings: TargetSettings) -> Sequence[Finding]:
        """Complaints about the settings that need no connection."""
        return (*_wrong_columns(settings.options), *unusable(settings))


def _wrong_columns(options: Mapping[str, Any]) -> Iterator[Finding]:
    known = sorted(_nameable())
    for name in sorted(str(each) for each in options.get("columns") or {}):
        if name not in known:
            yield Finding(
                code="type",
                message=f'columns: "{name}" is no field of a package that a column can hold{did_you_mean(name, known)}',
                remedy="write a field as packages have it, such as automation.reset_limit",
                field="columns",
                at_files=True,
            )


MUMARA = MumaraType()
