"""Plan files: what is in one, and whether it belongs to this place.

What is checked here needs no second look at the live system; `engine.apply` proves the rest in its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from reconciler import __version__
from reconciler.kinds import KINDS
from reconciler.model import secrecy
from reconciler.model.change import Create, Operation, Raw
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.finding import Finding
from reconciler.model.memory import Session
from reconciler.model.plan import Plan, Policy
from reconciler.model.ref import Ref
from reconciler.model.secrecy import hidden_in
from reconciler.report import plan_file
from reconciler.workflow.plan import actor, declared, now
from reconciler.workflow.site import Site

KEY = "RECONCILER_PLAN_KEY"
LARGEST = 512 * 1024 * 1024
"""Bytes of a plan file; a plan of 100,000 changes has some 60 MiB."""

SETTINGS = {
    "mode": "mode",
    "block": "safety.block",
    "max_change_percent": "safety.max_change_percent",
    "min_sample": "safety.min_sample",
    "max_tenants_affected": "safety.max_tenants_affected",
    "growth_percent": "safety.growth",
    "over_limit": "safety.over_limit",
    "hands_off": "hands_off",
    "external": "external",
}
"""Fields of a Policy that a plan was judged by → how the settings call them."""
OWN = frozenset({"max_lock_seconds", "privacy"})
"""Those that judge nothing: there the settings of now simply hold."""
assert {each.name for each in fields(Policy)} == SETTINGS.keys() | OWN, "a field of Policy is not placed"


def sealed_plan(plan: Plan, environ: Mapping[str, str]) -> str:
    """The text of a plan file: canonical, with its digest, and signed where the environment holds a key."""
    meta = {"created": now(), "created_by": actor(), "tool": f"reconciler {__version__}"}
    findings = (replace(each, message=hidden_in(each.message), remedy=hidden_in(each.remedy)) for each in plan.findings)
    shown = replace(plan, findings=tuple(findings))  # values stay as they are: they are promised
    return plan_file.dumps(plan_file.seal(plan_file.plan_document(shown, meta=meta), _key(environ)))


def read_plan(stream: BinaryIO, environ: Mapping[str, str]) -> Plan:
    """The plan in this stream. Raises ReconcilerError when it is no plan, Stale when it was tampered with."""
    from reconciler.engine.agreement import disagreements  # start-up: `plan` reads none

    key = _key(environ)
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ReconcilerError(f"the plan file is larger than {LARGEST // 2**20} MiB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReconcilerError("this is not a plan file: it is not UTF-8 text") from error
    plan = plan_file.parse_plan(text, key)
    findings = tuple(disagreements(plan, KINDS))
    if findings:
        raise Stale(
            "the plan file shows something else than it would write",
            remedy="make the plan again, and apply that",
            findings=findings,
        )
    return plan


def read_plan_file(path: Path, environ: Mapping[str, str]) -> Plan:
    """As `read`, from a regular file."""
    if not path.is_file():
        raise ReconcilerError(f"there is no plan file {path}", remedy="make one with `reconciler plan --out plan.json`")
    try:
        with path.open("rb") as stream:
            return read_plan(stream, environ)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be read: {error.strerror}") from error


def check_plan(site: Site, plan: Plan) -> Plan:
    """The plan as it may be carried out here, under the settings of now. Raises ReconcilerError where these want it
    signed and there is no key to check that with; Stale unless it was made for this target, project, database and
    version, under these settings, and from these files (where there are any: docs/rules.md#rule-31, #rule-36)."""
    if site.settings.signed_plans and _key(site.environ) is None:
        raise ReconcilerError(
            f"the settings want signed plan files (safety.signed_plans), and {KEY} is not set",
            remedy="set it to the key that the plan was signed with",
        )
    findings = tuple(_differences(site, plan))
    if findings:
        raise Stale(
            "the plan file does not belong here; nothing was changed",
            remedy="make a new plan with `reconciler plan --out`",
            findings=findings,
        )
    return replace(plan, policy=site.settings.policy)


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
    yield from _other_policy(plan.policy, site.settings.policy)
    yield from _other_options(plan.source.options, site)
    with target.reader() as reader:
        instance = site.memory.instance(reader.session)
        if instance != plan.source.instance:
            yield _elsewhere("the plan was made for another database (its instance id differs)")
        else:
            yield from _not_from_history(site, reader.session, plan)
    files = declared(site)
    if any(files.sheets.values()):
        if files.digest != plan.source.files:
            yield _elsewhere("the files have changed since the plan was made")
        # Settings decide how seriously a finding about files is taken, and how large one may be. A revert asks no file.
        yield from (finding for finding in files.findings if finding.blocks and not plan.source.reverts)


def _other_policy(made_under: Policy, now: Policy) -> Iterator[Finding]:
    for field, setting in SETTINGS.items():
        then, here = _unordered(getattr(made_under, field)), _unordered(getattr(now, field))
        if then != here:
            yield _other_setting(setting, then, here)


def _unordered(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _other_options(made_under: Mapping[str, Any], site: Site) -> Iterator[Finding]:
    now = site.options
    for name in sorted(made_under.keys() | now.keys()):
        then, here = made_under.get(name), now.get(name)
        if then != here:
            yield _other_setting(f"targets.{site.target.name}.{name}", then, here)


def _other_setting(setting: str, then: object, here: object) -> Finding:
    said = f"{setting} was {_shown(then)} when the plan was made, now it is {_shown(here)}"
    return Finding(code="other-policy", message=said, remedy="plan again under these settings, and have that reviewed")


def _shown(value: object) -> str:
    match value:
        case None:
            return "off"
        case frozenset():
            return f"[{', '.join(sorted(value))}]"
        case _:
            return str(value)


def _not_from_history(site: Site, session: Session, plan: Plan) -> Iterator[Finding]:
    """Whole rows are put back only as a run of this project has taken them out."""
    told: dict[Ref, Raw] = {}
    reverts = plan.source.reverts
    if reverts:
        runs = site.memory.runs(session, site.project, 1, reverts)
        if [row.run.id for row in runs] != [reverts]:
            yield _elsewhere(f'the plan takes back the run "{reverts}", and history has none of that id')
            return
        entries = site.memory.entries(session, reverts)
        renames = (e for e in entries if e.action == Operation.RENAME and e.before)
        names = {e.ref: Ref(e.ref.kind, str((e.before or {}).get("name"))) for e in renames}
        told = {names.get(e.ref, e.ref): e.raw or {} for e in entries if e.action == Operation.DELETE}
    for change in plan.changes:
        if isinstance(change, Create) and change.raw and change.raw != told.get(change.ref):
            said = "the rows to be put back are not those that history kept"
            yield Finding(code="tampered", message=said, ref=change.ref)


def _elsewhere(message: str) -> Finding:
    return Finding(code="other-target", message=message)


def _key(environ: Mapping[str, str]) -> bytes | None:
    """The signing key; None where the variable is not set. Raises ReconcilerError on one that is empty, as a secret is
    that a pipeline could not find, and on one with white space at its ends, which no two programs cut off alike."""
    key = environ.get(KEY)
    if key is None:
        return None
    if not key:
        raise ReconcilerError(f"{KEY} is set and empty", remedy="give it the key, or unset it")
    secrecy.hide(key.strip())
    if key != key.strip():
        raise ReconcilerError(f"{KEY} has white space at its ends", remedy="set it without, also without a line break")
    return key.encode("utf-8", "surrogateescape")
