"""What is looked at or switched without a plan: the live table, the doctor's lines, the pause."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import __version__
from reconciler.model.errors import ReconcilerError, TargetError
from reconciler.model.memory import Pause, Session
from reconciler.model.names import folded
from reconciler.model.privileges import HasAccounts
from reconciler.model.target import Listing
from reconciler.report.masking import OPEN, Masking
from reconciler.report.words import counted
from reconciler.workflow.plan import PlanRequest, Progress, actor, declared, new_run, now, planned
from reconciler.workflow.site import Site

RUNS_SHOWN = 5


def list_live(site: Site, kind: str, search: str) -> Listing:
    """The live table of one kind. Raises ReconcilerError when the target does not hold it."""
    if kind not in site.target.supports:
        raise ReconcilerError(f'the target "{site.target.name}" holds no {kind}')
    with site.target.reader() as reader:
        return reader.listing(kind, search)


def live_masking(site: Site, kind: str) -> Masking:
    """Hides the people of this kind whom no file names (docs/rules.md#rule-40); nobody when the settings show
    everyone."""
    if not site.vocabulary[kind].personal or site.settings.policy.privacy == "full":
        return OPEN
    return Masking(personal=frozenset({kind}), declared=frozenset(map(folded, declared(site).sheets.get(kind, ()))))


def diagnosis(site: Site) -> Iterator[tuple[str, str]]:
    """(label, answer) lines: ours, the target's, memory's. Raises TargetError when there is nothing to look at."""
    yield "reconciler", __version__
    yield "settings", str(site.settings.folder / "reconciler.yaml")
    yield "project", site.project
    yield from site.target.doctor()
    with site.target.reader() as reader:
        version = site.memory.version(reader.session)
        if version is None:
            yield "memory", "none yet; `reconciler database create` makes it"
            return
        yield "memory", f"version {version}"
        unsafe = site.memory.unsafe(reader.session)
        yield from ((f"table {name}", answer) for name, answer in unsafe)
        if not unsafe:
            yield from _remembered(site, reader.session)
    if isinstance(site.target, HasAccounts):
        yield from site.target.accounts(site.memory.rights)


def _remembered(site: Site, session: Session) -> Iterator[tuple[str, str]]:
    remembered = site.memory.recall(session, site.project)
    yield "instance", remembered.instance
    managed = (counted(len(keys), kind) for kind, keys in sorted(remembered.objects.items()) if keys)
    yield "managed", ", ".join(managed) or "nothing"
    yield "applies", _pause_line(remembered.paused)
    for row in site.memory.runs(session, site.project, RUNS_SHOWN):
        whose = f"{row.run.command} by {row.run.actor} on {row.run.host}"
        yield f"run {row.run.started}", f"{whose}, {counted(row.changes, 'change')}, {row.outcome}"


def rehearsal(site: Site, progress: Progress) -> Iterator[tuple[str, str]]:
    """(label, answer) of an apply of the files that is rolled back. Raises what an apply raises."""
    from reconciler.workflow.apply import rehearsed  # start-up: only a rehearsal writes

    plan = planned(site, PlanRequest(), progress)
    run = new_run(site.project, command="rehearsal", commit=plan.source.commit)
    outcome = rehearsed(site, plan, run, progress)
    yield "rehearsal", f"{counted(len(outcome.done), 'change')} written, read back and rolled back"


def _pause_line(paused: Pause | None) -> str:
    if paused is None:
        return "allowed"
    return f"paused since {paused.since} by {paused.actor}: {paused.reason}"


def pause(site: Site, reason: str) -> Pause:
    """Make every apply of this project refuse until `resume`."""
    paused = Pause(reason, actor(), now())
    with site.target.writer() as writer:
        writer.begin()
        _needs_memory(site, writer.session)
        site.memory.pause(writer.session, site.project, paused)
        writer.commit()
    return paused


def resume(site: Site) -> bool:
    """Let applies run again; whether they were paused."""
    with site.target.writer() as writer:
        writer.begin()
        _needs_memory(site, writer.session)
        ended = site.memory.resume(writer.session, site.project)
        writer.commit()
    return ended


def _needs_memory(site: Site, session: Session) -> None:
    if site.memory.version(session) is None:
        raise TargetError("the reconciler has no memory in this database", remedy="run `reconciler database create`")
