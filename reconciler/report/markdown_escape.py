"""Untrusted text → markdown that says the same and does nothing: no markup, no link, no mention, no reference.

Good for CommonMark and for what GitHub and GitLab make of the result afterwards (`@name`, `#12`, `!12`, `:tada:`). They
look for it in each piece of text, so what must not be found is in two pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.model.secrecy import veiled
from reconciler.report.sanitise import plain

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


def text(words: str) -> str:
    """A sentence, on one line and safe in a cell of a table."""
    return _SPECIAL.sub(_entity, plain(words))


def code(words: str) -> str:
    """A name or value, shown as it is in letters of one width."""
    safe = plain(words)
    if not safe:
        return ""
    # A pipe ends a cell even in a span, and programs differ in what a backslash before it does.
    return f"<code>{text(safe)}</code>" if _NOT_IN_A_SPAN.search(safe) else f"`{safe}`"


def shortened(words: str) -> str:
    """The words, or their beginning and how long they are: one cell must not take the room of all others."""
    words = veiled(words)  # a secret that is cut would not be known any more
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
