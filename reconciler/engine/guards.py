"""What must not happen, one function a guard; each yields findings. Run when planning, and again on fresh facts inside
the write transaction (docs/rules.md#rule-31).

New users on something closed to new users (docs/rules.md#rule-25).

What to write so that a refused deletion becomes possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import inf, log2

from reconciler.engine.effect import limit_size
from reconciler.engine.globs import Globs
from reconciler.engine.needed_facts import goes, members_leaving, repointed
from reconciler.engine.states import States, value_in
from reconciler.model.change import Change, Create, Delete, Effect, Forget, Reassign, Update
from reconciler.model.facts import Facts, Users
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Policy
from reconciler.model.record import Sheet, column
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Direction, Vocabulary
from reconciler.model.values import Values

_NAMED = 10


def retired(changes: Sequence[Change], states: States, stated: Mapping[str, Sheet]) -> Iterator[Finding]:
    """One finding for each closed object that would get users, naming the first of them."""
    arrivals: dict[Ref, list[Change]] = {}
    for change in changes:
        for ref in _joins(change, states):
            if _is_closed(ref, states, stated):
                arrivals.setdefault(ref, []).append(change)
    for ref, users in sorted(arrivals.items()):
        first = users[0]
        count = sum(change.expected if isinstance(change, Reassign) else 1 for change in users)
        names = [change.ref.key for change in users if not isinstance(change, Reassign)][:_NAMED]
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


def _joins(change: Change, states: States) -> Iterator[Ref]:
    if isinstance(change, Reassign):
        yield Ref(change.ref.kind, change.to)
    if not isinstance(change, (Create, Update)):
        return
    for each, reference in states.vocabulary.references[change.ref.kind]:
        new = change.after.get(each.name)
        old = change.before.get(each.name) if isinstance(change, Update) else None
        if reference.membership and isinstance(new, str) and new != old:
            yield Ref(reference.kind, new)


def _is_closed(ref: Ref, states: States, stated: Mapping[str, Sheet]) -> bool:
    stone = states.vocabulary[ref.kind].tombstone
    if stone is None:
        return False
    in_file = value_in(stated[ref.kind], ref.key, stone.field) if ref.kind in stated else None
    # A file counts also where the target has no place for it.
    return (in_file if in_file is not None else states.before(ref.kind, ref.key, stone.field)) == stone.closed


UNBOUNDED = 64.0
"""How far `unlimited` is from nothing, where a doubling is 1."""


def how_to_delete(change: Delete, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> str:
    """The lines to write, and the lines of files that still name it."""
    stone = vocabulary[change.ref.kind].tombstone
    if stone is None:
        return "let its users name something else first"
    lines = naming_lines(change.ref, stated, vocabulary)
    also = f"; and change {_together(lines)}" if lines else ""
    successor = _most_alike(change, stated, vocabulary)
    return f"to delete it: {stone.field}: {stone.removed}, {stone.successor}: {successor}{also}"


def naming_lines(ref: Ref, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> list[Origin]:
    """The lines of files that name `ref`, in order."""
    found: list[Origin] = []
    for kind, sheet in stated.items():
        for each, reference in vocabulary.references[kind]:
            if reference.kind == ref.kind:
                keys = [key for b in sheet.blocks for key, value in column(b, each.name).items() if value == ref.key]
                found += [sheet[key].where(each.name) for key in keys]
    return sorted(found, key=lambda origin: (origin.place, origin.line or 0))


def _together(lines: list[Origin]) -> str:
    """`tenants.d/eu.yaml:12, :40, tenants.d/us.yaml:3`."""
    return ", ".join(
        f"{place}:" + ", :".join(str(origin.line) for origin in origins)
        for place, origins in groupby(lines, key=lambda origin: origin.place)
    )


def _most_alike(change: Delete, stated: Mapping[str, Sheet], vocabulary: Vocabulary) -> str:
    """The declared object, open to new users, whose limits are nearest to those of the one that goes."""
    stone = vocabulary[change.ref.kind].tombstone
    sheet = stated.get(change.ref.kind, Sheet(change.ref.kind))
    distances = {
        key: _distance(change.ref.kind, change.before, sheet[key].values, vocabulary)
        for key in sheet
        if key != change.ref.key
        and (stone is None or sheet[key].values.get(stone.field) not in (stone.closed, stone.removed))
    }
    return min(distances, key=lambda key: (distances[key], key), default="ANOTHER")


def _distance(kind: str, one: Values, other: Values, vocabulary: Vocabulary) -> float:
    """How many doublings lie between the limits of two objects; what is not stated counts as its default."""
    total = 0.0
    for each in vocabulary.held[kind]:
        sizes = [limit_size(each, values.get(each.name, each.default)) for values in (one, other)]
        if each.direction is not Direction.NONE and None not in sizes:
            steps = [UNBOUNDED if s == inf else log2(1 + max(0.0, s or 0.0)) for s in sizes]
            total += abs(steps[0] - steps[1])
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardInput:
    """What guards judge. `managed`: kind → how many objects this project manages; `declared`: kind → how many it
    declares; `stated`: the files, for the places of a remedy; `reached`: unchanged objects whose users a change of
    something else hits (both empty inside the transaction)."""

    changes: Sequence[Change]
    facts: Facts
    policy: Policy
    vocabulary: Vocabulary
    managed: Mapping[str, int]
    declared: Mapping[str, int]
    stated: Mapping[str, Sheet] = field(default_factory=dict)
    reached: frozenset[Ref] = frozenset()


Guard = Callable[[GuardInput], Iterator[Finding]]


def in_use(case: GuardInput) -> Iterator[Finding]:
    """Deleting what still has users of any status, or what anything else points at. No flag turns it off."""
    moved = {change.ref for change in case.changes if isinstance(change, Reassign) and not change.members}
    leaving = members_leaving(case.changes, case.vocabulary)
    after = repointed(case.changes, case.vocabulary)
    for change in case.changes:
        if not isinstance(change, Delete):
            continue
        holders = case.facts.holders.get(change.ref, Users())
        staying = 0 if change.ref in moved else holders.count - leaving.get(change.ref, 0)
        if staying > 0:
            yield _still_in_use(change, holders, staying, case)
        pointing = [
            (ref, name)
            for ref, name in case.facts.pointers.get(change.ref, ())
            if after.get((ref, name), change.ref.key) == change.ref.key
        ]
        if pointing:
            people = sorted({ref.key for ref, _ in pointing if _is_personal(ref.kind, case.vocabulary)})
            said = [f"{ref} {name}" for ref, name in pointing if not _is_personal(ref.kind, case.vocabulary)][:10]
            said += [f"{len(people):,} accounts"] if people else []
            yield Finding(
                code="in-use",
                message=f"{len(pointing)} still point at it: " + ", ".join(said),
                ref=change.ref,
                origin=change.origin,
                remedy="let them name something else first",
                names=tuple(people[:10]),
                more=max(0, len(people) - 10),
            )


def _is_personal(kind: str, vocabulary: Vocabulary) -> bool:
    """Whether keys are people's addresses, which no message may spell out (docs/rules.md#rule-40)."""
    return kind in vocabulary and vocabulary[kind].personal


def _still_in_use(change: Delete, holders: Users, staying: int, case: GuardInput) -> Finding:
    states = [f"{count} {status}" for status, count in sorted(holders.by_status.items())]
    states += [f"{holders.binned} in the bin"] if holders.binned else []
    asides = [f"; sub-accounts among them: {holders.unnamed}"] if holders.unnamed else []
    asides += [f"; leaving it in this plan: {holders.count - staying}"] if staying < holders.count else []
    left = {c.ref.key for c in case.changes if members_leaving((c,), case.vocabulary).get(change.ref)}
    names = tuple(name for name in holders.sample if name not in left)
    users = "1 user is" if staying == 1 else f"{staying:,} users are"
    return Finding(
        code="in-use",
        message=f"{users} still on it ({', '.join(states)}{''.join(asides)})",
        ref=change.ref,
        origin=change.origin,
        remedy=how_to_delete(change, case.stated, case.vocabulary),
        names=names,
        more=max(0, staying - len(names)),
    )


def shielded(case: GuardInput) -> Iterator[Finding]:
    """A Reassign must not move users that the settings leave alone; they block it (docs/rules.md#rule-18)."""
    hands_off = Globs(case.policy.hands_off)
    for change in case.changes:
        if isinstance(change, Reassign):
            users = (meter.ref for meter in case.facts.meters.get(change.ref, ()) if goes(change, meter.ref))
            kept = sorted(ref.key for ref in users if ref in hands_off)
            if kept:
                yield Finding(
                    code="in-use",
                    message=f"{len(kept)} of its users are under hands_off and cannot be moved",
                    ref=change.ref,
                    origin=change.origin,
                    remedy="move them by hand, or take them out of hands_off",
                    names=tuple(kept[:10]),
                    more=max(0, len(kept) - 10),
                )


def cascade(case: GuardInput) -> Iterator[Finding]:
    """A delete that the live schema would spread to rows that are not its own."""
    for change in case.changes:
        spread = case.facts.cascades.get(change.ref) if isinstance(change, Delete) else None
        if spread:
            yield Finding(
                code="cascade",
                message=f"the database {spread} with it",
                ref=change.ref,
                origin=change.origin,
                remedy="move or remove those first",
            )


def unguarded(case: GuardInput) -> Iterator[Finding]:
    """A delete where no foreign key and no trigger keeps a user from arriving at the same moment."""
    for change in case.changes:
        if isinstance(change, Delete) and case.facts.protection.get(change.ref.kind) == "C":
            yield Finding(
                code="unguarded",
                message="no foreign key or trigger protects its users while it is deleted",
                ref=change.ref,
                origin=change.origin,
                remedy="install what `reconciler doctor` prints, or --allow unguarded --reason TEXT",
            )


def too_much(case: GuardInput) -> Iterator[Finding]:
    """More of one kind changed or removed at once than the settings allow (docs/rules.md#rule-23)."""
    for kind, total in sorted(case.managed.items()):
        touched = sum(1 for c in case.changes if c.ref.kind == kind and isinstance(c, (Update, Delete, Forget)))
        if touched > case.policy.min_sample and touched * 100 > total * case.policy.max_change_percent:
            yield Finding(
                code="too-much",
                severity=_severity("too-much", case.policy),
                message=f"{touched:,} of {total:,} managed objects of kind {kind} would change or go "
                f"({touched * 100 // max(total, 1)} %, allowed are {case.policy.max_change_percent} %)",
                remedy="make the change in parts, or --allow too-much --reason TEXT",
            )


def empty(case: GuardInput) -> Iterator[Finding]:
    """Nothing of a kind is declared while some of it would go: a missing mount or a wrong branch
    (docs/rules.md#rule-23)."""
    for kind, count in sorted(case.declared.items()):
        going = sum(1 for c in case.changes if c.ref.kind == kind and isinstance(c, (Delete, Forget)))
        if not count and going:
            folder = case.vocabulary[kind].folder
            yield Finding(
                code="empty",
                severity=_severity("empty", case.policy),
                message=f"{folder} declares nothing; of what is managed, {going:,} would be deleted or let go",
                remedy="look whether the folder is there and whole; else --allow empty --reason TEXT",
            )


def classes(case: GuardInput) -> Iterator[Finding]:
    """Classes of change that the settings block: `delete`, `limit-decrease`, `drift`. Moves are judged in `moves`."""
    block = case.policy.block
    for change in case.changes:
        if isinstance(change, Delete) and "delete" in block:
            yield blocked_by_class("delete", change, "the settings block deletions")
        if isinstance(change, Update):
            lost = [delta.name for delta in change.fields if delta.effect in (Effect.LESS, Effect.UNKNOWN)]
            if lost and "limit-decrease" in block:
                yield blocked_by_class("limit-decrease", change, f"less service: {', '.join(lost)}")
        if isinstance(change, (Create, Update)) and change.cause in ("drift", "conflict") and "drift" in block:
            yield blocked_by_class("drift", change, "the database was changed since the last apply")


def too_many_tenants(case: GuardInput) -> Iterator[Finding]:
    """More customers affected at once than `safety.max_tenants_affected`."""
    most = case.policy.max_tenants_affected
    if most is None:
        return
    own = sum(1 for c in case.changes if case.vocabulary[c.ref.kind].personal and isinstance(c, Update))
    some = [c for c in case.changes if isinstance(c, Reassign) and c.members]
    groups = {c.ref for c in case.changes if isinstance(c, (Update, Reassign, Delete)) and c not in some} | case.reached
    affected = own + sum(holders.count for ref, holders in case.facts.holders.items() if ref in groups)
    affected += sum(change.expected for change in some if change.ref not in groups)
    if affected > most:
        yield Finding(
            code="too-many-tenants",
            message=f"{affected:,} customers would be affected (allowed are {most:,})",
            remedy="make the change in parts, or --allow too-many-tenants --reason TEXT",
        )


def blocked_by_class(code: str, change: Change, message: str) -> Finding:
    """A change of a class that the settings block."""
    remedy = f"have it approved and --allow {code} --reason TEXT"
    return Finding(code=code, message=message, ref=change.ref, origin=change.origin, remedy=remedy)


def _severity(code: str, policy: Policy) -> Severity:
    return Severity.ERROR if code in policy.block else Severity.WARNING


ON_FACTS: tuple[Guard, ...] = (in_use, shielded, cascade, unguarded, too_much)
"""Run again inside the transaction."""
ON_FILES: tuple[Guard, ...] = (empty, classes, too_many_tenants)
"""Proven when planning and sealed by the plan's digest."""
