"""The database that the settings of a target name, and what is wrong with them. Connects to nothing."""

from __future__ import annotations

from reconciler.model.errors import TargetError
from reconciler.model.finding import Finding
from reconciler.model.target import TargetSettings
from reconciler.targets.sql.dialect import Database, database


def place_of(settings: TargetSettings) -> Database:
    """The database of a target. Raises TargetError on a URL that cannot be used."""
    return database(
        settings.url,
        settings.lock_timeout,
        insecure=settings.insecure,
        held=settings.max_lock_time,
        timeout=settings.timeout,
    )


def unusable(settings: TargetSettings) -> tuple[Finding, ...]:
    """A complaint about a URL that cannot be used, as `check` tells it; nothing where it can."""
    try:
        place_of(settings)
    except TargetError as error:
        return (Finding(code="type", message=error.message, remedy=error.remedy, field="url", at_files=True),)
    return ()
