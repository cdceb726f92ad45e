"""Two nodes write the same rows: the one that commits second is refused by certification, and does all of it again
(docs/rules.md#rule-33, docs/reliability.md)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from reconciler.model.errors import ReconcilerError, Stale
from tests.support.esp import FILES, MUCH, changed
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.galera.esp_on_cluster import Clustered

pytestmark = [pytest.mark.torture, pytest.mark.galera]

APPLIES = count(100, 10)
"""On each of two nodes."""
HOT = "UPDATE esp_package SET sending_monthly_quota = ? WHERE name = 'Growth'"


def once(phase: str, do: Callable[[], None], said: list[str]) -> Callable[[str], None]:
    """Progress that does something when this phase begins for the first time."""

    def progress(begun: str) -> None:
        if begun == phase and phase not in said:
            do()
        said.append(begun)

    return progress


@pytest.mark.parametrize("phase", ["writing", "reading back", "committing"])
def test_an_apply_that_is_refused_by_certification_starts_over(esp: Clustered, phase: str) -> None:
    """Another node changes the lock row meanwhile. The answer is 1213, at the next statement or at the COMMIT."""
    esp.declare(changed(FILES, MUCH))
    plan, second, said = esp.plan(), esp.at(1), list[str]()

    def interfere() -> None:
        second.sql(f"UPDATE {esp.place.memory}.reconciler_lock SET heartbeat = heartbeat + 1")
        time.sleep(0.3)  # until it has arrived

    outcome = esp.apply(plan, progress=once(phase, interfere, said))
    assert outcome.done == plan.changes
    assert [word for word in said if word.startswith("starting over")] == ["starting over, try 2 of 5"]
    assert not second.plan().changes
    assert [
        row[0] for row in second.sql(f"SELECT outcome FROM {esp.place.memory}.reconciler_run ORDER BY started")
    ] == [
        "done",
        "done",
    ]


def test_a_row_that_another_node_has_changed_is_proven_anew(esp: Clustered) -> None:
    """What was read under lock on this node is locked on no other. Starting over, the plan is found to be stale."""
    esp.declare(changed(FILES, {"package": {"Growth": {"sending.monthly_quota": 7}}}))
    plan, second = esp.plan(), esp.at(1)
    meanwhile = once("committing", lambda: (second.sql(HOT, 5), time.sleep(0.3))[-1], [])
    with pytest.raises(Stale):
        esp.apply(plan, progress=meanwhile)
    assert second.sql("SELECT sending_monthly_quota FROM esp_package WHERE name = 'Growth'") == [(5,)]


@dataclass
class Applier:
    """One operator, on one node, with a package of its own. `ends`: exit code → how often."""

    esp: Clustered
    name: str
    ends: Counter[int] = field(default_factory=Counter)
    wordless: int = 0
    again: int = 0
    lost: int = 0

    def begin(self) -> None:
        self.esp.settings("external: [role/*]", project=self.name)
        self.esp.sites.clear()

    def run(self) -> None:
        for number in range(1, APPLIES + 1):
            self.esp.declare({"package": {self.name: {"role": "Marketing", "sending.daily_limit": number}}})
            try:
                self.esp.apply(progress=self.watch, patience=5)
            except ReconcilerError as error:
                self.ends[error.exit_code] += 1
                self.wordless += not error.remedy
                continue
            self.ends[0] += 1
            kept = self.esp.sql("SELECT sending_daily_limit FROM esp_package WHERE name = ?", self.name)
            self.lost += kept != [(number,)]

    def watch(self, begun: str) -> None:
        self.again += begun.startswith("starting over")

    def runs(self, outcome: str) -> int:
        query = f"SELECT count(*) FROM {self.esp.place.memory}.reconciler_run WHERE project = ? AND outcome = ?"
        return int(self.esp.sql(query, self.name, outcome)[0][0])


def test_two_nodes_that_apply_all_the_time_lose_nothing(esp: Clustered) -> None:
    sides = [Applier(esp.at(0), "east"), Applier(esp.at(1), "west")]
    for side in sides:
        side.begin()
    threads = [threading.Thread(target=side.run) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends: Counter[int] = sum((side.ends for side in sides), Counter())
    done = ends[0]
    record(
        "galera, two nodes apply at once",
        f"{ends.total()} applies, {done} done, {sum(side.again for side in sides)} started over, "
        f"{sum(side.lost for side in sides)} lost; exit codes {dict(sorted(ends.items()))}",
    )
    assert sum(side.lost for side in sides) == 0
    assert set(ends) <= {0, 1, 5}
    assert sum(side.wordless for side in sides) == 0
    assert done >= 0.99 * ends.total()
    assert [side.runs("done") for side in sides] == [side.ends[0] for side in sides]
    first, *others = esp.everywhere()
    assert others == [first, first]
