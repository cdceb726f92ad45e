"""The JSON Schema of `reconciler.yaml`, for editors and for the words of a complaint."""

from __future__ import annotations

from typing import Any

SCHEMA_NAME = "reconciler.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Draft 2020-12, readable as draft-07 too; every key with its description, default and examples."""
    from reconciler.settings.document import SettingsFile

    made = SettingsFile.model_json_schema()
    definitions = made.pop("$defs", {})
    inlined = _published(made, definitions)
    return {"$schema": DRAFT, "$id": SCHEMA_NAME, "title": "reconciler.yaml", **inlined}


def _published(node: Any, definitions: dict[str, Any]) -> Any:
    """References become what they refer to (draft-07 ignores what stands beside one), made-up titles go, and every
    description is also there for editors that show Markdown."""
    if isinstance(node, list):
        return [_published(inner, definitions) for inner in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
    shown = {name: _within(name, value, definitions) for name, value in node.items() if name != "title"}
    if "description" in shown:
        shown["markdownDescription"] = _markdown(shown)
    return shown


def _within(name: str, value: Any, definitions: dict[str, Any]) -> Any:
    if name == "properties":
        return {key: _published(inner, definitions) for key, inner in value.items()}
    return value if name in ("default", "examples") else _published(value, definitions)


def _markdown(node: dict[str, Any]) -> str:
    default = node.get("default")
    if isinstance(default, bool):
        return f"{node['description']}\n\nDefault: `{str(default).lower()}`."
    return node["description"] if default in (None, {}, []) else f"{node['description']}\n\nDefault: `{default}`."
