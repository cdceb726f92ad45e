"""The JSON Schemas: made from the declarations, shipped with the package, used by editors and `validate --schemas`.

Knows which schema is for which file; what a schema says, `config.schema` and its like know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler import settings as setup
from reconciler.config import schema, yaml
from reconciler.kinds import KINDS
from reconciler.model.errors import FileErrors, ReconcilerError
from reconciler.model.finding import Finding
from reconciler.model.ref import Origin, Ref
from reconciler.report.plan_file import plan_schema
from reconciler.workflow.site import FILE_NAME, Site
from reconciler.workflow.write_file import write_public

PLAN_NAME = "plan.schema.json"
SETTINGS_NAME = "reconciler.schema.json"


def generated() -> Mapping[str, str]:
    """File name → text of every schema, made now. Same declarations, same bytes."""
    documents = {**schema.schemas(KINDS), SETTINGS_NAME: setup.schema(), PLAN_NAME: plan_schema()}
    return {name: schema.schema_text(document) for name, document in sorted(documents.items())}


def outdated(folder: Path) -> Iterator[str]:
    """The names of the schemas in this folder that are missing or differ from what would be generated."""
    for name, text in generated().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield name


def write(folder: Path) -> list[Path]:
    """Write every schema; the paths. Raises ReconcilerError when the folder cannot be written."""
    if folder.is_symlink():
        raise ReconcilerError(f"{folder} is a symbolic link", remedy="give the path of the folder itself")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcilerError(f"{folder} cannot be written: {error.strerror}") from error
    paths = []
    for name, text in generated().items():
        write_public(folder / name, text)
        paths.append(folder / name)
    return paths


def shipped() -> Path:
    """The folder of the committed schemas: inside the installed package, or beside it in a source checkout."""
    package = Path(__file__).parents[1]
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


def schema_complaints(site: Site) -> Iterator[Finding]:
    """What the committed schemas say about the raw files, file by file, in jsonschema's own words: a second opinion
    beside `validate`. Files that are no YAML are left to `validate`."""
    for resource in site.vocabulary:
        folder = site.settings.root / resource.folder
        paths = sorted(path for path in folder.rglob("*.y*ml") if path.suffix in (".yaml", ".yml") and path.is_file())
        yield from _judged(shipped() / f"{resource.kind}.schema.json", paths, site, resource.kind)
    yield from _judged(shipped() / SETTINGS_NAME, [site.settings.folder / FILE_NAME], site, "")


def _judged(schema_file: Path, paths: list[Path], site: Site, kind: str) -> Iterator[Finding]:
    import json  # start-up: these two are for `--schemas` alone

    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(schema_file.read_text(encoding="utf-8")))
    for path in paths:
        place = _place(path, site)
        try:
            document = yaml.read(path.read_bytes(), place, site.limits)
        except (FileErrors, OSError):
            continue
        for error in validator.iter_errors(document.data):
            yield _finding([str(step) for step in error.absolute_path], error.message, document.lines, place, kind)


def _place(path: Path, site: Site) -> str:
    for root in (site.settings.root, site.settings.folder):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()


def _finding(steps: list[str], message: str, lines: Mapping[tuple[str, ...], int], place: str, kind: str) -> Finding:
    line = next((lines[tuple(steps[:end])] for end in range(len(steps), -1, -1) if tuple(steps[:end]) in lines), None)
    ref = Ref(kind, steps[0]) if kind and steps else None
    return Finding(
        code="type",
        message=f"the schema refuses it: {message}",
        ref=ref,
        field=".".join(steps[1:] if kind else steps),
        origin=Origin(place, line),
        at_files=True,
    )


def findings_json(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Findings as plain data for `--json`."""
    return [
        {
            "code": finding.code,
            "severity": str(finding.severity),
            "ref": str(finding.ref) if finding.ref else None,
            "field": finding.field or None,
            "message": finding.message,
            "remedy": finding.remedy or None,
            "file": finding.origin.place if finding.origin else None,
            "line": finding.origin.line if finding.origin else None,
        }
        for finding in findings
    ]
