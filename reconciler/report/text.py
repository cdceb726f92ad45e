"""A plan, drift, complaints and tables as text for people (docs/architecture.md#what-a-person-sees). Pure: no terminal
is needed to test it.

What an apply did, in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.model.change import Change, Operation
from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.plan import Impact, Plan
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.target import Listing
from reconciler.model.visible import safe_text
from reconciler.report.entries import EntryMaker
from reconciler.report.layout import GROUPED_FROM, NAMED, WIDTH, Entry, Page, Part, Style, columns, render
from reconciler.report.masking import OPEN, Masking, masking_of
from reconciler.report.sections import Section, section_of, section_of_finding
from reconciler.report.summary import allowances_said, applied_summary, drift_summary, summary
from reconciler.report.words import Tense, commit_said, counted, listed, sentence

HINTS = {Section.DRIFT: "changed in the database since the last apply"}
"""What a title needs said beside it."""
_HEADER_WIDTH = 90
_STYLES = {
    Severity.ERROR: Style.RED,
    Severity.LEFT_OUT: Style.MAGENTA,
    Severity.WARNING: Style.YELLOW,
    Severity.NOTE: Style.CYAN,
}
_IDS = frozenset({"id", "#"})


def plan_text(plan: Plan, *, vocabulary: Vocabulary, masked: bool, width: int = WIDTH, colour: bool = False) -> str:
    """The whole plan: what is blocked first, what takes service away second, and the summary last.

    `masked`: hide people whom no file names; `width`: in characters, kept where possible, nothing is wrapped.
    The text has no line break at its end.
    """
    page = Page(width, colour)
    speaker = speaker_of(plan, vocabulary, masked=masked, width=width)
    entries = sorted_in(plan, speaker)
    parts = [Part(section, entries[section], HINTS.get(section, "")) for section in Section]
    last = [safe_text(line) for line in allowances_said(plan)] + [page.paint(summary(plan), Style.BOLD)]
    name = f"revert of run {plan.source.reverts}" if plan.source.reverts else "plan"
    return "\n".join([_header(name, plan, page), "", *render(parts, page), *last])


def drift_text(plan: Plan, *, vocabulary: Vocabulary, masked: bool, width: int = WIDTH, colour: bool = False) -> str:
    """What happened in the database since the last apply: drift, conflicts, deletions by hand; the rest as a count."""
    page = Page(width, colour)
    speaker = speaker_of(plan, vocabulary, masked=masked, width=width)
    entries = [speaker.drift(change) for change in plan.drifted]
    absent = limited(finding for finding in plan.findings if finding.severity is Severity.LEFT_OUT)
    parts = [
        Part(Section.DRIFT, entries, HINTS[Section.DRIFT]),
        Part(Section.LEFT_OUT, [speaker.finding(finding) for finding in absent]),
    ]
    return "\n".join(
        [_header("drift", plan, page), "", *render(parts, page), page.paint(drift_summary(plan), Style.BOLD)]
    )


def findings_text(findings: Iterable[Finding], *, colour: bool = False, masking: Masking = OPEN) -> str:
    """One complaint a line, by place, and a line that counts them; empty where there are none.

    `error[dangling] tenant/ops@acme.example: package: there is no package "Growht" (write …)  tenants.d/acme.yaml:2`
    """
    page = Page(colour=colour)
    ordered = sorted(limited(findings), key=_by_place)
    lines = [_complaint(finding, page, masking) for finding in ordered]
    counts = [(severity, sum(f.weight for f in ordered if f.severity is severity)) for severity in Severity]
    last = ", ".join(f"{n:,} {s}" if s is Severity.LEFT_OUT else counted(n, s) for s, n in counts if n)
    return "\n".join([*lines, last]) if lines else ""


def listing_text(listing: Listing, *, colour: bool = False, masking: Masking = OPEN) -> str:
    """The live table, aligned; numbers to the right and with thousands, but for ids."""
    ids = frozenset(at for at, title in enumerate(listing.columns) if title.casefold() in _IDS)
    rows = [
        [
            masking.text(cell) if isinstance(cell, str) else str(cell) if at in ids else f"{cell:,}"
            for at, cell in enumerate(row)
        ]
        for row in listing.rows
    ]
    right = frozenset(
        at
        for at in range(len(listing.columns))
        if listing.rows and all(isinstance(row[at], int) for row in listing.rows)
    )
    return "\n".join([*columns(listing.columns, rows, right, Page(colour=colour)), counted(len(rows), "row")])


def speaker_of(plan: Plan, vocabulary: Vocabulary, *, masked: bool, width: int) -> EntryMaker:
    """Who speaks about this plan: hides people whom no file names, where `masked`."""
    impact: dict[Ref, list[Impact]] = {}
    for hit in plan.impact:
        impact.setdefault(hit.ref, []).append(hit)
    masking = masking_of(plan, vocabulary, masked=masked)
    return EntryMaker(vocabulary=vocabulary, masking=masking, impact=impact, width=width)


def sorted_in(plan: Plan, speaker: EntryMaker) -> dict[Section, list[Entry]]:
    """Every change and every finding in its section, in the order of the plan."""
    blocking: dict[Ref, list[Finding]] = {}
    for finding in plan.blocked:
        if finding.ref is not None:
            blocking.setdefault(finding.ref, []).append(finding)
    refused: dict[Ref, list[Change]] = {}
    entries: dict[Section, list[Entry]] = {section: [] for section in Section}
    for change in plan.changes:
        if change.ref in blocking:
            refused.setdefault(change.ref, []).append(change)
        else:
            entries[section_of(change, speaker.vocabulary)].append(speaker.change(change))
    for ref, changes in refused.items():
        entries[Section.BLOCKED].append(speaker.blocked(changes, blocking[ref]))
    for finding in limited(plan.findings, spared=refused):
        if not (finding.blocks and finding.ref in refused):
            entries[section_of_finding(finding)].append(speaker.finding(finding))
    return entries


def _header(command: str, plan: Plan, page: Page) -> str:
    only = f"only {listed(plan.source.only)}" if plan.source.only else ""
    left = safe_text(" · ".join(filter(None, (f"reconciler {command}", plan.target, commit_said(plan.source), only))))
    right = f"{counted(plan.counts.compared, 'object')} compared"
    gap = " " * max(min(page.width, _HEADER_WIDTH) - len(left) - len(right), 3)
    return page.paint(left, Style.BOLD) + gap + right


def _by_place(finding: Finding) -> tuple[object, ...]:
    origin = finding.origin
    return (
        origin is None,
        (origin.place, origin.line or 0) if origin else ("", 0),
        list(Severity).index(finding.severity),
        finding.code,
        str(finding.ref or ""),
        finding.field,
        finding.message,
    )


def _complaint(finding: Finding, page: Page, masking: Masking) -> str:
    about = f" {finding.ref.kind}/{masking.name(finding.ref.kind, finding.ref.key)}:" if finding.ref else ""
    field = f" {finding.field}:" if finding.field else ""
    remedy = f" ({finding.remedy})" if finding.remedy else ""
    text = safe_text(masking.text(f"{about}{field} {finding.message}{remedy}"))
    place = page.paint(safe_text(f"  {finding.origin}"), Style.DIM) if finding.origin else ""
    names = listed([masking.text(name) for name in finding.names], finding.more)
    below = f"\n    {safe_text(names)}" if finding.names else ""
    return page.paint(f"{finding.severity}[{finding.code}]", _STYLES[finding.severity]) + text + place + below


def outcome_text(
    plan: Plan,
    *,
    vocabulary: Vocabulary,
    done: Collection[Change],
    already: Collection[Change],
    run_id: str,
    seconds: float,
    masked: bool,
    colour: bool = False,
    reminders: Sequence[str] = (),
) -> str:
    """A sentence for each thing done, many of a sort in one, then the count, the run and how long it took.

    `done`, `already`: the changes of the plan that were written, and those that were so before (docs/rules.md#rule-30).
    `reminders`: what a person should know now, a line each.
    """
    page = Page(colour=colour)
    masking = masking_of(plan, vocabulary, masked=masked)
    last = applied_summary(plan, done=done, already=already)
    lines = list(_sentences(done, masking))
    lines += [safe_text(line) for line in allowances_said(plan)]
    told = [safe_text(f"note: {reminder}") for reminder in reminders]
    return "\n".join([*lines, page.paint(last, Style.BOLD), safe_text(f"Run {run_id}, {seconds:,.1f} s."), *told])


def _sentences(changes: Collection[Change], masking: Masking) -> Iterator[str]:
    alike: dict[tuple[Operation, str], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.operation, change.ref.kind), []).append(change)
    for (operation, kind), group in alike.items():
        if len(group) < GROUPED_FROM:
            yield from (sentence(change, Tense.DONE, masking) for change in group)
        else:
            names = listed([masking.name(kind, c.ref.key) for c in group[:NAMED]], len(group) - NAMED)
            yield safe_text(f"{operation.done} {counted(len(group), kind)}: {names}")
