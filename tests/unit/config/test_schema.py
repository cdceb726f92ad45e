"""Kinds → JSON Schema: complete, described, stable, and read alike by editors of both drafts."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from reconciler.config import schema, yaml
from reconciler.kinds import KINDS
from reconciler.model.resource import Overrides
from tests.support import REPOSITORY

SCHEMAS = schema.schemas(KINDS)


def properties(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in node.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from properties(inner, f"{path}{name}.")


def test_one_schema_a_kind_each_sound_in_both_drafts() -> None:
    assert sorted(SCHEMAS) == ["package.schema.json", "platform.schema.json", "role.schema.json", "tenant.schema.json"]
    for name, made in SCHEMAS.items():
        Draft202012Validator.check_schema(made)
        Draft7Validator.check_schema(made)
        assert made["$id"] == name


@pytest.mark.parametrize("word", ["anyOf", "oneOf", "$dynamicRef", "unevaluatedProperties", "prefixItems", "$ref"])
def test_nothing_that_older_editors_or_people_stumble_over(word: str) -> None:
    assert all(f'"{word}"' not in schema.schema_text(made) for made in SCHEMAS.values())


@pytest.mark.parametrize("resource", list(KINDS), ids=lambda resource: resource.kind)
def test_every_field_is_there_with_what_an_editor_shows(resource: Any) -> None:
    found = dict(properties(schema.document_schema(resource, KINDS)["additionalProperties"]))
    for field in resource.fields:
        node = found[field.name]
        assert node["description"] == field.doc
        assert field.doc in node["markdownDescription"]
        assert node["examples"]
        assert ("default" in node) == (field.default is not None)
        assert node.get("title", "") == field.label
        if isinstance(field.type, Overrides):
            listed = {name for name in found if name.startswith(f"{field.name}.")}
            assert {f"{field.name}.{name}" for name in KINDS.overrides_of(resource.kind, field)} <= listed
    assert all(node.get("markdownDescription") for node in found.values())


@pytest.mark.parametrize("resource", list(KINDS), ids=lambda resource: resource.kind)
def test_defaults_and_examples_satisfy_their_own_schema(resource: Any) -> None:
    for name, node in properties(schema.document_schema(resource, KINDS)["additionalProperties"]):
        for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]:
            assert Draft202012Validator(node).is_valid(value), (name, value)


def test_the_committed_files_are_what_is_generated() -> None:
    for name, made in SCHEMAS.items():
        assert (REPOSITORY / "schemas" / name).read_text() == schema.schema_text(made), (
            f"run `reconciler schema`: {name}"
        )


def test_text_is_stable_and_keeps_the_order_of_the_declaration() -> None:
    made = schema.schema_text(SCHEMAS["role.schema.json"])
    assert made == schema.schema_text(json.loads(made))
    assert made.endswith("}\n")
    assert list(json.loads(made)["additionalProperties"]["properties"]) == [
        "description",
        "permissions",
        "previously",
        "note",
    ]


def test_every_example_file_satisfies_its_schema_and_names_it_first() -> None:
    for resource in KINDS:
        validator = Draft202012Validator(SCHEMAS[schema.file_name(resource)])
        paths = sorted((REPOSITORY / resource.folder).glob("*.yaml"))
        assert paths or resource.only_key
        for path in paths:
            content = path.read_text()
            modeline = f"# yaml-language-server: $schema=../schemas/{schema.file_name(resource)}\n"
            assert content.startswith(modeline)
            assert not list(validator.iter_errors(yaml.read(content.encode(), path.name).data))


def test_the_invisible_characters_are_those_of_unicode() -> None:
    """Newer tables of Unicode may know more; none of those listed may be visible."""
    listed = re.compile(f"[{schema.INVISIBLE}]")
    for number in range(0x10000):
        if 0xD800 <= number < 0xE000:
            continue
        category = unicodedata.category(chr(number))
        invisible = category in {"Cc", "Cf", "Zl", "Zp"}
        assert not invisible or listed.match(chr(number)), hex(number)
        assert invisible or category == "Cn" or not listed.match(chr(number)), hex(number)


def test_overrides_have_no_shape_of_their_own() -> None:
    with pytest.raises(ValueError, match="within their kind"):
        schema.field_schema(Overrides("package"))
