"""Values ↔ JSON, declared once: a Shape writes a value, reads it back strictly, and tells its JSON Schema.

Reading raises ValueError for anything but what the schema allows.

The parts of a plan as Shapes: what is written, read and described is declared in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from typing import Any, Generic, TypeVar

from reconciler.model.change import Cause, Effect, FieldDelta, ItemDelta
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import Memo
from reconciler.model.plan import Allowance, Counts, Impact, Policy, Source
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value, Values, from_json

T = TypeVar("T")
S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """How values of one type look in JSON."""

    encode: Callable[[T], Any]
    decode: Callable[[Any], T]
    schema: Mapping[str, Any]


def _exactly(wanted: type[T]) -> Callable[[Any], T]:
    def decode(found: Any) -> T:
        # `type` and not `isinstance`: true is no number.
        if type(found) is not wanted:
            raise ValueError(f"{found!r} is no {wanted.__name__}")
        return found

    return decode


def _as_it_is(value: T) -> T:
    return value


TEXT: Shape[str] = Shape(_as_it_is, _exactly(str), {"type": "string"})
WHOLE: Shape[int] = Shape(_as_it_is, _exactly(int), {"type": "integer"})
FLAG: Shape[bool] = Shape(_as_it_is, _exactly(bool), {"type": "boolean"})


def _value(found: Any) -> Value:
    """As `from_json`, and a list holds text only."""
    match found:
        case dict():
            return _values(found)
        case list():
            return tuple(TEXT.decode(name) for name in found)
        case _:
            return from_json(found)


def _values(found: Any) -> Values:
    return {name: _value(value) for name, value in _exactly(dict)(found).items()}


VALUE: Shape[Value] = Shape(_as_it_is, _value, {"$ref": "#/$defs/value"})
VALUES: Shape[Values] = Shape(_as_it_is, _values, {"$ref": "#/$defs/values"})
REF: Shape[Ref] = Shape(
    str, lambda found: Ref.parse(TEXT.decode(found)), {"type": "string", "examples": ["package/Starter Plan"]}
)

JSON: Shape[Any] = Shape(_as_it_is, _as_it_is, {})
"""Whatever JSON holds: rows of somebody else's tables."""

DEFINITIONS: Mapping[str, Any] = {
    "value": {
        "description": "A value of a field: a number, a word, a switch, a set of names, or a map.",
        "type": ["integer", "boolean", "string", "array", "object"],
        "items": {"type": "string"},
        "additionalProperties": {"$ref": "#/$defs/value"},
    },
    "values": {
        "description": "Field → value; names are flat and dotted, as in sending.daily_limit.",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/value"},
    },
}
"""What the schemas of VALUE and VALUES refer to."""


def word(words: type[S]) -> Shape[S]:
    """One of a few words."""
    return Shape(str, words, {"enum": [str(each) for each in words]})


def optional(inner: Shape[T]) -> Shape[T | None]:
    """The value or null."""
    return Shape(
        lambda value: None if value is None else inner.encode(value),
        lambda found: None if found is None else inner.decode(found),
        {"anyOf": [inner.schema, {"type": "null"}]},
    )


def sequence(inner: Shape[T]) -> Shape[tuple[T, ...]]:
    """A list in its order."""
    return Shape(
        lambda values: [inner.encode(value) for value in values],
        lambda found: tuple(inner.decode(each) for each in _exactly(list)(found)),
        {"type": "array", "items": inner.schema},
    )


def unordered(inner: Shape[T]) -> Shape[frozenset[T]]:
    """A set, written sorted."""
    return Shape(
        lambda values: sorted(inner.encode(value) for value in values),
        lambda found: frozenset(inner.decode(each) for each in _exactly(list)(found)),
        {"type": "array", "items": inner.schema, "uniqueItems": True},
    )


def mapping_of(inner: Shape[T]) -> Shape[Mapping[str, T]]:
    """Text → value."""
    return Shape(
        lambda values: {name: inner.encode(value) for name, value in values.items()},
        lambda found: {name: inner.decode(value) for name, value in _exactly(dict)(found).items()},
        {"type": "object", "additionalProperties": inner.schema},
    )


def fixed(*shapes: Shape[Any]) -> Shape[tuple[Any, ...]]:
    """A list of so many values, each of its own shape."""
    return Shape(
        lambda values: [shape.encode(value) for shape, value in zip(shapes, values, strict=True)],
        lambda found: tuple(s.decode(v) for s, v in zip(shapes, _exactly(list)(found), strict=True)),
        {
            "type": "array",
            "prefixItems": [shape.schema for shape in shapes],
            "minItems": len(shapes),
            "maxItems": len(shapes),
        },
    )


def of(made: Callable[..., T], doc: str, /, *, sparse: Collection[str] = (), **shapes: Shape[Any]) -> Shape[T]:
    """An object with a key for each field of the dataclass `made`; those of `sparse` are left out where they hold their
    default. Raises ValueError when a field has no shape."""
    declared: dict[str, Field[Any]] = {each.name: each for each in fields(made)}  # type: ignore[arg-type]
    if declared.keys() != shapes.keys():
        raise ValueError(f"{made}: {sorted(declared.keys() ^ shapes.keys())} have no shape, or are no fields")
    pairs = tuple(shapes.items())
    defaults = {name: _default(declared[name]) for name in sparse}
    needed = shapes.keys() - defaults.keys()

    def encode(value: T) -> dict[str, Any]:
        told = {name: getattr(value, name) for name in shapes}
        return {n: shape.encode(told[n]) for n, shape in pairs if n in needed or told[n] != defaults[n]}

    def decode(found: Any) -> T:
        if not needed <= _exactly(dict)(found).keys() <= shapes.keys():
            raise ValueError(f"{sorted(found)} are not the keys {sorted(shapes)}")
        return made(**{name: shape.decode(found[name]) for name, shape in pairs if name in found})

    return Shape(encode, decode, closed(doc, {name: dict(shape.schema) for name, shape in pairs}, sparse=sparse))


def _default(declared: Field[Any]) -> Any:
    return declared.default if declared.default_factory is MISSING else declared.default_factory()


def closed(doc: str, properties: Mapping[str, Any], *, sparse: Collection[str] = ()) -> dict[str, Any]:
    """The schema of an object that has exactly these properties; those of `sparse` may be left out."""
    return {
        "description": doc,
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in sparse],
        "additionalProperties": False,
    }


ORIGIN: Shape[Origin] = of(Origin, "A place that a person can open.", place=TEXT, line=optional(WHOLE))


CAUSE = word(Cause)
EFFECT = word(Effect)

ITEM = of(
    ItemDelta,
    "One item of a set or map; null is not there. For an override null is inherit, and inherited is what that gives.",
    item=TEXT,
    before=optional(VALUE),
    after=optional(VALUE),
    effect=EFFECT,
    inherited=optional(VALUE),
)

FIELD = of(
    FieldDelta,
    "One field that differs; remembered is what the last apply wrote, where that is not `after`. After null: the value "
    "is taken away again, as a revert may ask.",
    name=TEXT,
    before=optional(VALUE),
    after=optional(VALUE),
    cause=CAUSE,
    effect=EFFECT,
    remembered=optional(VALUE),
    items=sequence(ITEM),
    origin=optional(ORIGIN),
)

FINDING = of(
    Finding,
    "One complaint; severity error blocks the plan.",
    code=TEXT,
    message=TEXT,
    severity=word(Severity),
    ref=optional(REF),
    field=TEXT,
    origin=optional(ORIGIN),
    remedy=TEXT,
    at_files=FLAG,
    names=sequence(TEXT),
    more=WHOLE,
)

IMPACT = of(
    Impact,
    "Whom the change of a limit hits: its users, those whose override hides it, those over it and near it now, "
    "and the highest as [key, used, per cent].",
    ref=REF,
    field=TEXT,
    tenants=WHOLE,
    keep=WHOLE,
    over=WHOLE,
    near=WHOLE,
    top=sequence(fixed(TEXT, WHOLE, WHOLE)),
)

COUNTS = of(
    Counts,
    "Objects that were compared, that need nothing, that nobody manages, and what only memory learns.",
    compared=WHOLE,
    unchanged=WHOLE,
    unmanaged=WHOLE,
    adopted=WHOLE,
    released=WHOLE,
    gone=WHOLE,
    lost=WHOLE,
)

_ALLOWANCE = of(Allowance, "A class of change lifted by name.", code=TEXT, reason=TEXT)

SOURCE = of(
    Source,
    "What the plan was made from: the digest of the files, the commit, whether something was not "
    "committed (null where git could not tell), the database's own id, the tool's version, and "
    "the run that it takes back. Only where there is something to say: what is set of the target, and how often runs "
    "of these very changes were taken back before.",
    sparse=("options", "reverted"),
    files=TEXT,
    commit=TEXT,
    dirty=optional(FLAG),
    instance=TEXT,
    version=TEXT,
    only=sequence(TEXT),
    allowances=sequence(_ALLOWANCE),
    reverts=TEXT,
    options=mapping_of(JSON),
    reverted=WHOLE,
)

POLICY = of(
    Policy,
    "The settings that the guards use when the plan is applied.",
    mode=TEXT,
    block=unordered(TEXT),
    max_change_percent=WHOLE,
    min_sample=WHOLE,
    max_tenants_affected=optional(WHOLE),
    growth_percent=WHOLE,
    max_lock_seconds=WHOLE,
    over_limit=TEXT,
    hands_off=sequence(TEXT),
    external=sequence(TEXT),
    privacy=TEXT,
)

MEMO = of(Memo, "What memory holds of one object after the apply.", ref=REF, stated=TEXT, origin=ORIGIN)
