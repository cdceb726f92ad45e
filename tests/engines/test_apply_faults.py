"""A fault or an interrupt at each moment of an apply: nothing was changed, and the same plan goes through later."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from reconciler.model.errors import TargetError
from reconciler.model.plan import Plan
from tests.support.esp import FILES, MUCH, Dump, Esp, changed
from tests.support.faults import Moments, fail, interrupt, watched

STOPS = [pytest.param(fail, TargetError, id="disk"), pytest.param(interrupt, KeyboardInterrupt, id="interrupt")]


@dataclass(frozen=True)
class Scene:
    """A plan of one of everything, what the database holds before it, and how often an apply talks to it."""

    esp: Esp
    plan: Plan
    before: Dump
    moments: Moments

    def each(self, numbers: Iterable[int], stop: Callable[[], None], error: type[BaseException]) -> None:
        """Stop an apply at each of these moments, in the same database."""
        for number in numbers:
            moments = Moments(at=number, stop=stop)
            with watched(moments):
                try:
                    self.esp.apply(self.plan)
                except error:
                    assert self.esp.dump() == self.before, self.moments.seen[number - 1]
                else:
                    # SQLAlchemy asks another way when its question after a table's SQL fails.
                    assert "sqlite_temp_master" in self.moments.seen[number - 1]
                    self.restore()

    def restore(self) -> None:
        shutil.copy(self.esp.folder / "kept.db", self.esp.database)


@pytest.fixture
def scene(esp: Esp) -> Scene:
    esp.declare(changed(FILES, MUCH))
    plan = esp.plan()
    assert {type(change).__name__ for change in plan.changes} == {
        *("Rename", "Create", "Update", "Reassign", "Delete", "Forget")
    }
    shutil.copy(esp.database, esp.folder / "kept.db")
    before = esp.dump()
    with watched(Moments()) as moments:
        esp.apply(plan)
    scene = Scene(esp, plan, before, moments)
    scene.restore()
    assert esp.dump() == before
    return scene


@pytest.mark.parametrize(("stop", "error"), STOPS)
def test_a_fault_at_any_write_rolls_back(scene: Scene, stop: Callable[[], None], error: type[BaseException]) -> None:
    writes = scene.moments.writes()
    assert len(writes) > 25
    scene.each(writes if stop is fail else writes[1::4], stop, error)
    outcome = scene.esp.apply(scene.plan)
    assert outcome.done == scene.plan.changes
    assert not scene.esp.plan().changes
    outcomes = dict(scene.esp.sql("SELECT outcome, count(*) FROM reconciler_run GROUP BY outcome"))
    assert outcomes.pop("done") == 2
    assert set(outcomes) <= {"failed", "abandoned"}
    assert scene.esp.sql("SELECT DISTINCT run FROM reconciler_change ORDER BY 1") == sorted(
        scene.esp.sql("SELECT id FROM reconciler_run WHERE outcome = 'done'")
    )


@pytest.mark.torture
@pytest.mark.parametrize(("stop", "error"), STOPS)
def test_a_fault_at_any_moment_rolls_back(scene: Scene, stop: Callable[[], None], error: type[BaseException]) -> None:
    scene.each(range(1, len(scene.moments.seen) + 1), stop, error)
    assert scene.esp.apply(scene.plan).done == scene.plan.changes


def test_an_interrupt_right_after_the_commit_does_not_deny_it(scene: Scene) -> None:
    """The changes are there, so neither history nor the end of the command may call the run failed
    (docs/rules.md#rule-33: the run's outcome is the truth)."""
    assert scene.moments.seen[-1] == "COMMIT"
    with watched(Moments(at=len(scene.moments.seen), after=True, stop=interrupt)):
        assert scene.esp.apply(scene.plan).done == scene.plan.changes
    assert not scene.esp.plan().changes
    assert scene.esp.sql("SELECT outcome FROM reconciler_run ORDER BY rowid DESC LIMIT 1") == [("done",)]
