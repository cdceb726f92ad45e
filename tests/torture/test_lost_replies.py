"""The COMMIT of an apply is answered by nobody (docs/rules.md#rule-33, docs/reliability.md): whatever became of it, the
apply finds out and says so, nothing is done twice, and the run after it has nothing left to wonder about.

Between us and a real server stands a proxy that spoils one COMMIT. What was committed is counted by the lock row: every
transaction that was committed under the lock has added one to it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.apply import ApplyResult
from reconciler.model.errors import Stale, TargetError, Unknown
from reconciler.model.memory import MEMORY
from reconciler.model.plan import Plan
from reconciler.workflow import apply as persisting
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.engines import SERVERS
from tests.support.esp import FILES, MUCH, Dump, Esp, changed, quiet, without_git
from tests.support.esp_on_servers import Databases, ServerEsp
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.commit_proxy import CommitProxy, Fate, Loss

pytestmark = [
    pytest.mark.torture,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # PyMySQL leaves open what it cannot connect
]

ROUNDS = count(100, 10)
ARRIVED = (Fate.ANSWER_LOST, Fate.LATE)
NEVER = (Fate.LOST, Fate.LINGERING)
PATIENT = 10.0

KEPT = "crm@beta.example"
WORK = changed(
    changed(FILES, MUCH),
    {"tenant": {KEPT: FILES["tenant"][KEPT], "new@gamma.example": {"package": "Starter Plan"}}},
)
"""One of everything that is done once (to forget is done again by every run of a plan), and that can be taken back."""

Journal = list[tuple[str, list[tuple[Any, ...]]]]
"""Of each run its outcome, and what it recorded."""


@dataclass
class Scene:
    """One plan, applied through the proxy again and again, from the same beginning. `esp`: past the proxy."""

    esp: ServerEsp
    beginning: ServerEsp
    proxy: CommitProxy
    through: Esp
    plan: Plan
    commits: int = 0
    journal: Journal = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    taken_back: Dump = field(default_factory=dict)

    def restored(self) -> int:
        """Everything as in the beginning; how often the lock was held until then."""
        self.esp.place.take(self.beginning.place)
        return self.held()

    def held(self) -> int:
        return int(self.esp.sql(f"SELECT heartbeat FROM {self.esp.place.memory}.reconciler_lock")[0][0])

    def apply(self, plan: Plan) -> ApplyResult:
        return self.through.apply(plan, patience=PATIENT)

    def settles(self) -> None:
        """Wait for a COMMIT that is still on its way: until then it holds the lock."""
        site = self.esp.site(patience=PATIENT)
        with site.target.writer() as writer:
            writer.begin()
            site.memory.outcome(writer.session, history.list_runs(site, 1)[0].run)
            writer.rollback()

    def told(self) -> Journal:
        """What history holds of the runs since the beginning, the oldest first."""
        site = self.esp.site()
        with site.target.reader() as reader:
            rows = site.memory.runs(reader.session, "shop", 20)[:-1]
            return [(row.outcome, self._entries(site.memory.entries(reader.session, row.run.id))) for row in rows[::-1]]

    def _entries(self, entries: list[Any]) -> list[tuple[Any, ...]]:
        # The raw rows of what was deleted hold ids, which differ; those of memory must not.
        return [(e.ref, e.action, e.before, e.after, e.raw if e.action == MEMORY else None) for e in entries]

    def outcomes(self) -> list[str]:
        return [outcome for outcome, _ in self.told()]

    def holds(self) -> dict[str, int]:
        """How many rows each table has, without those of runs that failed."""
        return {name: len(rows) for name, rows in self.esp.dump().items()}

    def rows(self) -> Dump:
        """All that the ESP itself holds, ids and times included."""
        return {name: rows for name, rows in self.esp.dump().items() if name.startswith("esp_")}

    def learns(self) -> None:
        """What an apply does when nothing is lost."""
        self.restored()
        before = self.proxy.commits
        assert self.apply(self.plan).done == self.plan.changes
        self.commits = self.proxy.commits - before
        self.journal, self.sizes = self.told(), self.holds()

    def take_back(self) -> None:
        """Revert the newest run, and keep what the database holds then."""
        site = self.esp.site()
        self.esp.apply(
            history.reverted(site, history.list_runs(site, 1)[0].run.id, PlanRequest(), quiet), patience=PATIENT
        )
        self.taken_back = self.esp.dump()

    def done_once(self, held: int) -> None:
        """The plan was carried out, by one transaction and one run, and the run after it finds all of it."""
        assert self.held() == held + 1
        assert self.told() == self.journal
        assert self.holds() == self.sizes
        rows = self.rows()
        assert self.apply(self.plan).already == self.plan.changes
        assert self.rows() == rows
        assert [entry for entry in self.told()[-1][1] if entry[1] != MEMORY] == []
        after = self.through.plan()
        assert (after.changes, after.bookkeeping) == ((), 0)


@pytest.fixture(params=SERVERS)
def scene(
    request: pytest.FixtureRequest,
    databases: Callable[[str], Databases],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    monkeypatch.setattr(persisting, "LONGEST_WAIT", 0.02)
    with without_git():
        beginning = databases(request.param).running()
        esp = beginning.copy(tmp_path / "esp")
        assert isinstance(beginning, ServerEsp)
        assert isinstance(esp, ServerEsp)
        esp.declare(WORK)
        with CommitProxy(esp.place.url) as proxy:
            shutil.copytree(esp.folder, tmp_path / "through")
            (tmp_path / "through" / "esp_url").write_text(proxy.url, encoding="utf-8")
            through = Esp(tmp_path / "through")
            found = Scene(esp, beginning, proxy, through, through.plan())
            found.learns()
            yield found
            assert proxy.losses == sum(found.seen.values())


def told(scene: Scene, name: str, text: str) -> None:
    fates = ", ".join(f"{number} x {fate}" for fate, number in sorted(scene.seen.items()))
    record(f"{name}, {scene.esp.place.engine}", f"{sum(scene.seen.values())} ({fates}): {text}")


@pytest.mark.parametrize("fates", [ARRIVED, NEVER], ids=["the answer is lost", "the COMMIT is lost"])
def test_the_apply_finds_out_and_nothing_is_done_twice(scene: Scene, fates: tuple[Fate, ...]) -> None:
    for number in range(ROUNDS):
        fate = fates[number % len(fates)]
        held = scene.restored()
        scene.proxy.lose(Loss(scene.commits, fate))
        scene.seen[fate] += 1
        assert scene.apply(scene.plan).done == scene.plan.changes
        scene.done_once(held)
    told(scene, "lost COMMITs", "0 doubled, 0 unknown")


def test_what_somebody_took_back_meanwhile_is_not_done_again(scene: Scene) -> None:
    """The run is done, and before we ask it is reverted. To find its changes missing is no reason to make them."""
    for _ in range(count(25, 3)):
        held = scene.restored()
        scene.proxy.lose(Loss(scene.commits, Fate.ANSWER_LOST, then=scene.take_back))
        scene.seen[Fate.ANSWER_LOST] += 1
        assert scene.apply(scene.plan).done == scene.plan.changes
        assert scene.esp.dump() == scene.taken_back
        assert scene.held() == held + 2
        assert scene.outcomes() == ["done", "done"]
    told(scene, "lost COMMITs and a revert meanwhile", "0 doubled")


@pytest.mark.parametrize("fate", [*ARRIVED, *NEVER])
def test_where_nobody_can_be_asked_the_next_run_tells(scene: Scene, fate: Fate) -> None:
    """Exit 6, and nothing else is claimed; then history says `done`, or the next run says `abandoned` and does it."""
    arrived = fate in ARRIVED
    for _ in range(count(25, 3)):
        held = scene.restored()
        scene.proxy.lose(Loss(scene.commits, fate, shut=True))
        scene.seen[fate] += 1
        with pytest.raises(Unknown) as caught:
            scene.apply(scene.plan)
        assert caught.value.exit_code == 6
        scene.proxy.shut = False
        if arrived:
            scene.settles()
            assert scene.told() == scene.journal
            scene.done_once(held)
        else:
            assert scene.told() == [("running", [])]
            assert scene.held() == held
            plan = scene.through.plan()
            assert plan.changes == scene.plan.changes
            assert scene.apply(plan).done == plan.changes
            assert scene.told() == [("abandoned", []), *scene.journal]
            assert scene.held() == held + 1
            assert not scene.through.plan().changes
    told(scene, "lost COMMITs and nobody to ask", "all exit 6, 0 unknown after the next run, 0 doubled")


def test_any_other_commit_may_be_lost_too(scene: Scene) -> None:
    """Of opening the connections, and of the announcement: the apply fails and nothing is changed, or it goes through;
    the next one ends like one that was never disturbed."""
    failed = 0
    for number in range(1, scene.commits):
        for fate in Fate:
            held = scene.restored()
            before = scene.esp.dump()
            scene.proxy.lose(Loss(number, fate))
            scene.seen[fate] += 1
            with pytest.raises(TargetError) as caught:
                scene.apply(scene.plan)
            assert caught.value.exit_code == 1
            assert scene.esp.dump() == before
            assert scene.apply(scene.plan).done == scene.plan.changes
            # An announcement that came late is of a run that nobody has met yet.
            assert set(scene.outcomes()[:-1]) <= {"abandoned", "running"}
            assert scene.told()[-1:] == scene.journal
            assert scene.held() == held + 1
            failed += 1
    told(scene, "other COMMITs lost", f"{failed} refused with exit 1, 0 half-done")


def test_an_apply_that_does_not_ask_is_caught(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug: a lost answer is taken for a failure, and the plan is carried out again. Where it was taken back
    meanwhile, memory's note of the revert still refuses the second run."""
    monkeypatch.setattr(persisting, "outcome", lambda site, run: "failed")
    held = scene.restored()
    scene.proxy.lose(Loss(scene.commits, Fate.ANSWER_LOST))
    scene.seen[Fate.ANSWER_LOST] += 1
    assert scene.apply(scene.plan).done == ()  # denied, though it did it
    assert scene.held() == held + 2
    assert scene.told() != scene.journal
    scene.restored()
    scene.proxy.lose(Loss(scene.commits, Fate.ANSWER_LOST, then=scene.take_back))
    scene.seen[Fate.ANSWER_LOST] += 1
    with pytest.raises(Stale, match="carried out and taken back"):
        scene.apply(scene.plan)
    assert scene.esp.dump() == scene.taken_back
