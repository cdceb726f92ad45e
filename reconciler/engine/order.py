"""The order in which changes are safe (RULES 13). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.change import Change, Create, Delete, Forget, Reassign, Rename, Update
from reconciler.model.resource import Removal, Vocabulary


def in_safe_order(changes: Iterable[Change], vocabulary: Vocabulary) -> tuple[Change, ...]:
    """Renames; creations, then updates of what is referred to; then those who refer; moves; deletions; forgetting.

    Within a step by kind and key. Deletions run against the order of creation, users before what they use.
    """
    rank = {kind: position for position, kind in enumerate(vocabulary.creation_order)}
    people = {resource.kind for resource in vocabulary if resource.removal is Removal.FORGET}

    def place(change: Change) -> tuple[int, int, str]:
        kind = change.ref.kind
        match change:
            case Rename():
                step = 0
            case Create() | Update() if kind in people:
                step = 3
            case Create():
                step = 1
            case Update():
                step = 2
            case Reassign():
                step = 4
            case Delete():
                return 5, -rank[kind], change.ref.key
            case Forget():
                step = 6
        return step, rank[kind], change.ref.key

    return tuple(sorted(changes, key=place))
