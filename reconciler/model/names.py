"""The law of names (docs/rules.md#rule-2, #rule-3): when two are nearly the same, and which ones a file may not have.

What was probably meant by a word that does not exist.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from reconciler.model.values import RESERVED

LONGEST = 255
LONGEST_NORMAL = 4 * LONGEST
"""A longer text is no name, and is not brought into the composed form."""


def folded(name: str) -> str:
    """The form under which two names are twins: NFC, casefold, blanks at the ends off (docs/rules.md#rule-2)."""
    if name.isascii():
        return name.strip().lower()
    # The time that normalising takes grows with the square of the marks on one letter.
    if len(name) > LONGEST_NORMAL:
        return name.strip().casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def all_folded(names: Collection[str]) -> list[str]:
    """The folded form of each name, in their order; ordinary names in a few passes over one long text."""
    together = "\n".join(names)
    if together.isascii() and together.count("\n") == len(names) - 1:
        return list(map(str.strip, together.lower().split("\n")))
    return [folded(name) for name in names]


def lawless(names: Collection[str]) -> list[str]:
    """The names with a fault, in their order; where all are ordinary, that takes a few passes over all of them."""
    together = "".join(names)
    ordinary = together.isascii() and together.isprintable() and RESERVED.isdisjoint(names)
    if ordinary and all(names) and all(map(str.__eq__, names, map(str.strip, names))):
        return [name for name in names if len(name) > LONGEST]
    return [name for name in names if fault(name)]


def fault(name: str) -> str:
    """What the law has against a name, in words; empty for a good one (docs/rules.md#rule-3)."""
    if not name:
        return "is empty"
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if name != name.strip():
        return "begins or ends with a blank"
    if name in RESERVED:
        return f'is "{name}", a word that means something of its own'
    if name.isascii() and name.isprintable():
        return ""
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        return "holds a control, format or direction character"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in the composed form (NFC)"
    return ""


FEW = 100
"""Among so many known words each is compared; among more only those that share the rarest pairs of letters."""

LONGEST_COMPARED = 255
"""A longer word is no slip of the fingers."""

MOST_ASKED = 200
"""Words that are answered in one run: nobody reads more."""

MOST_LOOKED_AT = 5_000
COMPARED = 20


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """The known word that is most like it, case ignored; empty when none is. `likeness`: 0 anything, 1 the same."""
    if len(word) > LONGEST_COMPARED:
        return ""
    from difflib import get_close_matches  # start-up: only a word that is not known asks

    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean "Growth"?)`, or nothing when nothing is near. Case is ignored."""
    return _asked(nearest(word, known))


class Suggestions:
    """The same for many words against the same names: these are indexed once, each word is looked up once, and after
    MOST_ASKED words there is no more answer."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._index: dict[str, list[str]] = {}
        self._answers: dict[str, str] = {}

    def did_you_mean(self, word: str) -> str:
        """As the function of this name."""
        if word not in self._answers:
            if len(self._answers) >= MOST_ASKED:
                return ""
            self._answers[word] = _asked(nearest(word, self._candidates(word)))
        return self._answers[word]

    def _candidates(self, word: str) -> Collection[str]:
        if len(self._known) <= FEW or len(word) > LONGEST_COMPARED:
            return self._known
        if not self._index:
            for name in self._known:
                for pair in set(_pairs(name)):
                    self._index.setdefault(pair, []).append(name)
        shared: Counter[str] = Counter()
        looked_at = 0
        for names in sorted((self._index.get(pair, []) for pair in set(_pairs(word))), key=len):
            shared.update(names[: MOST_LOOKED_AT - looked_at])
            looked_at += len(names)
            if looked_at >= MOST_LOOKED_AT:
                break
        return [name for name, _ in shared.most_common(COMPARED)]


def _pairs(word: str) -> Iterator[str]:
    """Every two letters in a row, the ends included."""
    around = f" {word.lower()} "
    return (around[at : at + 2] for at in range(len(around) - 1))


def _asked(near: str) -> str:
    return f' (did you mean "{near}"?)' if near else ""
