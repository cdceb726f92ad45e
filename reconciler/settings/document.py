"""`reconciler.yaml` as pydantic types, made from its keys: the verdict on the file, and its JSON Schema.

Imported only for a file that `fast_keys.py` is not sure of, or where the schema is made (start-up).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from reconciler.settings.keys import (
    NEEDED,
    SETTINGS,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Read,
    Table,
    TextValue,
    Type,
)
from reconciler.settings.secrets import Unfit


class Keys(BaseModel):
    """A mapping with these keys and no others."""

    # Built once, as a part of the whole document (start-up).
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def verdict(data: object) -> tuple[dict[str, Any], list[ErrorDetails]]:
    """The value of every key, defaults too, or every error."""
    try:
        return _document().model_validate(data).model_dump(), []
    except ValidationError as error:
        return {}, error.errors(include_url=False)


def json_schema() -> dict[str, Any]:
    """As pydantic makes it."""
    return _document().model_json_schema()


@cache
def _document() -> type[Keys]:
    return _model(SETTINGS)


def _model(table: Table) -> type[Keys]:
    fields: dict[str, Any] = {key.name: (_annotation(key.type), _field(key)) for key in table.keys}
    return create_model("Table", __base__=Keys, __doc__=table.doc, **fields)


def _field(key: Key) -> Any:
    if key.default is NEEDED:
        return Field(description=key.doc, examples=[*key.examples])
    if key.default == "":
        return Field(default="", description=key.doc, examples=[*key.examples], json_schema_extra=_undefault)
    examples = [*key.examples] or [key.default]
    return Field(default=key.default, description=key.doc, examples=examples, validate_default=True)


def _undefault(made: dict[str, Any]) -> None:
    del made["default"]


def _annotation(type_: Type) -> Any:
    match type_:
        case Flag():
            return bool
        case OneOf(words):
            return Literal[words]
        case Number(low, high):
            return Annotated[int, Field(ge=low, le=high)]
        case TextValue(shortest, longest, pattern, checks, schema):
            limits = StringConstraints(min_length=shortest, max_length=longest, pattern=pattern)
            published = [WithJsonSchema(dict(schema))] if schema else []
            return Annotated[str, limits, *(AfterValidator(_explained(check)) for check in checks), *published]
        case Read(function, schema):
            return Annotated[Any, PlainValidator(_explained(function)), WithJsonSchema(dict(schema))]
        case ListOf(item, most):
            return Annotated[list[_annotation(item)], Field(max_length=most)]  # type: ignore[misc]
        case MapOf(key, value, most, before):
            first = [BeforeValidator(_explained(before))] if before else []
            return Annotated[dict[_annotation(key), _annotation(value)], Field(max_length=most), *first]  # type: ignore[misc]
        case Table():
            return _model(type_)


def _explained(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The check with errors of pydantic; what explains them passes all three parts on as they are."""

    def checked(stated: Any) -> Any:
        try:
            return check(stated)
        except Unfit as unfit:
            context = {"message": unfit.message, "remedy": unfit.remedy}
            raise PydanticCustomError(unfit.code, "{message}", context) from None

    return checked
