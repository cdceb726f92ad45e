"""New users on something closed to new users (RULES 26, guard `retired`). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.engine.world import States, value_in
from reconciler.model.change import Change, Create, Reassign, Update
from reconciler.model.finding import Finding
from reconciler.model.record import Sheet
from reconciler.model.ref import Ref

NAMED = 10


def retired(changes: Sequence[Change], world: States, stated: Mapping[str, Sheet]) -> Iterator[Finding]:
    """One finding for each closed object that would get users, naming the first of them."""
    arrivals: dict[Ref, list[Change]] = {}
    for change in changes:
        for ref in _joins(change, world):
            if _is_closed(ref, world, stated):
                arrivals.setdefault(ref, []).append(change)
    for ref, users in sorted(arrivals.items()):
        first = users[0]
        count = sum(change.expected if isinstance(change, Reassign) else 1 for change in users)
        names = [change.ref.key for change in users if not isinstance(change, Reassign)][:NAMED]
        alone = len(users) == 1
        yield Finding(
            code="retired",
            message=f"{ref} is closed to new users" if alone else f"closed to new users, and {count:,} would come",
            ref=first.ref if alone else ref,
            origin=first.origin,
            remedy="name another one, or --allow retired --reason TEXT",
            names=tuple(names),
            more=count - len(names) if names else 0,
        )


def _joins(change: Change, world: States) -> Iterator[Ref]:
    if isinstance(change, Reassign):
        yield Ref(change.ref.kind, change.to)
    if not isinstance(change, (Create, Update)):
        return
    for field, reference in world.vocabulary.references[change.ref.kind]:
        new = change.after.get(field.name)
        old = change.before.get(field.name) if isinstance(change, Update) else None
        if reference.membership and isinstance(new, str) and new != old:
            yield Ref(reference.kind, new)


def _is_closed(ref: Ref, world: States, stated: Mapping[str, Sheet]) -> bool:
    stone = world.vocabulary[ref.kind].tombstone
    if stone is None:
        return False
    said = value_in(stated[ref.kind], ref.key, stone.field) if ref.kind in stated else None
    return (said if said is not None else world.now(ref.kind, ref.key, stone.field)) == stone.closed
