"""Values and counts → words: `250,000 → 200,000 (−20 %)`, `unlimited`, `acme, beta, 27 more`.

One sentence a change, for the plan and for the apply: "would create package Growth", "created package Growth".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeGuard

from reconciler.model.change import Change, Reassign, Rename
from reconciler.model.plan import Source, digest_of
from reconciler.model.resource import FieldType, Text
from reconciler.model.secrecy import hidden_in
from reconciler.model.values import INHERIT, Value
from reconciler.model.visible import safe_text
from reconciler.report.masking import OPEN, Masking

UNSET = "not set"
_LONGEST = 120


def counted(count: int, noun: str) -> str:
    """`1 error`, `2,000 errors`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def commit_said(source: Source) -> str:
    """`ab12cd3 with uncommitted changes`; empty where there is no commit to tell."""
    commit = source.commit[:7]
    if source.dirty is None:
        return f"{commit}, perhaps with uncommitted changes" if commit else "commit not known"
    return f"{commit} with uncommitted changes" if commit and source.dirty else commit


def value(it: Value | None, sort: FieldType | None = None) -> str:
    """One value in words. `sort`: the type of its field; free text is quoted, words and names are not."""
    match it:
        case str():
            short = _shortened(it)
            return f'"{short}"' if isinstance(sort, Text) and short is it else short
        case None:
            return UNSET
        case bool():
            return "true" if it else "false"
        case int():
            return f"{it:,}"
        case tuple():
            return ", ".join(it) or "none"
        case Mapping():
            return ", ".join(f"{name} {value(inner)}" for name, inner in sorted(it.items())) or "none"


def movement(before: Value | None, after: Value | None, sort: FieldType | None = None) -> str:
    """`250,000 → 200,000 (−20 %)`: a value and what it becomes, with the percentage of a change of a number."""
    return f"{value(before, sort)} → {value(after, sort)}{percentage(before, after)}"


def inherited(it: Value | None, otherwise: Value | None) -> str:
    """An override in words: its value, or `inherit` with what the user has then, where that is known."""
    if it is not None:
        return value(it)
    return INHERIT if otherwise is None else f"{INHERIT} ({value(otherwise)})"


def percentage(before: Value | None, after: Value | None) -> str:
    """` (−20 %)`, or nothing where there is no number before, or where it would round to nothing."""
    if not _is_number(before) or not _is_number(after) or not before:
        return ""
    difference = after - before
    percent = (abs(difference) * 100 + before // 2) // before
    return f" ({'−' if difference < 0 else '+'}{percent:,} %)" if percent else ""


def listed(names: Iterable[str], more: int = 0) -> str:
    """`acme, beta, 27 more`."""
    return ", ".join([*names, f"{more:,} more"] if more else names)


def listed_lines(names: Iterable[str], more: int, width: int) -> list[str]:
    """As `listed`, broken into lines of at most `width` characters; a name is never broken."""
    parts = [*names, f"{more:,} more"] if more else [*names]
    return wrapped([*(f"{part}," for part in parts[:-1]), *parts[-1:]], width, " ")


def wrapped(parts: Sequence[str], width: int, glue: str = " · ") -> list[str]:
    """The parts joined to lines of at most `width` characters; a part is never broken."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(glue) + len(part) <= width:
            lines[-1] += glue + part
        else:
            lines.append(part)
    return lines


def _is_number(it: Value | None) -> TypeGuard[int]:
    return isinstance(it, int) and not isinstance(it, bool)


def _shortened(text: str) -> str:
    text = hidden_in(text)  # a secret that is cut would not be known any more
    if len(text) <= _LONGEST:
        return text
    # Two long texts that begin alike must not look alike.
    return f'"{text[: _LONGEST - 20]}…" ({len(text):,} characters, #{digest_of(text)[:8]})'


class Tense(Enum):
    """Whether it is yet to come or done."""

    WOULD = "would"
    DONE = "done"


def sentence(change: Change, tense: Tense, masking: Masking = OPEN) -> str:
    """The change in one line of safe text, without a full stop."""
    kind = change.ref.kind
    name = masking.name(kind, change.ref.key)
    does = change.operation.done if tense is Tense.DONE else f"would {change.operation.todo}"
    match change:
        case Rename():
            return safe_text(f"{does} {kind} {masking.name(kind, change.old)} to {name}")
        case Reassign():
            # No count: who is on it at apply time is moved, whatever the plan saw.
            count = sum(map(len, change.members.values()))
            who = counted(count, "user") + " of" if change.members else "everyone on"
            return safe_text(f"{does} {who} {kind} {name} to {change.to}")
        case _:
            return safe_text(f"{does} {kind} {name}")
