"""How a kind is declared: fields and what they mean, as frozen data.

Types, JSON Schema, native columns, plan lines and docs are built from these declarations, so a new field is one line
for the built-in system; MailWizz and Mumara, where they can hold it, need one more in their mapping.

What a kind says about its fields beyond their types: what they mean together, and what is legal but rarely meant.

Functions are left out of the text of a declaration: what was read from files is kept under that text, and the text of a
function is another one in each process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from reconciler.model.finding import Severity
from reconciler.model.values import LARGEST, Value, Values

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


@dataclass(frozen=True, slots=True)
class Limit:
    """An integer 0 … 2⁶³−1, or `unlimited` (`-1` is accepted for it in files)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer in a range."""

    low: int
    high: int = LARGEST


@dataclass(frozen=True, slots=True)
class Switch:
    """An integer in a range, or `off`. `off` sets no limit."""

    low: int
    high: int = LARGEST


@dataclass(frozen=True, slots=True)
class Toggle:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Text:
    """Free text; `lines` allows line breaks."""

    lines: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The key of another object. `none`: the word `none` is a value of its own.

    `membership`: who holds this reference is a user of what it names; deleting the named object is refused
    while it has users, and a Reassign moves them.
    """

    kind: str
    none: bool = False
    membership: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """A set of names from a live catalogue, owned whole. `wildcard`: `contacts.*` is expanded at plan time.
    `switch`: non-empty, or the word `off`."""

    catalogue: str
    wildcard: bool = False
    switch: bool = False


@dataclass(frozen=True, slots=True)
class NameList:
    """Names in a file that no system holds, such as former names."""


@dataclass(frozen=True, slots=True)
class TextMap:
    """A map name → text. `whole`: what is not listed is removed; else unlisted names are left alone.
    `folded`: names that differ only in case are the same name. `loose`: a value may be written as a number, `true` and
    `false` (text: yes and no), and have lines."""

    item: str
    pattern: str
    whole: bool = True
    folded: bool = False
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Overrides:
    """A map field → value over the overridable fields of the kind that `through` refers to, owned whole.
    What is not listed is `inherit`; `none` is the empty map."""

    through: str


FieldType: TypeAlias = (
    Limit | Whole | Switch | Toggle | Text | Choice | Reference | Names | NameList | TextMap | Overrides
)


class Direction(StrEnum):
    """What a larger value means to the customer. `MORE`: more service; `LESS`: a restriction; `NONE`: neither."""

    MORE = "more"
    LESS = "less"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting, declared once.

    `default` None means that the system's own value stands when an object is created without it;
    `required`: stated or refused at creation, where the target holds it. `label` is what the admin panel calls it.
    `only_with`: refused unless that other field has that value; `needed_then`: and missed where it has.
    `measured_by`: the usage counter that a limit caps.
    `brief`: a short word for one-line summaries of a new object.
    """

    name: str
    type: FieldType
    doc: str
    default: Value | None = None
    label: str = ""
    direction: Direction = Direction.NONE
    required: bool = False
    overridable: bool = False
    file_only: bool = False
    only_with: tuple[str, Value] | None = None
    needed_then: bool = False
    measured_by: str = ""
    brief: str = ""
    examples: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """How a file says that an object is to go: `field: removed`, with `successor` naming where its users go first.
    `closed` is the value that keeps present users and takes no new ones."""

    field: str
    removed: str
    closed: str
    successor: str


@dataclass(frozen=True, slots=True)
class RefusedWith:
    """Values that make no sense together, with the finding's code and what to write instead."""

    code: str
    when: tuple[tuple[str, Value], ...]
    message: str
    remedy: str


class Removal(StrEnum):
    """What taking an object out of the files does: delete it; stop managing it, which is a change of its own; or
    keep it, which is worth no word."""

    DELETE = "delete"
    FORGET = "forget"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind. `personal`: keys are people's addresses, masked where no file names them (docs/rules.md#rule-40).
    `only_key`: there is one object, of this name."""

    kind: str
    folder: str
    doc: str
    key_doc: str
    key_examples: tuple[str, ...]
    fields: tuple[Field, ...]
    removal: Removal
    personal: bool = False
    only_key: str = ""
    tombstone: Tombstone | None = None
    former_names: str = ""
    note: str = ""
    refused: tuple[RefusedWith, ...] = ()
    exclusive: tuple[tuple[str, str], ...] = ()
    """Pairs of fields (an override is written `overrides.NAME`) that one object may not both state."""
    meanings: tuple[Meaning, ...] = ()
    advice: tuple[Advice, ...] = ()
    fallback: Fallback | None = None


class Vocabulary:
    """All kinds together, and what follows from their declarations."""

    def __init__(self, resources: tuple[Resource, ...]) -> None:
        self.resources = resources
        self._by_kind = {resource.kind: resource for resource in resources}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __contains__(self, kind: object) -> bool:
        return kind in self._by_kind

    def __getitem__(self, kind: str) -> Resource:
        return self._by_kind[kind]

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Every kind, in declaration order."""
        return tuple(self._by_kind)

    @cached_property
    def fields(self) -> dict[str, dict[str, Field]]:
        """kind → field name → Field."""
        return {r.kind: {f.name: f for f in r.fields} for r in self.resources}

    @cached_property
    def held(self) -> dict[str, tuple[Field, ...]]:
        """kind → the fields that a live system can hold (not file-only), in declaration order."""
        return {r.kind: tuple(f for f in r.fields if not f.file_only) for r in self.resources}

    @cached_property
    def overridable(self) -> dict[str, dict[str, Field]]:
        """kind → the fields that a user of it may override, by name."""
        return {r.kind: {f.name: f for f in r.fields if f.overridable} for r in self.resources}

    @cached_property
    def references(self) -> dict[str, tuple[tuple[Field, Reference], ...]]:
        """kind → its live fields that refer to another object."""
        return {
            kind: tuple((f, f.type) for f in fields if isinstance(f.type, Reference))
            for kind, fields in self.held.items()
        }

    @cached_property
    def override_fields(self) -> dict[str, tuple[tuple[Field, Overrides], ...]]:
        """kind → its live fields that hold overrides."""
        return {
            kind: tuple((f, f.type) for f in fields if isinstance(f.type, Overrides))
            for kind, fields in self.held.items()
        }

    @cached_property
    def memberships(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """kind → (kind of its users, their field that names it)."""
        found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in self._by_kind}
        for user, references in self.references.items():
            for each, reference in references:
                if reference.membership:
                    found[reference.kind].append((user, each.name))
        return {kind: tuple(pairs) for kind, pairs in found.items()}

    @cached_property
    def creation_order(self) -> tuple[str, ...]:
        """Kinds, what is referred to first; deletion runs the other way. Same-kind references do not count."""
        order: list[str] = []
        waiting = list(self._by_kind)
        while waiting:
            ready = [
                kind
                for kind in waiting
                if all(ref.kind in (*order, kind) for _, ref in self.references[kind] if ref.kind in self._by_kind)
            ]
            if not ready:
                raise ValueError(f"kinds refer to each other in a circle: {', '.join(waiting)}")
            order += ready
            waiting = [kind for kind in waiting if kind not in ready]
        return tuple(order)

    def overrides_of(self, kind: str, field: Field) -> dict[str, Field]:
        """The fields that an Overrides field of this kind may list, by name."""
        assert isinstance(field.type, Overrides)
        through = self.fields[kind][field.type.through].type
        assert isinstance(through, Reference)
        return self.overridable[through.kind]
