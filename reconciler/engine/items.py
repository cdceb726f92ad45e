"""The single differences of a set or map, by deepdiff. Knows no kind; called only for what differs."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.values import Value


def differing_items(before: Value | None, after: Value) -> dict[str, tuple[Value | None, Value | None]]:
    """item → (before, after), None where it is not there; sorted by item. Sets have themselves as values."""
    from deepdiff import DeepDiff  # slow to import, and most plans change no collection

    old, new = _as_map(before), _as_map(after)
    tree = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0)
    items = {level.path(output_format="list")[0] for levels in tree.values() for level in levels}
    return {item: (old.get(item), new.get(item)) for item in sorted(items)}


def _as_map(value: Value | None) -> dict[str, Value]:
    if isinstance(value, Mapping):
        return dict(value)
    return dict.fromkeys(value, True) if isinstance(value, tuple) else {}
