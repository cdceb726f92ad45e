"""`reconciler.yaml` and the environment → Settings."""

from reconciler.settings.read import VARIABLE, build, find, schema, work_tree
from reconciler.settings.secrets import target
from reconciler.settings.settings import Settings, TargetEntry

__all__ = ["VARIABLE", "Settings", "TargetEntry", "build", "find", "schema", "target", "work_tree"]
