"""`reconciler.yaml` and the environment → Settings. Knows no kind of target and reads no desired state."""

from reconciler.settings.access import target
from reconciler.settings.location import VARIABLE, find, work_tree
from reconciler.settings.published import schema
from reconciler.settings.reading import build
from reconciler.settings.stated import Settings, TargetEntry

__all__ = ["VARIABLE", "Settings", "TargetEntry", "build", "find", "schema", "target", "work_tree"]
