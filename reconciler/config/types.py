"""The fields of a kind as pydantic types: the verdict on the data of a file, and its values as the engine wants them.

Built from the declarations as pydantic's own schema, without classes between: one call judges a whole file. Imported
only for data that `fast_types.py` is not sure of (start-up). `explain.py` puts the errors into words for people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic_core import (
    CoreSchema,
    ErrorDetails,
    InitErrorDetails,
    PydanticCustomError,
    PydanticKnownError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from reconciler.config.complaints import value_text
from reconciler.config.explain import REMEDY, article, choices
from reconciler.config.fields import (
    ONE_LINE,
    KindFields,
    Tree,
    flat,
    is_map_name,
    limit_value,
    map_value,
    misplaced_star,
    override_values,
    paths,
    range_of,
    twins,
    words_of,
)
from reconciler.model.finding import CODES
from reconciler.model.names import fault
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    NameList,
    Names,
    Overrides,
    Reference,
    Switch,
    Text,
    TextMap,
    Toggle,
    Whole,
)
from reconciler.model.values import INHERIT, LARGEST, NONE

Misfits: TypeAlias = Iterator[tuple[int | str, PydanticCustomError]]
"""What is wrong inside a list or a map: the number or the name of the item, and the error."""


class Types:
    """The verdict on one kind: the same nesting with values as `model.values` has them, or every error at once."""

    def __init__(self, fields: KindFields) -> None:
        single = _mapping(fields.tree, fields.overrides)
        self._single = SchemaValidator(single)
        self._whole = SchemaValidator(core_schema.dict_schema(_name("write a plain name"), single, strict=True))

    def whole(self, data: Any) -> tuple[dict[str, Any], list[ErrorDetails]]:
        """The objects of a file, typed; none where there are errors."""
        try:
            return self._whole.validate_python(data), []
        except ValidationError as error:
            return {}, error.errors(include_url=False)

    def single(self, data: Any) -> dict[str, Any]:
        """The fields of one object, typed; none where one of them is wrong."""
        try:
            typed: dict[str, Any] = self._single.validate_python(data)
        except ValidationError:
            return {}
        return typed


def shape(type_: FieldType, *more: str) -> CoreSchema:
    """The pydantic schema of a field's type. `more` words are accepted besides its own."""
    words = words_of(type_, *more)
    match type_:
        case Limit():
            return _or_words(_after(limit_value, _number(type_)), words)
        case Whole() | Switch():
            return _or_words(_number(type_), words)
        case Toggle():
            return _or_words(core_schema.bool_schema(strict=True), words)
        case Text(lines):
            return _text(lines)
        case Choice():
            return core_schema.literal_schema(list(words))
        case Reference():
            # Thousands of users name the same few objects: one text in memory for each.
            return _after(sys.intern, _name(f"write {choices('the name of an object', *words)}", words))
        case Names(wildcard=wildcard, switch=switch):
            return _or_words(_set_of(_item(wildcard), least=1 if switch else 0), words)
        case NameList():
            # Former names may break the law of names: it is how a row of such a name is led out of it
            # (docs/rules.md#rule-3).
            return _set_of(core_schema.str_schema(strict=True, min_length=1), least=0)
        case TextMap():
            return _or_words(_text_map(type_), words)
        case Overrides():
            raise ValueError("overrides have a shape only within their kind")


def _mapping(tree: Tree, overrides: Mapping[str, Tree], *words: str) -> CoreSchema:
    """A mapping of these fields and no others, none of them needed."""

    def inside(inner: Field | Tree) -> CoreSchema:
        if not isinstance(inner, Field):
            return _mapping(inner, overrides, *words)
        return _overrides(overrides[inner.name]) if inner.name in overrides else shape(inner.type, *words)

    return core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(inside(inner), required=False) for name, inner in tree.items()},
        extra_behavior="forbid",
        strict=True,
    )


def _overrides(tree: Tree) -> CoreSchema:
    names = paths(tree)

    def listed(overrides: Any) -> dict[str, Any]:
        return {} if overrides == NONE else override_values(flat(overrides, names))

    return _after(listed, _or_words(_mapping(tree, {}, INHERIT), (NONE,)))


def _number(type_: Limit | Whole | Switch) -> CoreSchema:
    low, high = range_of(type_)
    return core_schema.int_schema(ge=low, le=high, strict=True)


def _text(lines: bool) -> CoreSchema:
    if lines:
        return core_schema.str_schema(strict=True)
    return core_schema.str_schema(strict=True, pattern=ONE_LINE, regex_engine="python-re")


def _name(remedy: str, words: tuple[str, ...] = ()) -> CoreSchema:
    """A lawful name, or one of the reserved words that mean something here."""

    def lawful(name: Any) -> str:
        if not isinstance(name, str):
            raise PydanticKnownError("string_type")
        if name not in words and (trouble := fault(name)):
            raise _error("name", f"the name {trouble}", remedy)
        return name

    return core_schema.no_info_plain_validator_function(lawful)


def _item(wildcard: bool) -> CoreSchema:
    def placed(name: str) -> str:
        if misplaced_star(name):
            message = f"{value_text(name)} has a * elsewhere than as its whole last part"
            raise _error("wildcard", message, "write it as in contacts.*")
        return name

    name = _name("write the name of an object")
    return _after(placed, name) if wildcard else name


def _set_of(item: CoreSchema, least: int) -> CoreSchema:
    def repeated(items: Any) -> Misfits:
        earlier = set[str]()
        for number, name in enumerate(items if isinstance(items, list) else ()):
            if isinstance(name, str):
                if name in earlier:
                    yield number, _error("duplicate", f"{value_text(name)} is listed twice", "take one of them out")
                earlier.add(name)

    names = core_schema.list_schema(item, min_length=least, strict=True)
    return _after(lambda items: tuple(sorted(items)), _also(repeated, names))


def _text_map(type_: TextMap) -> CoreSchema:
    def misnamed(texts: Any) -> Misfits:
        names = list(texts) if isinstance(texts, dict) else []
        for name in names:
            if not is_map_name(type_, name):
                yield (
                    name,
                    _error(
                        "name",
                        f"{value_text(name)} is not a name of {article(type_.item)}",
                        f"write a name of {type_.pattern}",
                    ),
                )
        for name, earlier in twins(type_, names):
            message = f"{value_text(name)} and {value_text(earlier)} are the same {type_.item}"
            yield name, _error("twins", message, "take one of them out")

    texts = core_schema.dict_schema(values_schema=_loose_text() if type_.loose else _text(lines=False), strict=True)
    return _after(lambda typed: dict(sorted(typed.items())), _also(misnamed, texts))


def _loose_text() -> CoreSchema:
    kinds: list[CoreSchema | tuple[CoreSchema, str]] = [
        core_schema.str_schema(strict=True),
        core_schema.bool_schema(strict=True),
        core_schema.int_schema(strict=True, ge=-LARGEST, le=LARGEST),
    ]
    return _after(map_value, core_schema.union_schema(kinds, mode="left_to_right", custom_error_type="string_type"))


def _after(function: Callable[[Any], Any], schema: CoreSchema) -> CoreSchema:
    return core_schema.no_info_after_validator_function(function, schema)


def _or_words(schema: CoreSchema, words: tuple[str, ...]) -> CoreSchema:
    """The schema, or one of these words. No union: its errors would speak of the words where a number is wrong."""
    if not words:
        return schema

    def word_or(value: Any, otherwise: Callable[[Any], Any]) -> Any:
        return value if isinstance(value, str) and value in words else otherwise(value)

    return core_schema.no_info_wrap_validator_function(word_or, schema)


def _also(misfits: Callable[[Any], Misfits], schema: CoreSchema) -> CoreSchema:
    """The schema, and errors of our own about the items: all of both at once."""

    def both(value: Any, otherwise: Callable[[Any], Any]) -> Any:
        typed, errors = None, []
        try:
            typed = otherwise(value)
        except ValidationError as error:
            errors = [_raised_again(details) for details in error.errors(include_url=False)]
        errors += [InitErrorDetails(type=error, loc=(item,), input=value) for item, error in misfits(value)]
        if errors:
            raise ValidationError.from_exception_data("items", errors)
        return typed

    return core_schema.no_info_wrap_validator_function(both, schema)


def _raised_again(details: ErrorDetails) -> InitErrorDetails:
    word, context = details["type"], details.get("ctx", {})
    type_ = PydanticCustomError(word, details["msg"], context) if word in CODES else word
    return InitErrorDetails(type=type_, loc=details["loc"], input=details["input"], ctx=context)


def _error(code: str, message: str, remedy: str) -> PydanticCustomError:
    """`code` is one of CODES; `explain.py` passes all three on. Pydantic takes no half of a character."""
    whole = message.encode("utf-8", "backslashreplace").decode()
    return PydanticCustomError(code, "refused", {"message": whole, REMEDY: remedy})
