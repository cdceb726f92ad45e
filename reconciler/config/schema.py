"""Kinds in, JSON Schema out: what an editor completes and explains, and what `validate --schemas` checks.

Draft 2020-12, written so that an editor that only knows draft-07 reads it alike. It speaks of one object at a time:
what needs two fields, two objects or Unicode tables is left to `config.rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from reconciler.config.fields import END, ONE_LINE, nested, range_of, words_of
from reconciler.model.names import LONGEST
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    NameList,
    Names,
    Overrides,
    Reference,
    Resource,
    Switch,
    Text,
    TextMap,
    Toggle,
    Vocabulary,
    Whole,
)
from reconciler.model.values import INHERIT, NONE, RESERVED, Value

Schema: TypeAlias = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"

INVISIBLE = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
"""Control, format and bidi characters of the basic plane, as a class that Python and JavaScript read alike."""

NAME_PATTERN = rf"^(?!\s)[^{INVISIBLE}]*[^\s{INVISIBLE}]{END}"
WILDCARD_PATTERN = rf"^(?!\s)(?:[^*{INVISIBLE}]*[^*\s{INVISIBLE}]|(?:[^*{INVISIBLE}]+\.)?\*){END}"


def schemas(vocabulary: Vocabulary) -> dict[str, Schema]:
    """File name → schema, one a kind."""
    return {file_name(resource): document_schema(resource, vocabulary) for resource in vocabulary}


def file_name(resource: Resource) -> str:
    """What the schema of a kind is called in `schemas/`."""
    return f"{resource.kind}.schema.json"


def schema_text(schema: Schema) -> str:
    """The bytes of a schema file: two blanks deep, properties in the order of their declaration, one final newline."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def document_schema(resource: Resource, vocabulary: Vocabulary) -> Schema:
    """The schema of one file of a kind: a mapping from names to objects, nested as in YAML."""
    return {
        "$schema": _DRAFT,
        "$id": file_name(resource),
        "title": f"{resource.folder}: {resource.kind}",
        "description": f"{resource.doc} A mapping from names to fields; a field that is not stated is not managed.",
        "type": "object",
        "propertyNames": {**_key(resource), "description": resource.key_doc, "examples": list(resource.key_examples)},
        "additionalProperties": {
            "description": resource.doc,
            "markdownDescription": f"{resource.doc}\n\nThe key: {resource.key_doc}",
            **_object({field.name: _property(field, resource, vocabulary) for field in resource.fields}),
        },
    }


def _key(resource: Resource) -> Schema:
    return {"const": resource.only_key} if resource.only_key else _name()


def _property(field: Field, resource: Resource, vocabulary: Vocabulary) -> Schema:
    described: Schema = {"title": field.label} if field.label else {}
    described |= {"description": field.doc, "markdownDescription": _markdown(field)}
    if isinstance(field.type, Overrides):
        described |= _overrides(vocabulary.overrides_of(resource.kind, field).values())
    else:
        described |= field_schema(field.type)
    if field.default is not None:
        described["default"] = _json(field.type, field.default)
    described["examples"] = [_json(field.type, example) for example in field.examples]
    return described


def _markdown(field: Field) -> str:
    """What an editor shows over the field: its name in the admin panel, its meaning, and what else matters there."""
    facts = []
    if field.default is not None:
        facts.append(f"Default: `{_word(field)}`.")
    if field.required:
        facts.append("Needed to create the object, where the system holds it.")
    if field.only_with:
        facts.append(f"Only with `{field.only_with[0]}: {field.only_with[1]}`.")
    if field.overridable:
        facts.append("A single user of it may override this.")
    if field.file_only:
        facts.append("Stays in the file: never compared with the live system.")
    title = f"**{field.label}** (`{field.name}`)" if field.label else f"`{field.name}`"
    return "\n\n".join([title, field.doc, *([" ".join(facts)] if facts else [])])


def _word(field: Field) -> str:
    assert field.default is not None
    if isinstance(field.default, str) and field.default:
        return field.default
    return json.dumps(_json(field.type, field.default), ensure_ascii=False)


def _overrides(fields: Iterable[Field]) -> Schema:
    listed = {
        field.name: {
            **({"title": field.label} if field.label else {}),
            "description": field.doc,
            "markdownDescription": f"{field.doc}\n\n`{INHERIT}`, or left out: as the package has it.",
            **field_schema(field.type, INHERIT),
            "examples": [*(_json(field.type, example) for example in field.examples), INHERIT],
        }
        for field in fields
    }
    return _or_words(_object(listed), NONE)


def field_schema(type_: FieldType, *more: str) -> Schema:
    """What values a type has, without descriptions. `more` words are accepted besides its own."""
    words = words_of(type_, *more)
    one_line: Schema = {"type": "string", "pattern": ONE_LINE}
    match type_:
        case Limit() | Whole() | Switch():
            low, high = range_of(type_)
            return _or_words({"type": "integer", "minimum": low, "maximum": high}, *words)
        case Toggle():
            return _or_words({"type": "boolean"}, *words)
        case Text(lines):
            return {"type": "string"} if lines else one_line
        case Choice():
            return {"type": "string", "enum": list(words)}
        case Reference():
            return _name(*words)
        case Names(wildcard=wildcard, switch=switch):
            names = _list_of({**_name(), "pattern": WILDCARD_PATTERN} if wildcard else _name())
            return _or_words({**names, "minItems": 1} if switch else names, *words)
        case NameList():
            # Former names may break the law of names: it is how a row of such a name is led out of it
            # (docs/rules.md#rule-3).
            return _list_of({"type": "string", "minLength": 1})
        case TextMap(pattern=pattern, loose=loose):
            keys = {"type": "string", "pattern": f"^(?:{pattern}){END}", "maxLength": LONGEST}
            values: Schema = {"type": ["string", "integer", "boolean"]} if loose else one_line
            return _or_words({"type": "object", "propertyNames": keys, "additionalProperties": values}, *words)
        case Overrides():
            raise ValueError("overrides have a shape only within their kind")


def _name(*words: str) -> Schema:
    refused = sorted(RESERVED - set(words))
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST,
        "pattern": NAME_PATTERN,
        "patternErrorMessage": "A name has no blank at its ends and no invisible characters.",
        "not": {"enum": refused},
    }


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item, "uniqueItems": True}


def _or_words(schema: Schema, *words: str) -> Schema:
    """The schema, or one of these words. Not `anyOf`, whose complaints ("not valid under any of …") help nobody."""
    if not words:
        return schema
    return {
        **schema,
        "type": [schema["type"], "string"],
        "if": {"type": "string"},
        "then": {"enum": list(words)},
    }


def _object(properties: Mapping[str, Schema]) -> Schema:
    """An object with these properties and no others; dotted names become objects inside it."""
    members: dict[str, dict[str, Schema]] = {}
    for name, schema in properties.items():
        first, _, rest = name.partition(".")
        members.setdefault(first, {})[rest] = schema
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: inner[""] if "" in inner else _group(inner) for name, inner in members.items()},
    }


def _group(properties: Mapping[str, Schema]) -> Schema:
    members = ", ".join(f"`{name}`" for name in properties)
    return {"description": f"Holds {members.replace('`', '')}.", "markdownDescription": f"Holds {members}."} | _object(
        properties
    )


def _json(type_: FieldType, value: Value) -> Any:
    """A value as JSON writes it: a set is a list, overrides are nested. Text maps keep their dotted keys."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return nested(value) if isinstance(type_, Overrides) else dict(value)
    return value
