"""What must not happen. A plan that a guard forbids is shown and not applied.

Terms

- A **guard** is a function: GuardInput in, findings out, all of one code. It does not know when it runs.
- A **fact** is what no file declares and the live system knows: who uses an object, how much, what points at it.
- To **block**: a finding of severity ERROR forbids the plan. Which classes block is up to the settings, and
  `--allow CODE` turns a liftable one into a warning (docs/rules.md#rule-25).

Premise

- A plan is judged on what was read when it was made, and written later. Users may come in between. So a guard that
  judges facts runs twice: when planning, and again inside the write transaction on what is read there under lock.
- A guard that judges only what the files and the settings say runs once: the plan's digest seals both.
- What is in use is never deleted, and nothing lifts that (docs/rules.md#rule-17).

Pseudo-code

    plan:    draft the changes, ask the facts that they need
             for each guard in GUARDS: findings += guard(changes, facts)
    apply:   begin, lock, prove that the live rows are what the plan saw, ask the facts again
             for each guard in GUARDS that says rerun: refuse where a finding blocks
             write what arrives, move users
             in_use once more for what is deleted: it must be nobody by now
             delete, read back, commit

To add a guard: one function, one line in GUARDS, one line in CODES (model/finding.py). What it must know of the live
system is asked for in needed_facts.py; to read what was not asked for raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from itertools import groupby
from math import inf, log2

from reconciler.engine.effect import effect, limit_size
from reconciler.engine.globs import Globs
from reconciler.engine.limits import assigned, impact_of, limit_after, over_limit_severity, own_values
from reconciler.engine.needed_facts import LOSSES, goes, measured_limits, members_leaving, shrinking
from reconciler.engine.states import States, value_in
from reconciler.model.change import Cause, Change, Create, Delete, Effect, Forget, Reassign, Update
from reconciler.model.facts import Facts, Users
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Impact, Policy
from reconciler.model.record import Sheet, column
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Direction, Field, Reference, Vocabulary
from reconciler.model.values import Value, Values

_NAMED = 10
_ABOVE = 3
"""How many users above a limit are named."""


@dataclass(frozen=True, kw_only=True)
class GuardInput:
    """What guards judge."""

    changes: Sequence[Change]
    facts: Facts
    policy: Policy
    states: States
    managed: Mapping[str, int]
    """kind → how many objects this project manages."""
    stated: Mapping[str, Sheet] = field(default_factory=dict)
    """The files; none inside the transaction."""
    reached: frozenset[Ref] = frozenset()
    """Unchanged objects whose users a change of something else hits; none inside the transaction."""

    @property
    def vocabulary(self) -> Vocabulary:
        """All kinds."""
        return self.states.vocabulary

    @cached_property
    def impact(self) -> tuple[Impact, ...]:
        """Whom the changes hit."""
        return tuple(impact_of(self.changes, self.facts, self.states))


@dataclass(frozen=True, slots=True)
class Guard:
    """One line of GUARDS."""

    code: str
    """The code of every finding that it yields."""
    find: Callable[[GuardInput], Iterator[Finding]]
    rerun: bool = False
    """It judges facts, so it runs again inside the transaction."""


def in_use(case: GuardInput) -> Iterator[Finding]:
    """Deleting what still has users of any status, or what anything else points at. No flag turns it off."""
    moved = {change.ref for change in case.changes if isinstance(change, Reassign) and not change.members}
    leaving = members_leaving(case.changes, case.vocabulary)
    deleted = {change.ref for change in case.changes if isinstance(change, Delete)}
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
            if ref not in deleted and case.states.planned(ref.kind, ref.key, name) in (None, change.ref.key)
        ]
        if pointing:
            people = sorted({ref.key for ref, _ in pointing if _is_personal(ref.kind, case.vocabulary)})
            things = [f"{ref} {name}" for ref, name in pointing if not _is_personal(ref.kind, case.vocabulary)][:10]
            things += [f"{len(people):,} accounts"] if people else []
            yield Finding(
                code="in-use",
                message=f"{len(pointing)} still point at it: " + ", ".join(things),
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
    for change in case.changes if case.policy.hands_off else ():  # else nobody's users are asked for under lock
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


def over_limit(case: GuardInput) -> Iterator[Finding]:
    """Users whose use is above the limit that the plan gives them: what they are on shrinks, they are moved, or they
    themselves shrink (docs/adr/007-over-limit-inside-the-transaction.md)."""
    severity = over_limit_severity(case.policy)
    if severity is None:
        return
    for impact in case.impact:
        if impact.over:
            yield Finding(
                code="over-limit",
                severity=severity,
                message=f"{impact.over:,} of {impact.tenants:,} users are above the new limit now",
                ref=impact.ref,
                field=impact.field,
                remedy="raise the limit, give those users an override, or let them run dry",
                names=tuple(key for key, _, _ in impact.top[: impact.over]),
                more=max(0, impact.over - _ABOVE),
            )
    for change in case.changes:
        if isinstance(change, Reassign):
            yield from _moved_over_limit(change, case, severity)
        elif isinstance(change, Update) and not case.vocabulary.memberships[change.ref.kind]:
            yield from _one_over_limit(change, case, severity)


def _moved_over_limit(change: Reassign, case: GuardInput, severity: Severity) -> Iterator[Finding]:
    kind = change.ref.kind
    moved = [
        meter
        for meter in case.facts.meters.get(change.ref, ())
        if goes(change, meter.ref) and assigned(meter, case.states) is None
    ]
    for each in measured_limits(kind, case.vocabulary):
        limit = case.states.after(kind, change.to, each.name)
        if not _shrinks(each, case.states.before(kind, change.ref.key, each.name), limit):
            continue
        above = [
            (used, meter.ref.key)
            for meter in moved
            if each.name not in own_values(meter, case.states)
            and isinstance(limit, int)
            and (used := case.facts.used(meter, each.measured_by)) > limit
        ]
        if above:
            yield Finding(
                code="over-limit",
                severity=severity,
                message=f"{len(above):,} of the users moved to {change.to} are above its limit of {limit:,}",
                ref=change.ref,
                field=each.name,
                origin=change.origin,
                remedy="move them elsewhere, give them an override, or let them run dry",
                names=tuple(key for _, key in nlargest(_ABOVE, above)),
                more=max(0, len(above) - _ABOVE),
            )


def _one_over_limit(change: Update, case: GuardInput, severity: Severity) -> Iterator[Finding]:
    for delta, each in shrinking(change, case.vocabulary):
        for meter in case.facts.meters.get(change.ref, ()):
            limit = limit_after(meter, each.name, case.states)
            used = case.facts.used(meter, each.measured_by)
            if isinstance(limit, int) and not isinstance(limit, bool) and used > limit:
                yield Finding(
                    code="over-limit",
                    severity=severity,
                    message=f"{used:,} in use, the new {each.name} is {limit:,}",
                    ref=change.ref,
                    field=delta.name,
                    origin=delta.origin,
                    remedy="raise it, or let the customer run dry",
                )


def _shrinks(field: Field, before: Value | None, after: Value | None) -> bool:
    old, new = limit_size(field, before), limit_size(field, after)
    return new is not None and (old is None or new < old)


def retired(case: GuardInput) -> Iterator[Finding]:
    """New users on something closed to new users (docs/rules.md#rule-25): one finding for each closed object."""
    arrivals: dict[Ref, list[Change]] = {}
    for change in case.changes:
        for ref in _joins(change, case.vocabulary):
            if _is_closed(ref, case):
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


def _joins(change: Change, vocabulary: Vocabulary) -> Iterator[Ref]:
    if isinstance(change, Reassign):
        yield Ref(change.ref.kind, change.to)
    if not isinstance(change, (Create, Update)):
        return
    for each, reference in vocabulary.references[change.ref.kind]:
        new = change.after.get(each.name)
        old = change.before.get(each.name) if isinstance(change, Update) else None
        if reference.membership and isinstance(new, str) and new != old:
            yield Ref(reference.kind, new)


def _is_closed(ref: Ref, case: GuardInput) -> bool:
    stone = case.vocabulary[ref.kind].tombstone
    if stone is None:
        return False
    in_file = value_in(case.stated[ref.kind], ref.key, stone.field) if ref.kind in case.stated else None
    # A file counts also where the target has no place for it.
    return (in_file if in_file is not None else case.states.before(ref.kind, ref.key, stone.field)) == stone.closed


def empty(case: GuardInput) -> Iterator[Finding]:
    """Nothing of a kind is declared while some of it would go: a missing mount or a wrong branch
    (docs/rules.md#rule-23)."""
    for kind, sheet in sorted(case.stated.items()):
        leaving = sum(1 for c in case.changes if c.ref.kind == kind and isinstance(c, (Delete, Forget)))
        if not sheet and leaving:
            folder = case.vocabulary[kind].folder
            yield Finding(
                code="empty",
                severity=_severity("empty", case.policy),
                message=f"{folder} declares nothing; of what is managed, {leaving:,} would be deleted or let go",
                remedy="look whether the folder is there and whole; else --allow empty --reason TEXT",
            )


def deletions(case: GuardInput) -> Iterator[Finding]:
    """Deletions, where the settings block them."""
    for change in case.changes if "delete" in case.policy.block else ():
        if isinstance(change, Delete):
            yield blocked_by_class("delete", change, "the settings block deletions")


def reductions(case: GuardInput) -> Iterator[Finding]:
    """Less service by an update, where the settings block that."""
    for change in case.changes if "limit-decrease" in case.policy.block else ():
        if isinstance(change, Update):
            lost = [delta.name for delta in change.fields if delta.effect in LOSSES]
            if lost:
                yield blocked_by_class("limit-decrease", change, f"less service: {', '.join(lost)}")


def downgrades(case: GuardInput) -> Iterator[Finding]:
    """Users moved to something that gives them less (docs/adr/009-a-move-is-judged-by-what-both-give.md)."""
    for change in case.changes if "limit-decrease" in case.policy.block else ():
        lost = list(_lost(change, case.states)) if isinstance(change, Reassign) else []
        if isinstance(change, Reassign) and lost:
            message = f"less service for those moved to {change.to}: {', '.join(lost)}"
            yield blocked_by_class("limit-decrease", change, message)


def _lost(change: Reassign, states: States) -> Iterator[str]:
    """The fields of which a moved user has less: what the old object gives now beside what the new one will give."""
    kind = change.ref.kind
    for each in states.vocabulary.held[kind]:
        if each.direction is not Direction.NONE:
            now, then = states.before(kind, change.ref.key, each.name), states.after(kind, change.to, each.name)
            if effect(each, now, then, _not_compared) in LOSSES:
                yield each.name


def _not_compared(reference: Reference, old: str, new: str) -> Effect:
    """A reference inside what is compared has no direction of its own."""
    return Effect.NEUTRAL


def drift(case: GuardInput) -> Iterator[Finding]:
    """What was changed in the database since the last apply, where the settings block that it is taken back."""
    for change in case.changes if "drift" in case.policy.block else ():
        if isinstance(change, Create | Update) and change.cause in (Cause.DRIFT, Cause.CONFLICT):
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


GUARDS: tuple[Guard, ...] = (
    Guard("in-use", in_use, rerun=True),
    Guard("in-use", shielded, rerun=True),
    Guard("cascade", cascade, rerun=True),
    Guard("unguarded", unguarded, rerun=True),
    Guard("too-much", too_much, rerun=True),
    Guard("over-limit", over_limit, rerun=True),
    Guard("retired", retired),
    Guard("empty", empty),
    Guard("delete", deletions),
    Guard("limit-decrease", reductions),
    Guard("limit-decrease", downgrades),
    Guard("drift", drift),
    Guard("too-many-tenants", too_many_tenants),
)
