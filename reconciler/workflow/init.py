"""`init`: the first files of an operator's repository. Never touches a file that exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.config import render
from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError
from reconciler.model.resource import Resource
from reconciler.workflow import schemas
from reconciler.workflow.site import FILE_NAME

_SETTINGS = """\
# yaml-language-server: $schema=schemas/reconciler.schema.json

# The name under which the reconciler remembers what it manages. Do not change it later.
project: {project}

targets:
  # The system to manage, under a name of your own.
  live:
    # native is the built-in ESP database.
    type: native
    # A SQLAlchemy URL, or env:NAME, or file:PATH. Passwords stay out of this file.
    url: sqlite:///var/esp.db

# additive deletes nothing; managed deletes what was managed and is gone from the files; authoritative deletes
# undeclared packages and roles too.
mode: managed

safety:
  # Classes of change that block a plan until someone lifts them with --allow CLASS --reason TEXT.
  block: [too-much, empty]
  max_change_percent: 30

# Objects that are never compared, moved or deleted, as kind/name; * and ? are wild.
hands_off: []
"""

SHOWN = 2
"""How many of a kind's first fields an example shows, besides those that one-line summaries name."""
IGNORED = ".reconciler-cache/\nplan.json\nvar/\n"


def write_first_files(folder: Path) -> Iterator[Path]:
    """Write the first files below this folder, and yield each one written. Raises ReconcilerError."""
    files = {
        FILE_NAME: _SETTINGS.format(project=_project(folder)),
        ".gitignore": IGNORED,
        **{f"{resource.folder}/example.yaml": _example(resource) for resource in KINDS},
        **{f"schemas/{name}": text for name, text in schemas.generated().items()},
    }
    if (folder / FILE_NAME).exists():
        raise ReconcilerError(f"there is a {FILE_NAME} already; nothing was written")
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
        yield path


def _project(folder: Path) -> str:
    """A project name out of the folder's: lower case, letters, digits and dashes."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in folder.resolve().name)
    return letters.strip("-").lower() or "example"


def _example(resource: Resource) -> str:
    """A file that declares nothing yet: how one looks, as comments."""
    held = [field for field in resource.fields if not field.file_only and field.examples]
    shown = held[:SHOWN] + [field for field in held[SHOWN:] if field.brief]
    stated = {field.name: render.stated(field, field.examples[0]) for field in shown}
    if resource.note:
        stated[resource.note] = "why it is so"
    entry = render.entry(resource.key_examples[0], stated).splitlines()
    lines = [
        f"# yaml-language-server: $schema=../schemas/{resource.kind}.schema.json",
        "",
        f"# {resource.doc}",
        "# The schema names and explains every field; a field that is not written is not managed.",
        "#",
        *(f"# {line}" for line in entry),
    ]
    return "\n".join(lines) + "\n"
