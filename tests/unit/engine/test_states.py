"""What is now and what will be: by the files, then by the changes alone."""

from __future__ import annotations

from reconciler.engine.states import States, states_of_files
from reconciler.kinds import KINDS
from reconciler.model.change import Cause, Create, Effect, FieldDelta, Update
from reconciler.model.ref import Ref
from reconciler.model.values import REMOVED, Value
from tests.unit.engine.plans import sheets

LIMIT = "sending.daily_limit"


def states() -> States:
    files = sheets({"package/Old": {LIMIT: 5}, "package/New": {}}, "", live=False)
    return states_of_files(
        KINDS, files, sheets({"package/Old": {LIMIT: 9}, "package/Hand": {LIMIT: 7}}, "live", live=True)
    )


def changed(after: dict[str, Value], taken: str = "") -> Update:
    deltas = (FieldDelta(name=taken, before=9, after=None, cause=Cause.CHANGE, effect=Effect.LESS),) if taken else ()
    return Update(ref=Ref("package", "Old"), before={LIMIT: 9}, after=after, fields=deltas, cause=Cause.CHANGE)


def test_by_the_files() -> None:
    seen = states()
    assert (seen.before("package", "Old", LIMIT), seen.after("package", "Old", LIMIT)) == (9, 5)
    assert (seen.before("package", "Hand", LIMIT), seen.after("package", "Hand", LIMIT)) == (7, 7)
    default = KINDS.fields["package"][LIMIT].default
    assert (seen.before("package", "New", LIMIT), seen.after("package", "New", LIMIT)) == (None, default)


def test_once_done_only_the_changes_count() -> None:
    seen = states().once_done([Create(ref=Ref("package", "New"), after={LIMIT: 3}, defaults=frozenset())])
    assert seen.after("package", "New", LIMIT) == 3
    assert seen.after("package", "Old", LIMIT) == 9
    assert seen.values_after(Ref("package", "New")) == {LIMIT: 3}


def test_what_is_taken_away_is_not_what_nothing_is_said_of() -> None:
    kept, taken = states().once_done([changed({"note": "x"})]), states().once_done([changed({}, taken=LIMIT)])
    assert (kept.planned("package", "Old", LIMIT), kept.after("package", "Old", LIMIT)) == (None, 9)
    assert (taken.planned("package", "Old", LIMIT), taken.after("package", "Old", LIMIT)) == (REMOVED, None)
    assert LIMIT not in taken.values_after(Ref("package", "Old"))
