"""`reconciler.yaml` and the environment → Settings. Knows no kind of target and reads no desired state."""

from reconciler.settings.access import target
from reconciler.settings.location import find
from reconciler.settings.published import schema
from reconciler.settings.reading import build
from reconciler.settings.stated import Entry, Settings

__all__ = ["Entry", "Settings", "build", "find", "schema", "target"]
