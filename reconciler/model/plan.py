"""A plan is a value: what will change, whom it hits, what forbids it, and what was there before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from reconciler.model.change import Cause, Change, Create, Update
from reconciler.model.finding import Finding
from reconciler.model.memory import Memo
from reconciler.model.ref import Ref

FORMAT_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Whom a change of one object's limit hits. `tenants`: its users; `keep`: those whose override hides it.

    `over`: users above the new limit now; `near`: within 10 % below it; `top`: the highest, as (key, used, percent).
    """

    ref: Ref
    field: str
    tenants: int
    keep: int
    over: int = 0
    near: int = 0
    top: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Objects, not fields. `compared`: declared and live; `adopted`, `released`, `gone`: bookkeeping
    (docs/rules.md#rule-9). `lost`: remembered and declared, deleted by hand, and not to be created by us
    (docs/rules.md#rule-8)."""

    compared: int = 0
    unchanged: int = 0
    unmanaged: int = 0
    adopted: int = 0
    released: int = 0
    gone: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A class of change lifted by name, with the reason given."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a plan was made from. `files`: digest of the declared values; `dirty`: not all was committed, None where git
    could not tell; `only`: the objects it is limited to; `reverts`: the run that it undoes, empty for a plan made from
    files; `options`: what the settings say of the target; `reverted`: how often runs of the very same changes were
    taken back before."""

    files: str = ""
    commit: str = ""
    dirty: bool | None = False
    instance: str = ""
    version: str = ""
    only: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    reverts: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    reverted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The part of the settings that guards need, carried in the plan so that apply runs them alike."""

    mode: str = "managed"
    block: frozenset[str] = frozenset({"too-much", "empty"})
    max_change_percent: int = 30
    min_sample: int = 3
    max_tenants_affected: int | None = None
    growth_percent: int = 10
    max_lock_seconds: int = 30
    over_limit: str = "warn"
    hands_off: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    privacy: str = "masked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`changes` in their safe order (docs/rules.md#rule-20); `remember`, `drop`: what memory holds afterwards,
    bookkeeping too.

    `managed`: kind → how many objects this project manages (for `too-much`); `declared`: those of the people named
    in findings and impact that a file names, so that only the others are masked.
    """

    target: str
    target_type: str
    project: str
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    impact: tuple[Impact, ...] = ()
    counts: Counts = Counts()
    managed: Mapping[str, int] = field(default_factory=dict)
    source: Source = Source()
    policy: Policy = Policy()
    remember: tuple[Memo, ...] = ()
    drop: tuple[Ref, ...] = ()
    declared: frozenset[Ref] = frozenset()

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings that forbid the apply."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def drifted(self) -> tuple[Change, ...]:
        """Changes that undo what happened in the database since the last apply (docs/rules.md#rule-10)."""
        return tuple(
            change
            for change in self.changes
            if isinstance(change, (Create, Update)) and change.cause in (Cause.DRIFT, Cause.CONFLICT)
        )

    @property
    def bookkeeping(self) -> int:
        """How many objects memory will learn about or drop without a change of the live system."""
        return self.counts.adopted + self.counts.released + self.counts.gone


def digest_of(text: str) -> str:
    """The hash used for files, plans and fingerprints: SHA-256, hex."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
