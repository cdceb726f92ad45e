"""What a kind says about its fields beyond their types: what they mean together, and what is legal but rarely meant.
Knows no kind by name.

Functions are left out of the text of a declaration: what was read from files is kept under that text, and the text of a
function is another one in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.model.finding import Severity
from reconciler.model.values import Values

Sentence: TypeAlias = Callable[[Values], str]
"""Field → value in, one sentence out; empty where there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`fields` that mean something only together. `tell` gets every value that the object will have."""

    fields: tuple[str, ...]
    tell: Sentence = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something legal that is rarely meant. `tell` gets what a file states of one object, and is asked where any of
    `fields` is stated; `about` is the field to which the finding points."""

    code: str
    severity: Severity
    about: str
    fields: tuple[str, ...]
    remedy: str
    tell: Sentence = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """An object that holds only for users without any `kind`. Where it states one of `fields` and an object of that
    kind states none, somebody may think that this one inherits them. `tell` gets what the fallback states."""

    kind: str
    code: str
    severity: Severity
    fields: tuple[str, ...]
    remedy: str
    tell: Sentence = field(repr=False)
