"""What was probably meant by a word that does not exist. Knows only text."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """The known word that is most like it, case ignored; empty when none is. `likeness`: 0 anything, 1 the same."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean "Growth"?)`, or nothing when nothing is near. Case is ignored."""
    near = nearest(word, known)
    return f' (did you mean "{near}"?)' if near else ""
