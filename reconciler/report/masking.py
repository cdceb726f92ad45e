"""Hides the people whom no file names (docs/rules.md#rule-40)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.change import Create, Rename, Update
from reconciler.model.names import all_folded, folded
from reconciler.model.plan import Plan
from reconciler.model.ref import Ref
from reconciler.model.resource import Vocabulary
from reconciler.model.secrecy import hidden_in

_ADDRESS = re.compile(r"""(?<![^\s"'`<>(),;:/=])[^\s"'`<>(),;:/=]+@[^\s"'`<>(),;:/=]+""")


@dataclass(frozen=True, slots=True)
class Masking:
    """`personal`: the kinds whose keys are people's addresses; none of them means that nobody is hidden.
    `declared`: the keys that a file names anyway, folded: another spelling of them hides nobody."""

    personal: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()

    def name(self, kind: str, key: str) -> str:
        """The key as it may be shown: `ops@acme.example`, or `o…@acme.example` for an undeclared person."""
        return key if kind not in self.personal or folded(key) in self.declared else masked(key)

    def text(self, sentence: str) -> str:
        """A sentence with every address in it masked that no file names."""
        if not self.personal or "@" not in sentence:
            return sentence
        return _ADDRESS.sub(self._hidden, hidden_in(sentence))  # a secret with an @ would not be known any more

    def _hidden(self, found: re.Match[str]) -> str:
        address = found[0].rstrip(".!?")
        return found[0] if folded(address) in self.declared else masked(address) + found[0][len(address) :]


OPEN = Masking()
"""Hides nobody: for a terminal, for the plan file, and for findings about files alone."""


def masked(key: str) -> str:
    """`ops@acme.example` → `o…@acme.example`; a key that is no address keeps its first character only."""
    local, at, domain = hidden_in(key).rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else f"{key[:1]}…"


def masking_of(plan: Plan, vocabulary: Vocabulary, *, masked: bool) -> Masking:
    """Whom this plan may name: those it says are declared, and those whose files it carries out."""
    personal = frozenset(resource.kind for resource in vocabulary if resource.personal)
    if not masked or not personal:
        return OPEN
    carried_out = (change.ref for change in plan.changes if isinstance(change, Create | Update | Rename))
    return Masking(personal, _keys(plan.declared, personal) | _keys(carried_out, personal))


def _keys(refs: Iterable[Ref], personal: frozenset[str]) -> frozenset[str]:
    return frozenset(all_folded([ref.key for ref in refs if ref.kind in personal]))
