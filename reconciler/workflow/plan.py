"""The journey: load → rules → read → plan → apply. Knows the order of the steps and nothing of what they do inside."""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.config import load
from reconciler.engine.globs import Globs
from reconciler.engine.normalise import hands_off_declared, tombstones
from reconciler.engine.references import dangling
from reconciler.model.errors import FileErrors
from reconciler.model.facts import Desired, Snapshot
from reconciler.model.finding import Finding, Severity, limited
from reconciler.model.memory import REVERT, Remembered, Run
from reconciler.model.plan import Allowance, Plan, Source
from reconciler.model.ref import Ref
from reconciler.model.target import Reader
from reconciler.workflow.git import checkout
from reconciler.workflow.site import Site

if TYPE_CHECKING:
    from reconciler.engine.apply import ApplyResult
    from reconciler.engine.inputs import Inputs


Progress = Callable[[str], None]
"""Takes the name of the phase that begins."""
OnRead = Callable[[Reader, Snapshot, Remembered], None]
"""Sees what a plan is made from, while it can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is asked to be: limited to `only` these objects (globs `kind/name`), with these classes lifted."""

    only: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()


def declared(site: Site) -> Desired:
    """The files, with every complaint that needs no live system (dangling references apart)."""
    stated = site.settings
    desired = load.load(stated.root, site.vocabulary, site.limits, stated.cache, stated.folder)
    return replace(desired, findings=tuple(_weighed(desired.findings, site.settings.lint)))


def validated(site: Site) -> tuple[Desired, tuple[Finding, ...]]:
    """The files and all that is wrong with them, references to nowhere included."""
    desired = declared(site)
    to_delete = frozenset(
        Ref(kind, key) for kind, sheet in desired.sheets.items() for key in tombstones(sheet, site.vocabulary[kind])
    )
    policy = site.settings.policy
    nowhere = dangling(desired, site.vocabulary, Globs(policy.external), to_delete=to_delete)
    untouchable = (
        finding
        for sheet in desired.sheets.values()
        for finding in hands_off_declared(sheet, Globs(policy.hands_off), {}, Snapshot(sheets={}))
    )
    found = (*desired.findings, *_weighed(chain(nowhere, untouchable), site.settings.lint))
    return desired, tuple(limited(found))


def planned(site: Site, wish: PlanRequest, progress: Progress, witness: OnRead | None = None) -> Plan:
    """Read both sides and compare them. Raises FileErrors before the live system is touched, TargetError when it
    cannot be read. The reader is closed before the guards think."""
    from reconciler.engine import planner  # start-up: `validate` compares nothing

    progress("reading the files")
    desired = declared(site)
    errors = tuple(finding for finding in desired.findings if finding.blocks)
    if errors:
        raise FileErrors("the files are wrong; the live system was not looked at", findings=desired.findings)
    target = site.target
    progress(f"reading {target.name}")
    with target.reader() as reader:
        live = reader.snapshot()
        remembered = site.memory.recall(reader.session, site.project)
        if witness is not None:
            witness(reader, live, remembered)
        progress("comparing")
        draft = planner.draft(inputs_of(site, wish, desired, live, remembered))
        progress("counting users")
        facts = reader.facts(draft.needed)
    progress("running the guards")
    source = source_of(site, desired, remembered, wish)
    return numbered(planner.complete(draft, facts, source=source, allowances=wish.allowances), remembered)


def inputs_of(site: Site, wish: PlanRequest, desired: Desired, live: Snapshot, remembered: Remembered) -> Inputs:
    """What a plan is made from, as the engine takes it."""
    from reconciler.engine.inputs import Inputs  # start-up

    return Inputs(
        desired=desired,
        snapshot=live,
        remembered=remembered,
        vocabulary=site.vocabulary,
        target=site.target,
        project=site.project,
        policy=site.settings.policy,
        only=wish.only,
    )


def source_of(site: Site, desired: Desired, remembered: Remembered, wish: PlanRequest, reverts: str = "") -> Source:
    """What a plan is made from. `reverts`: the id of the run that it takes back. Allowances are added as they are
    judged."""
    tree = checkout(site.settings.root)
    return Source(
        files=desired.digest,
        commit=tree.commit,
        dirty=tree.dirty,
        instance=remembered.instance,
        version=__version__,
        only=wish.only,
        reverts=reverts,
        options=site.options,
    )


def numbered(plan: Plan, remembered: Remembered) -> Plan:
    """The plan, knowing how often runs of the same changes were taken back: once that is oftener, it is stale."""
    from reconciler.report.plan_file import fingerprint  # start-up

    times = remembered.reverted.get(fingerprint(plan), 0) if remembered.reverted else 0
    return replace(plan, source=replace(plan.source, reverted=times)) if times else plan


def applied(site: Site, plan: Plan, progress: Progress) -> ApplyResult:
    """Run the plan, all or nothing. Raises Stale, Refused, Locked, TargetError or Unknown; then nothing was changed,
    but for Unknown."""
    from reconciler.workflow.apply import persisted  # start-up

    return persisted(site, plan, new_run_of(site, plan), progress)


def new_run_of(site: Site, plan: Plan) -> Run:
    """A new run, as history will keep it."""
    from reconciler.report.plan_file import fingerprint  # start-up

    command = f"{REVERT}{plan.source.reverts}" if plan.source.reverts else "apply"
    return new_run(site.project, command=command, plan=fingerprint(plan), commit=plan.source.commit)


def new_run(project: str, *, command: str, plan: str = "", commit: str = "") -> Run:
    """Who does something now, and where."""
    return Run(
        id=secrets.token_hex(8),
        project=project,
        actor=actor(),
        host=socket.gethostname(),
        started=instant(),
        plan=plan,
        commit=commit,
        command=command,
    )


def actor() -> str:
    """The name of the user at work; a number where the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def now() -> str:
    """This moment, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant() -> str:
    """As `now`, to the microsecond: two runs of one second have an order."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _weighed(findings: Iterable[Finding], lint: Mapping[str, str]) -> Iterator[Finding]:
    """The weight that the settings give to what only speaks; errors of the files stay errors."""
    for finding in findings:
        word = lint.get(finding.code)
        if word is None or finding.blocks:
            yield finding
        elif word != "off":
            yield replace(finding, severity=Severity(word))
