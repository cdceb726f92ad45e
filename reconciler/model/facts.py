"""What the live system knows that no file declares: who uses what, how much, and what points where.

The planner says which facts it needs (`NeededFacts`), a Reader or a Writer answers (`Facts`); a Writer answers with
locking reads, so the same guards run again on fresh facts inside the transaction (docs/rules.md#rule-31). A guard that
reads what nobody asked for would find nobody and stay silent, so that raises (`Facts.answering`).

The declared side: what the files state, and every complaint about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconciler.model.finding import Finding
from reconciler.model.record import Record, Sheet
from reconciler.model.ref import Ref
from reconciler.model.values import Values

SAMPLE = 10
"""How many users a finding names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """The users of an object, of any status, counted in the system (docs/rules.md#rule-18: those in the bin count too).

    `by_status`: status → how many, `binned` apart. `sample`: the first SAMPLE keys, sorted. `shielded`: keys among
    them that a Reassign must not move (`hands_off`); `unnamed`: users that are no objects of ours (sub-accounts).
    """

    count: int = 0
    by_status: Mapping[str, int] = field(default_factory=dict)
    binned: int = 0
    sample: tuple[str, ...] = ()
    unnamed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUsage:
    """One user of a measured object: what it overrides, and its usage counters (contacts, sent_this_month, …)."""

    ref: Ref
    overrides: Values
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NeededFacts:
    """`holders`: objects whose users are to be counted; `pointers`: objects about to go; `meters`: objects whose users'
    usage is wanted, or single users; `counters`: which."""

    holders: frozenset[Ref] = frozenset()
    pointers: frozenset[Ref] = frozenset()
    meters: frozenset[Ref] = frozenset()
    counters: frozenset[str] = frozenset()


NOT_ASKED = "{fact} of {key} is read and was not asked for: needed_facts() in engine/needed_facts.py has to ask for it"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Answers(Mapping[K, V]):
    """One kind of fact, and what it was asked of: to look up anything else raises AssertionError, also in `get` and
    `in`. What was asked of and is not there is a KeyError as in any mapping: it is not live."""

    fact: str
    found: Mapping[K, V]
    asked: frozenset[K]

    def __getitem__(self, key: K) -> V:
        if key not in self.asked:
            raise AssertionError(NOT_ASKED.format(fact=self.fact, key=key))
        return self.found[key]

    def __iter__(self) -> Iterator[K]:
        return (key for key in self.found if key in self.asked)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Facts:
    """The answer. `pointers`: object → the live objects (not its users) whose reference names it, as (ref, field).
    `cascades`: object → what a delete would spread to, in words. `protection`: kind → the class A (foreign key or
    trigger), B (SET NULL, CASCADE) or C (nothing).
    """

    holders: Mapping[Ref, Users] = field(default_factory=dict)
    pointers: Mapping[Ref, tuple[tuple[Ref, str], ...]] = field(default_factory=dict)
    meters: Mapping[Ref, tuple[UserUsage, ...]] = field(default_factory=dict)
    cascades: Mapping[Ref, str] = field(default_factory=dict)
    protection: Mapping[str, str] = field(default_factory=dict)
    asked: NeededFacts = NeededFacts()

    def used(self, user: UserUsage, counter: str) -> int:
        """How much a user has used; 0 where the system does not count it. Raises AssertionError where it was not asked
        for."""
        if counter not in self.asked.counters:
            raise AssertionError(NOT_ASKED.format(fact="use", key=counter))
        return user.counters.get(counter, 0)

    def answering(self, asked: NeededFacts) -> Facts:
        """The same facts, of which only those that were asked for can be read."""
        return replace(
            self,
            asked=asked,
            holders=Answers("holders", self.holders, asked.holders),
            pointers=Answers("pointers", self.pointers, asked.pointers),
            meters=Answers("meters", self.meters, asked.meters),
            cascades=Answers("cascades", self.cascades, asked.pointers),
            protection=Answers("protection", self.protection, frozenset(ref.kind for ref in asked.pointers)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMoves:
    """Where a live application itself moves the users of objects, which is no drift. `through`: the users' field that
    names what they are on; `leads`: an object → where users of it may end; `given`: a user → what the application gave
    it last."""

    through: str
    leads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The live side at one moment. `catalogues`: name → the names assigned but never created by us (permissions,
    sending nodes …). `twins`: kind → keys that are not unique in the live system, left out of the sheets.
    `unnameable`: live names that break the law of names, left out of the sheets, still users of what they are on.
    `taken`: names held by rows that are no objects of ours (accounts in the bin, sub-accounts): nobody can be
    created under them. `wanderings`: kind of users → what the application does with them by itself. `unclear`:
    catalogue → names that several things have, of which only one can be assigned."""

    sheets: Mapping[str, Sheet]
    catalogues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    twins: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    unnameable: Mapping[str, Mapping[str, Record]] = field(default_factory=dict)
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wanderings: Mapping[str, ApplicationMoves] = field(default_factory=dict)
    unclear: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """`sheets`: one a kind, empty where nothing is declared; file-only fields are among the values.
    `digest`: over all declared values, independent of layout, comments and file names."""

    sheets: Mapping[str, Sheet]
    findings: tuple[Finding, ...] = ()
    digest: str = ""
