"""The `database` commands: the target's own tables and, in the same database, the reconciler's memory.

Knows that both live side by side (docs/rules.md#rule-32), not what either looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.errors import TargetError
from reconciler.model.memory import Memo
from reconciler.model.record import Record
from reconciler.model.ref import Origin, Ref
from reconciler.model.target import Provision
from reconciler.model.values import canonical
from reconciler.report.words import counted
from reconciler.workflow.plan import declared, new_run
from reconciler.workflow.site import Site


def create(site: Site) -> Sequence[str]:
    """Make the target's tables, if they are ours to make, and memory's; what was done, in words.

    Tables of ours that have no memory beside them yet get one. Raises TargetError where both are there.
    """
    done: list[str] = []
    if isinstance(site.target, Provision):
        try:
            done += site.target.create()
        except TargetError:
            if not _lacks_memory(site):
                raise
    with site.target.writer() as writer:
        writer.begin()
        done += site.memory.install(writer.session)
        writer.commit()
    return done


def upgrade(site: Site) -> Sequence[str]:
    """Bring both to this version, and make memory where there is none yet; what was done, in words.

    Raises TargetError on a newer one.
    """
    done: list[str] = []
    if isinstance(site.target, Provision):
        done += site.target.upgrade()
    with site.target.writer() as writer:
        writer.begin()
        if site.memory.version(writer.session) is None:
            done += site.memory.install(writer.session)
        done += site.memory.upgrade(writer.session)
        writer.commit()
    return done


def seed(site: Site) -> Sequence[str]:
    """Fill the empty database like a running ESP, and leave one finished run behind, as if the files had been
    applied before somebody changed them. Raises TargetError when the target has nothing to fill or is not empty."""
    target = site.target
    if not isinstance(target, Provision):
        raise TargetError(f'the target "{target.name}" is somebody else\'s system; only the built-in one is filled')
    with target.reader() as reader:
        site.memory.recall(reader.session, site.project)  # refuses a memory that could not be written to afterwards
    done = list(target.seed())
    run = new_run(site.project, command="seed")
    with target.reader() as reader:
        live = reader.snapshot().sheets
    memos = list(_remembered(site, live, target.seeded()))
    with target.writer() as writer:
        site.memory.announce(writer.session, run)
        writer.begin()
        site.memory.lock(writer.session, run)
        site.memory.remember(writer.session, site.project, run, memos)
        site.memory.finish(writer.session, run, "done")
        writer.commit()
    return [*done, f"remembered {counted(len(memos), 'object')}, as the last apply of project {site.project}"]


def _lacks_memory(site: Site) -> bool:
    """Whether the tables are there, and ours, without a memory: a system that ran before the reconciler came."""
    try:
        with site.target.reader() as reader:
            return site.memory.version(reader.session) is None
    except TargetError:
        return False


def _remembered(site: Site, live: Mapping[str, Mapping[str, Record]], seeded: Mapping[Ref, Origin]) -> Iterator[Memo]:
    """What the run of the seed managed: the declared objects that are live, with the live values of what they state,
    and those whose files are gone since."""
    for kind, sheet in declared(site).sheets.items():
        for key in sheet:
            if key in live.get(kind, ()):
                stated, now = sheet[key], live[kind][key].values
                held = {name: now[name] for name in sorted(stated.values) if name in now}
                yield Memo(stated.ref, canonical(held), stated.origin)
    for ref, origin in seeded.items():
        yield Memo(ref, canonical(live[ref.kind][ref.key].values), origin)
