"""Changes that would give out a name which several live things have: nobody can say which one is meant, so those
objects are left out and everything else goes on. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.engine.compare import Compared
from reconciler.model.change import Change, Create, Update
from reconciler.model.finding import Finding, Severity
from reconciler.model.resource import Names, Vocabulary


def ambiguous_names(out: Compared, unclear: Mapping[str, frozenset[str]], vocabulary: Vocabulary) -> None:
    """Take such changes out of an outcome. `unclear`: catalogue → the names that several things have. What is assigned
    already stays meant."""
    if not unclear:
        return
    found = {change.ref: list(_complaints(change, unclear, vocabulary)) for change in out.changes}
    gone = {ref for ref, complaints in found.items() if complaints}
    out.changes = [change for change in out.changes if change.ref not in gone]
    out.remember = [memo for memo in out.remember if memo.ref not in gone]
    out.findings += [complaint for complaints in found.values() for complaint in complaints]


def _complaints(change: Change, unclear: Mapping[str, frozenset[str]], vocabulary: Vocabulary) -> Iterator[Finding]:
    if not isinstance(change, (Create, Update)):
        return
    for field in vocabulary.held[change.ref.kind]:
        new = change.after.get(field.name)
        old = change.before.get(field.name) if isinstance(change, Update) else None
        if isinstance(field.type, Names) and isinstance(new, tuple):
            fresh = set(new) - set(old if isinstance(old, tuple) else ())
            for name in sorted(fresh & unclear.get(field.type.catalogue, frozenset())):
                what = field.type.catalogue.replace("_", " ")
                yield Finding(
                    code="left-out",
                    severity=Severity.LEFT_OUT,
                    message=f'there are several of {what} "{name}" in the live system',
                    ref=change.ref,
                    field=field.name,
                    origin=change.origin,
                    remedy="rename all but one of them there",
                )
