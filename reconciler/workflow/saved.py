"""Plan files: what is in one, and whether it belongs to this place. Knows no format; `report.document` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from reconciler import __version__
from reconciler.model import secrecy
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.finding import Finding
from reconciler.model.plan import Plan
from reconciler.model.secrecy import veiled
from reconciler.report import document
from reconciler.workflow.journey import actor, declared, now
from reconciler.workflow.site import Site

KEY = "RECONCILER_PLAN_KEY"
LARGEST = 512 * 1024 * 1024
"""Bytes of a plan file; a plan of 100,000 changes has some 60 MiB."""


def written(plan: Plan, environ: Mapping[str, str]) -> str:
    """The text of a plan file: canonical, with its digest, and signed where the environment holds a key."""
    meta = {"created": now(), "created_by": actor(), "tool": f"reconciler {__version__}"}
    findings = (replace(each, message=veiled(each.message), remedy=veiled(each.remedy)) for each in plan.findings)
    shown = replace(plan, findings=tuple(findings))  # values stay as they are: they are promised
    return document.dumps(document.seal(document.document(shown, meta=meta), _key(environ)))


def read(stream: BinaryIO, environ: Mapping[str, str]) -> Plan:
    """The plan in this stream. Raises ReconcilerError when it is no plan, Stale when it was tampered with."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ReconcilerError(f"the plan file is larger than {LARGEST // 2**20} MiB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReconcilerError("this is not a plan file: it is not UTF-8 text") from error
    return document.parse(text, _key(environ))


def read_file(path: Path, environ: Mapping[str, str]) -> Plan:
    """As `read`, from a regular file."""
    if not path.is_file():
        raise ReconcilerError(f"there is no plan file {path}", remedy="make one with `reconciler plan --out plan.json`")
    try:
        with path.open("rb") as stream:
            return read(stream, environ)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be read: {error.strerror}") from error


def belongs(site: Site, plan: Plan) -> None:
    """Raise Stale unless the plan was made for this target, project, database and version, and from these files
    (where there are any: RULES 16, 20)."""
    findings = tuple(_differences(site, plan))
    if findings:
        raise Stale(
            "the plan file does not belong here; nothing was changed",
            remedy="make a new plan with `reconciler plan --out`",
            findings=findings,
        )


def _differences(site: Site, plan: Plan) -> Iterator[Finding]:
    target = site.target
    expected = (
        ("project", plan.project, site.project),
        ("target", plan.target, target.name),
        ("type of target", plan.target_type, target.type),
        ("version of the reconciler", plan.source.version, __version__),
    )
    for what, made_for, here in expected:
        if made_for != here:
            yield _elsewhere(f'the plan is for the {what} "{made_for}", here it is "{here}"')
    with target.reader() as reader:
        instance = site.memory.instance(reader.session)
    if instance != plan.source.instance:
        yield _elsewhere("the plan was made for another database (its instance id differs)")
    files = declared(site)
    if any(files.sheets.values()) and files.digest != plan.source.files:
        yield _elsewhere("the files have changed since the plan was made")


def _elsewhere(message: str) -> Finding:
    return Finding(code="other-target", message=message)


def _key(environ: Mapping[str, str]) -> bytes | None:
    """The signing key; an empty variable is no key."""
    secrecy.keep(environ.get(KEY, ""))
    return environ.get(KEY, "").encode("utf-8", "surrogateescape") or None
