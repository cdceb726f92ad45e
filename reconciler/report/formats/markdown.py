"""The comment on a pull request: the verdict, a table of what changes, whom it hits and what forbids it, the rest
folded.

It stays below what GitHub takes for a comment, and says loudly where it was cut.

Untrusted text → markdown that says the same and does nothing: no markup, no link, no mention, no reference.

Good for CommonMark and for what GitHub and GitLab make of the result afterwards (`@name`, `#12`, `!12`, `:tada:`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import quote

from reconciler.model.secrecy import hidden_in
from reconciler.model.visible import safe_text
from reconciler.report.entries import affected_words
from reconciler.report.layout import NAMED, Row
from reconciler.report.review import GuardNote, Item, Review, Verdict, review
from reconciler.report.sections import Section
from reconciler.report.topic import Frame, Topic
from reconciler.report.words import counted, listed_lines

_APART = "<!-- -->"
"""Stands between a sign and the word that it would make a mention, a reference or a link."""
_LONGEST = 240
_SPECIAL = re.compile(
    r"""
    (?P<apart> @                                # mentions, mail addresses
             | [#~$&!%*^](?=[\w"])              # references, labels, formulas, epics, merge requests, milestones
             | \[(?=\S) | \{(?=[+-])            # pages, references by kind, inline differences
             | :(?=//|[\w+-]+:) | /(?=/)        # addresses, pictures
             | (?<=www)\. | (?<=G[HL])-(?=\d) )
    | (?P<commit> [0-9a-f]{6}(?=[0-9a-f]))
    | [&<>|\\`*\[\]~$] | (?<![^\W_])_ | _(?![^\W_])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOT_IN_A_SPAN = re.compile(r"[`|\\]|^\s|\s$")


def escaped(words: str) -> str:
    """A sentence, on one line and safe in a cell of a table."""
    return _SPECIAL.sub(_entity, safe_text(words))


def code(words: str) -> str:
    """A name or value, shown as it is in letters of one width."""
    safe = safe_text(words)
    if not safe:
        return ""
    # A pipe ends a cell even in a span, and programs differ in what a backslash before it does.
    return f"<code>{escaped(safe)}</code>" if _NOT_IN_A_SPAN.search(safe) else f"`{safe}`"


def short_escaped(words: str) -> str:
    """The words, or their beginning and how long they are: one cell must not take the room of all others."""
    words = hidden_in(words)  # a secret that is cut would not be known any more
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}… ({len(words):,} characters)"


def fence(lines: Iterable[str]) -> str:
    """Backticks that none of these lines can close."""
    runs = (run for line in lines for run in re.findall("`+", line))
    return "`" * max(3, 1 + max(map(len, runs), default=0))


def fenced(lines: Sequence[str], language: str) -> str:
    """Lines shown as they are."""
    around = fence(lines)
    return "\n".join([f"{around}{language}", *lines, around])


def _entity(found: re.Match[str]) -> str:
    if found["commit"]:
        return found[0] + _APART
    entity = "".join(f"&#{ord(sign)};" for sign in found[0])
    return entity + _APART if found["apart"] else entity


MOST = 65_000
"""Characters; GitHub refuses a comment from 65,536 on."""
_SPARE = 600
"""Characters kept for the lines that say what was cut."""
_TABLE_SHARE = 0.6
_FRAME = 200
"""Characters around the lines of a folded part."""
_IN_A_CELL = 5
"""Lines of one cell; the folded part has them all."""
_WIDE = 100
_LONGEST_TARGET = 100
_VERDICTS: Mapping[Verdict, str] = {
    Verdict.BLOCKED: "⛔ Blocked: an apply is refused",
    Verdict.REDUCES: "🟠 Changes, and some reduce service",
    Verdict.CHANGES: "🟢 Changes",
    Verdict.DRIFT: "🟠 Drift: the database was changed behind our back",
    Verdict.NOTHING: "⚪ No changes",
    Verdict.NO_DRIFT: "⚪ No drift",
    Verdict.WRONG: "⛔ The files are refused",
    Verdict.VALID: "🟢 The files are valid",
}
_TITLES = ("change", "who is affected", "guard")


class _Fold(NamedTuple):
    """A folded part: what is seen of it, and its lines."""

    title: str
    lines: list[str]


def marker(command: str, target: str) -> str:
    """The line by which the comment of an earlier run is found again."""
    return f"<!-- reconciler:{quote(command, safe='')}:{quote(target[:_LONGEST_TARGET], safe='')} -->"


def report(topic: Topic, frame: Frame) -> str:
    """The comment, of at most `MOST` characters."""
    told = review(topic, frame)
    head = "\n".join([marker(topic.command, told.target), *_head(told)])
    rows = [_row(item) for item in told.changes]
    folds = [_Fold(f"{section} · {n:,}", lines) for section, n, lines in _folded(told.items)]
    room = MOST - _SPARE - len(head)
    wanted = sum(_frame(fold) + sum(map(_length, fold.lines)) for fold in folds)
    shown = _fitting(rows, max(int(room * _TABLE_SHARE), room - wanted))
    cut = _Cut(len(rows) - len(shown), len(rows))
    parts = [head, "\n".join(_table(shown, cut))] if rows else [head]
    room -= sum(map(_length, shown))
    lost = 0
    for fold in folds:
        lines = _fitting(fold.lines, room - _frame(fold))
        lost += len(fold.lines) - len(lines)
        if lines:
            parts.append(_details(fold, lines))
            room -= len(parts[-1])
    if cut.lost or lost:
        parts.insert(1, _loud(cut, lost))
    return "\n\n".join(parts) + "\n"


class _Cut(NamedTuple):
    """How many rows of the table are not shown, of how many."""

    lost: int
    of: int


def _head(told: Review) -> Iterator[str]:
    yield f"## {_VERDICTS[told.verdict]}"
    yield ""
    yield f"**{escaped(told.summary)}**" + (f" And {told.besides}, see below." if told.besides else "")
    about = [f"reconciler {escaped(short_escaped(told.name))}", code(short_escaped(told.target)), code(told.commit)]
    about += [f"only {code(short_escaped(', '.join(told.only)))}"] if told.only else []
    yield ""
    yield " · ".join(filter(None, about))
    if told.allowances:
        yield ""
    for allowance in told.allowances:
        yield f"- allowed: {code(allowance.code)}, because: {escaped(short_escaped(allowance.reason))}"


def _table(rows: Sequence[str], cut: _Cut) -> Iterator[str]:
    yield _joined(_TITLES)
    yield _joined(["---"] * len(_TITLES))
    yield from rows
    if cut.lost:
        yield _joined([f"**cut here: {cut.lost:,} of {cut.of:,} rows are not shown**", "", ""])


def _loud(cut: _Cut, lost: int) -> str:
    rows = f"{cut.lost:,} of {counted(cut.of, 'row')} of the table" if cut.lost else ""
    lines = f"{counted(lost, 'line')} of the details" if lost else ""
    what = " and ".join(filter(None, (rows, lines)))
    return f"> [!WARNING]\n> **Cut: {what} did not fit into a comment. `reconciler show` tells all of a plan file.**"


def _row(item: Item) -> str:
    return _joined(["<br>".join(_cell(lines)) for lines in (_change(item), _who(item), _guards(item.guards))])


def _joined(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:_IN_A_CELL]
    if len(every) > _IN_A_CELL:
        yield f"{counted(len(every) - _IN_A_CELL, 'more line')} below"


def _change(item: Item) -> Iterator[str]:
    does = f"**{' and '.join(dict.fromkeys(item.operations))}** " if item.operations else ""
    yield (does + code(item.label)).strip() or "nothing"
    if len(item.names) > 1:
        yield _named(item.names[:NAMED], len(item.names) - NAMED)
    for line in item.lines:
        if isinstance(line, Row):
            yield f"{code(line.what)} {escaped(short_escaped(line.text))}".strip()


def _who(item: Item) -> Iterator[str]:
    felt = [hit for hit in item.hits if hit.changed]
    if felt:
        hit = max(felt, key=lambda hit: (hit.over, hit.changed))
        yield escaped(affected_words(hit, item.who))
        yield from (f"{code(key)} {used:,} ({rate:,} %)" for key, used, rate in hit.top)
    elif item.affected is None:
        yield ""
    elif item.who == item.kind:
        yield f"{len(item.names):,} {item.kind}s" if len(item.names) > 1 else f"this {item.kind}"
    else:
        yield counted(item.affected, item.who) if item.affected else "nobody"
    for guard in item.guards:
        if guard.names:
            yield _named(guard.names[:NAMED], guard.hit - len(guard.names[:NAMED]))


def _guards(guards: Sequence[GuardNote]) -> Iterator[str]:
    for guard in guards:
        word = f"**{code(guard.code)}**" if guard.blocks else code(guard.code)
        yield f"{word} {escaped(short_escaped(guard.message))}"


def _named(names: Sequence[str], more: int) -> str:
    return ", ".join([*map(code, names), *([f"{more:,} more"] if more > 0 else [])])


def _folded(items: Sequence[Item]) -> Iterator[tuple[Section, int, list[str]]]:
    """Each section with how many objects are in it, and every line about them."""
    for section in Section:
        found = [item for item in items if item.section is section]
        if found:
            yield section, sum(len(item.names) for item in found), [line for item in found for line in _told(item)]


def _told(item: Item) -> Iterator[str]:
    """The lines of one item; the first begins with the sign by which a diff is coloured."""
    yield safe_text(f"{_sign(item)} {item.label or 'in general'}")
    if len(item.names) > 1:
        yield from (safe_text(f"      {line}") for line in listed_lines(item.names, 0, _WIDE))
    for line in item.lines:
        yield safe_text(f"    {line.what}  {line.text}" if isinstance(line, Row) and line.what else f"    {line.text}")
    for guard in item.guards:
        yield safe_text(f"    {'! ' if guard.blocks else ''}{guard.code}: {guard.message}")
        yield from (safe_text(f"      {line}") for line in listed_lines(guard.names, guard.more, _WIDE))
        if guard.remedy:
            yield safe_text(f"      {guard.remedy}")
    if item.places:
        yield from (safe_text(f"    at {line}") for line in listed_lines(item.places, 0, _WIDE))


def _sign(item: Item) -> str:
    if item.section is Section.DRIFT or not item.operations:
        return "!"
    marker = item.operations[-1].marker
    return marker if marker in "+-" else "~"


def _frame(fold: _Fold) -> int:
    return _FRAME + 2 * len(fence(fold.lines))


def _details(fold: _Fold, lines: list[str]) -> str:
    cut = len(fold.lines) - len(lines)
    said = f" ({counted(cut, 'line')} cut)" if cut else ""
    last = [f"! cut here: {counted(cut, 'line')} are not shown"] if cut else []
    return f"<details><summary>{fold.title}{said}</summary>\n\n{fenced([*lines, *last], 'diff')}\n\n</details>"


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first lines that together are not longer than the room."""
    return [line for line, end in zip(lines, accumulate(map(_length, lines)), strict=True) if end <= room]


def _length(line: str) -> int:
    return len(line) + 1
