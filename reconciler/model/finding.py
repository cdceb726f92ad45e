"""The one currency of complaint: from a YAML error to a refused deletion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.model.ref import Origin, Ref


class Severity(StrEnum):
    """`ERROR` blocks (docs/rules.md#rule-24); `LEFT_OUT` takes one object out and the rest goes on; the others only
    speak."""

    ERROR = "error"
    LEFT_OUT = "left-out"
    WARNING = "warning"
    NOTE = "note"


MOST_ALIKE = 200
"""Complaints of one code that are told of; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One complaint. `code` is a word of CODES; `field` the dotted name; `remedy` says what to write or run.

    `at_files`: found in the files alone, so `validate` exits 1 for it; else it is a guard and `plan` exits 3.
    `names`: up to ten who are hit, for a person to see; `more` counts the rest. What `rest` makes stands for `more`
    complaints that are not told of.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    ref: Ref | None = None
    field: str = ""
    origin: Origin | None = None
    remedy: str = ""
    at_files: bool = False
    names: tuple[str, ...] = ()
    more: int = 0

    @property
    def blocks(self) -> bool:
        """Whether nothing may be written while it stands."""
        return self.severity is Severity.ERROR

    @property
    def is_rest(self) -> bool:
        """Whether it only counts complaints that are not told of."""
        return self.ref is None and self.more > 0 and self.message == _told_of_rest(self.more)

    @property
    def weight(self) -> int:
        """How many complaints it stands for."""
        return self.more if self.is_rest else 1


def rest(first: Finding, number: int) -> Finding:
    """What stands for `number` complaints of the sort of `first` that are not told of."""
    return Finding(
        code=first.code,
        severity=first.severity,
        message=_told_of_rest(number),
        origin=Origin(first.origin.place) if first.origin else None,
        at_files=first.at_files,
        more=number,
    )


def _told_of_rest(number: int) -> str:
    return f"{number:,} more of this code {'is' if number == 1 else 'are'} not listed"


def limited(findings: Iterable[Finding], spared: Collection[Ref] = frozenset()) -> Iterator[Finding]:
    """The first MOST_ALIKE complaints of each code and severity as they come, then how many more there are. What was
    limited before is limited again without loss. Complaints about the `spared` are all kept."""
    told: Counter[tuple[str, Severity, bool]] = Counter()
    left: Counter[tuple[str, Severity, bool]] = Counter()
    first: dict[tuple[str, Severity, bool], Finding] = {}
    for finding in findings:
        sort = finding.code, finding.severity, finding.at_files
        if finding.ref is not None and finding.ref in spared:
            yield finding
        elif finding.is_rest or told[sort] >= MOST_ALIKE:
            first.setdefault(sort, finding)
            left[sort] += finding.weight
        else:
            told[sort] += 1
            yield finding
    yield from (rest(first[sort], number) for sort, number in left.items())


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means, for `docs/reference/findings.md`. `liftable`: `--allow CODE --reason TEXT` takes it away."""

    word: str
    meaning: str
    liftable: bool = False


CODES: dict[str, Code] = {
    code.word: code
    for code in (
        # files
        Code("unreadable", "a file or folder that cannot be read, or that is not a regular file inside the root"),
        Code("syntax", "YAML that does not parse"),
        Code(
            "too-large", "a file over the size, depth or alias limit, or with more values or errors than anybody writes"
        ),
        Code("refused-yaml", "YAML that is legal but refused here: tags, merge keys, several documents, null"),
        Code("duplicate", "the same key twice, in one file or in two"),
        Code("unknown-field", "a field that this kind does not have"),
        Code("unknown-setting", "a key of reconciler.yaml that does not exist"),
        Code("type", "a value of the wrong type"),
        Code("range", "a number outside the range of its field"),
        Code("choice", "a word that is not one of those allowed"),
        Code("name", "a name that is too long, has a blank at an end, or holds characters that are not seen"),
        Code("twins", "two names that differ only in case, form or blanks"),
        Code("only-with", "a field that makes sense only beside another value"),
        Code("exclusive", "two fields that exclude each other"),
        Code("never-ends", "a quota that resets at once and so limits nothing"),
        Code("blocks-all", "a quota of no emails or no time, which blocks all sending"),
        Code("stays-blocked", "a quota after which a customer stays blocked, also when the period is over"),
        Code("short-period", "a quota period so short that the quota of the delivery server serves better"),
        Code("move-nowhere", "a quota that shall move its customers and names no package to move them to"),
        Code("no-inheritance", "a package without a quota, which does not inherit the one of the platform"),
        Code("dangling", "a reference to something that is neither declared nor external"),
        Code("move-cycle", "packages that move their customers round in a circle"),
        Code("wildcard", "a wildcard wider than it looks"),
        Code("no-match", "a wildcard or name that matches nothing in the live catalogue"),
        Code("hands-off", "an object is declared that the settings leave alone"),
        Code("interpolation", "an environment reference in a file where none is expanded"),
        Code("secret", "a secret stands in plain where only its place may stand"),
        Code("address", "a url in the settings that asks for more than a file may"),
        # files against the live system
        Code("required", "a field that is needed to create the object is not stated"),
        Code("unsupported", "a stated value that the target has no place for", liftable=True),
        Code("spelling", "a name that is live under another spelling"),
        Code("left-out", "a live object that cannot be addressed, because its name is not unique there"),
        Code("unnameable", "a live name that no file may have"),
        Code("absent", "a declared object that is not live and that this target does not create"),
        Code("foreign", "an object that another project manages"),
        Code("app-moved", "a user that the live application itself has moved to another package; it is left there"),
        Code("foreign-state", "a live state outside the vocabulary", liftable=True),
        Code("rename-conflict", "both the old and the new name are live"),
        # what forbids a plan: mostly a guard, engine/guards.py
        Code("in-use", "deleting something that still has users or is still referred to"),
        Code("referenced", "naming what this plan deletes"),
        Code("retired", "a new user on something closed to new users", liftable=True),
        Code("cascade", "a delete that the live schema would spread to rows that are not its own"),
        Code("unguarded", "a delete that no foreign key or trigger protects", liftable=True),
        Code("too-much", "more changes of one kind than the settings allow at once", liftable=True),
        Code("empty", "no object of a kind in the files while some of it would be deleted or forgotten", liftable=True),
        Code("over-limit", "live use is above the new effective limit", liftable=True),
        Code("delete", "a deletion, where the settings block deletions", liftable=True),
        Code("limit-decrease", "less service for a customer, where the settings block that", liftable=True),
        Code("drift", "the database was changed behind our back, where the settings block that", liftable=True),
        Code("too-many-tenants", "more customers affected than the settings allow at once", liftable=True),
        Code("paused", "applies are paused"),
        # applying
        Code("stale", "the live system is no longer what the plan saw"),
        Code("not-held", "the system did not keep what was written; rolled back"),
        Code("tampered", "the plan file was changed after it was made, or its signature is missing or wrong"),
        Code("other-policy", "the plan file was made under other settings than those of now"),
        Code("other-target", "the plan file was made for another database, project, version or checkout"),
        # what is only said
        Code("released", "a field was taken out of the file; its live value stays, unmanaged"),
        Code("no-memory", "nothing is remembered yet, so every difference is a first management"),
        Code("not-revertible", "something that a later revert of this plan, or this revert, cannot take back"),
        Code("moved-on", "changed since the run that is to be reverted; it is left as it is"),
        Code(
            "git-unchanged", "a revert changes the live system and no file, so the next plan will show the difference"
        ),
        Code("nothing-allowed", "an allowance that lifts nothing in this plan"),
    )
}


def allowed(findings: tuple[Finding, ...], codes: frozenset[str]) -> tuple[Finding, ...]:
    """The findings with the lifted ones turned into warnings; only liftable codes can be (docs/rules.md#rule-25)."""
    return tuple(
        replace(f, severity=Severity.WARNING) if f.blocks and f.code in codes and CODES[f.code].liftable else f
        for f in findings
    )
