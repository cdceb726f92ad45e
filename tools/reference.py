"""Writes docs/reference/ from what is declared in the code: commands, exit codes, findings, fields, settings.
`pages()` is what a test compares with the committed files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.main import COMMANDS, reconciler
from reconciler.kinds import KINDS
from reconciler.model.finding import CODES, MOST_ALIKE
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
    Whole,
)
from reconciler.model.values import LARGEST
from reconciler.report.words import value
from reconciler.settings.read import schema

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
HELP = ["-h", "--help"]
MADE = "<!-- Written by tools/reference.py (`make generate`). -->\n"

EXIT_CODES = (
    (0, "done; no changes (or changes, without `--detailed-exitcode`)"),
    (1, "error; nothing was changed (also: the question was answered with no)"),
    (2, "changes pending: `plan --detailed-exitcode`; always for `drift`"),
    (
        3,
        "blocked by a guard, a threshold, a policy or `pause`: refused before any write; the plan is still shown whole",
    ),
    (
        4,
        "the plan file is stale, tampered with, made under other settings, or of another target or version; what moved "
        "is printed",
    ),
    (5, "another apply holds the lock"),
    (6, "the outcome is not known (the answer to the COMMIT was lost): run it again"),
    (64, "usage error (also: no terminal to ask on and no `--auto-approve`)"),
    (130, "interrupted and rolled back"),
)


ENVIRONMENT = (
    ("RECONCILER_CONFIG", "The `reconciler.yaml` to use, or its folder, where `--config` says nothing."),
    ("RECONCILER_DATABASE_URL", "The address of the database. Wins over `targets.NAME.url`."),
    ("RECONCILER_DATABASE_URL_FILE", "A file that holds the address of the database."),
    (
        "RECONCILER_PLAN_KEY",
        "A secret that signs plan files; with it, a plan file without its signature is refused. Set and empty, or with "
        "white space at its ends, it is an error.",
    ),
    ("RECONCILER_DEBUG", "`1` shows where an internal error comes from."),
    ("NO_COLOR", "Set to anything: no colour."),
)


def pages() -> dict[str, str]:
    """File name → text."""
    return {
        "commands.md": "".join(_commands()),
        "exit-codes.md": "".join(_exit_codes()),
        "fields.md": "".join(_fields()),
        "findings.md": "".join(_findings()),
        "settings.md": "".join(_settings()),
    }


def _commands() -> Iterator[str]:
    yield f"{MADE}# Commands\n\n"
    context = click.Context(
        reconciler, info_name="reconciler", max_content_width=100, terminal_width=100, help_option_names=HELP
    )
    for name in COMMANDS:
        command = reconciler.get_command(context, name)
        assert command is not None
        yield from _command(command, context, f"reconciler {name}")


def _command(command: click.Command, parent: click.Context, title: str) -> Iterator[str]:
    context = click.Context(command, parent=parent, info_name=command.name, max_content_width=100, terminal_width=100)
    yield f"## {title}\n\n```text\n{command.get_help(context)}\n```\n\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _command(child, context, f"{title} {name}")


def _exit_codes() -> Iterator[str]:
    yield f"{MADE}# Exit codes\n\n| code | meaning |\n|---|---|\n"
    for code, meaning in EXIT_CODES:
        yield f"| {code} | {meaning} |\n"


def _findings() -> Iterator[str]:
    yield f"{MADE}# Findings\n\n"
    yield "A finding that can be lifted is taken away with `--allow CODE --reason TEXT`; the others never are.\n"
    yield f"Of each code {MOST_ALIKE} complaints are told, in every output, and how many more there are.\n\n"
    yield "| code | meaning | can be lifted |\n|---|---|---|\n"
    for code in CODES.values():
        yield f"| `{code.word}` | {code.meaning} | {'yes' if code.liftable else ''} |\n"


def _fields() -> Iterator[str]:
    yield f"{MADE}# Fields\n\nA dotted name is written nested. A field that is not stated is not managed.\n\n"
    for resource in KINDS:
        yield from _kind(resource)


def _settings() -> Iterator[str]:
    yield f"{MADE}# Settings\n\n## reconciler.yaml\n\nA dotted name is written nested; NAME is a name of your own.\n\n"
    yield "| key | values or examples | default | what it is |\n|---|---|---|---|\n"
    for name, node in _keys(schema(), ""):
        default = f"`{json.dumps(node['default'])}`" if "default" in node else ""
        words = ", ".join(f"`{word}`" for word in node.get("enum", ()))
        shown = words or ", ".join(f"`{json.dumps(example)}`" for example in node.get("examples", ()))
        yield f"| `{name}` | {_cell(shown)} | {_cell(default)} | {_cell(node['description'])} |\n"
    yield "\n## Environment\n\n| variable | what it is |\n|---|---|\n"
    for name, meaning in ENVIRONMENT:
        yield f"| `{name}` | {meaning} |\n"


def _keys(node: Mapping[str, Any], above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(dotted key, its schema) of every key that holds a value itself."""
    for name, inner in node.get("properties", {}).items():
        each = inner.get("additionalProperties")
        if "properties" in inner:
            yield from _keys(inner, f"{above}{name}.")
        elif isinstance(each, dict) and "properties" in each:
            yield from _keys(each, f"{above}{name}.NAME.")
        else:
            yield f"{above}{name}", inner


def _kind(resource: Resource) -> Iterator[str]:
    yield f"## {resource.kind} — `{resource.folder}/`\n\n{resource.doc} {resource.key_doc}\n\n"
    yield "| field | values | default | what it is |\n|---|---|---|---|\n"
    for field in resource.fields:
        marks = "".join(
            (" A tenant may override it." if field.overridable else "", " File only." if field.file_only else "")
        )
        yield f"| `{field.name}` | {_values(field.type)} | {_default(field)} | {_cell(field.doc + marks)} |\n"
    yield "\n"


def _values(sort: FieldType) -> str:
    match sort:
        case Limit():
            return "0 or more, `unlimited`"
        case Whole(low, high):
            return _range(low, high)
        case Switch(low, high):
            return f"{_range(low, high)}, `off`"
        case Toggle():
            return "`true`, `false`"
        case Choice(words):
            return ", ".join(f"`{word}`" for word in words)
        case Text():
            return "text"
        case Reference(kind, none):
            return f"name of a {kind}, `none`" if none else f"name of a {kind}"
        case Names(catalogue, wildcard, switch):
            return f"names ({catalogue})" + (", `name.*`" if wildcard else "") + (", `off`" if switch else "")
        case NameList():
            return "names"
        case TextMap(item):
            return f"{item} → text"
        case Overrides(through):
            return f"field of the {through} → value, `none`"


def _range(low: int, high: int) -> str:
    return f"{low} or more" if high == LARGEST else f"{low}–{high}"


def _default(field: Field) -> str:
    return "" if field.default is None else f"`{_cell(value(field.default, field.type))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
