"""Which target types there are: the entry points of group `reconciler.targets`. Loads one only when it is named, so a
broken plugin breaks nobody but those who use it."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints, PackageNotFoundError, distribution, entry_points

from reconciler.model.errors import TargetError
from reconciler.model.names import did_you_mean
from reconciler.model.target import TargetType

GROUP = "reconciler.targets"
OURS = "esp-reconciler"
"""The distribution whose types are looked for first: no other package can take their place, nor is each one asked."""


def target_types() -> tuple[str, ...]:
    """The names of all installed target types, sorted; none of them is loaded."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def target_type(name: str) -> TargetType:
    """The target type of this name. Raises TargetError when there is none, or when it cannot be loaded."""
    points = _ours().select(group=GROUP, name=name) or entry_points(group=GROUP, name=name)
    if not points:
        known = target_types()
        raise TargetError(
            f'there is no target type "{name}"{did_you_mean(name, known)}',
            remedy=f"installed: {', '.join(known) or 'none'}; a package adds one by an entry point of group {GROUP}",
        )
    return _loaded(next(iter(points)))


def _ours() -> EntryPoints:
    try:
        return distribution(OURS).entry_points
    except PackageNotFoundError:  # run from a folder
        return EntryPoints()


def _loaded(point: EntryPoint) -> TargetType:
    try:
        found = point.load()
    except Exception as error:  # whatever somebody else's module may raise
        raise TargetError(
            f'the target type "{point.name}" cannot be loaded from {point.value}: {type(error).__name__}: {error}',
            remedy=f"update or remove the package {point.dist.name if point.dist else 'that brings it'}",
        ) from error
    if not (callable(getattr(found, "open", None)) and callable(getattr(found, "check", None))):
        raise TargetError(
            f'the target type "{point.name}" ({point.value}) has no `open` and `check`',
            remedy="its entry point must name a model.target.TargetType",
        )
    return found  # type: ignore[no-any-return]  # checked above
