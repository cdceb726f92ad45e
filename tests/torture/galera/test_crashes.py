"""Nodes die or freeze during an apply: it stops and says so, nothing is half-applied, and the next run on another node
does the rest (docs/reliability.md)."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pymysql
import pytest

from reconciler.model.errors import ReconcilerError, TargetError
from reconciler.model.plan import Plan
from tests.support.esp import FILES, MUCH, Dump, changed
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.galera.esp_on_cluster import Clustered

pytestmark = [pytest.mark.torture, pytest.mark.galera]

T = TypeVar("T")

ROUNDS = count(20, 3)
PHASES = ("proving that nothing moved", "writing", "reading back", "committing")
LONGEST = 0.03
"""Seconds after a phase has begun, at most; no phase lasts longer."""
PATIENCE = 90.0


@dataclass
class Blow:
    """Progress of an apply, that strikes a little after a phase has begun, from beside."""

    phase: str
    delay: float
    strike: Callable[[], None]
    struck: threading.Event = field(default_factory=threading.Event)

    def __call__(self, begun: str) -> None:
        if begun == self.phase and not self.struck.is_set():
            if self.delay:
                threading.Timer(self.delay, self._strike).start()
            else:
                self._strike()

    def _strike(self) -> None:
        self.strike()
        self.struck.set()


def blows(strike: Callable[[], None], seed: int) -> Blow:
    """At once or a little later, in turn through the phases."""
    chance = random.Random(seed)
    return Blow(PHASES[seed % len(PHASES)], chance.choice((0.0, chance.random() * LONGEST)), strike)


def patiently(do: Callable[[], T]) -> T:
    """Again and again, as who reads `run again`: a cluster that has lost a node stands still at first."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return do()
        except (TargetError, pymysql.MySQLError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def ending(esp: Clustered, plan: Plan, blow: Blow) -> tuple[int, str]:
    """The exit code of an apply, and what it says."""
    try:
        esp.apply(plan, progress=blow, patience=5)
    except ReconcilerError as error:
        assert error.remedy
        return error.exit_code, error.message
    finally:
        assert blow.struck.wait(30)
    return 0, ""


def whole(esp: Clustered, before: Dump) -> str:
    """Whether nothing or all of it was applied. Fails on anything between."""
    now = patiently(esp.dump)
    if now == before:
        return "not applied"
    plan = patiently(esp.plan)
    assert not plan.changes, "half-applied"
    assert not plan.bookkeeping, "half-remembered"
    return "applied"


def converges(esp: Clustered) -> None:
    """The next run finishes, and every node holds the same."""
    patiently(esp.apply)
    assert not patiently(esp.plan).changes
    esp.cluster.mend()
    first, *others = esp.everywhere()
    assert others == [first, first]


def live(dump: Dump) -> Dump:
    """Without memory: who comes second and finds all done remembers it once more."""
    return {name: rows for name, rows in dump.items() if name.startswith("esp_")}


def told(what: str, found: Counter[str], ends: Counter[int]) -> None:
    record(
        f"galera, {what}",
        f"{found.total()} rounds, 0 half-applied, {found['not applied']} not applied, {found['applied']} applied; "
        f"exit codes {dict(sorted(ends.items()))}; the next run converged every time",
    )


def ready(new: Callable[[], Clustered], node: int) -> tuple[Clustered, Plan, Dump]:
    """A running ESP, seen from this node, with much to do."""
    esp = new().at(node)
    esp.declare(changed(FILES, MUCH))
    return esp, patiently(esp.plan), patiently(esp.dump)


def test_the_node_is_killed(new_esp: Callable[[], Clustered]) -> None:
    found, ends = Counter[str](), Counter[int]()
    for number in range(ROUNDS):
        esp, plan, before = ready(new_esp, number % 3)
        code, said = ending(esp, plan, blows(lambda node=esp.node, c=esp.cluster: c.kill(node), number))
        assert code in (0, 1, 6), said
        survivor = esp.at((number + 1) % 3)
        state = whole(survivor, before)
        assert state == "applied" or code != 0
        found[state] += 1
        ends[code] += 1
        converges(survivor)
    told("the node killed during an apply", found, ends)


def test_the_quorum_is_lost(new_esp: Callable[[], Clustered]) -> None:
    found, ends = Counter[str](), Counter[int]()
    cut_off = 0
    for number in range(ROUNDS):
        esp, plan, before = ready(new_esp, number % 3)
        others = [node for node in esp.cluster.nodes if node is not esp.node]
        code, said = ending(esp, plan, blows(lambda dead=others, c=esp.cluster: c.kill(*dead), number))
        assert code in (0, 1, 6), said
        assert code == 0 or f":{esp.node.ports.clients}/" in said, said
        cut_off += "cut off from its cluster" in said
        refused_alone(esp)
        esp.cluster.mend()
        state = whole(esp, before)
        assert state == "applied" or code != 0
        found[state] += 1
        ends[code] += 1
        converges(esp.at((number + 1) % 3))
    told(f"the quorum lost during an apply ({cut_off} said at once that the node is cut off)", found, ends)


def refused_alone(esp: Clustered) -> None:
    """Once it has noticed, a node that is left alone is neither planned nor applied on, and named."""
    esp.node.waits_for(lambda: esp.node.state().get("wsrep_cluster_status") == "non-Primary")
    with pytest.raises(TargetError, match=rf"the node of 127\.0\.0\.1:{esp.node.ports.clients}/\w+ is cut off"):
        esp.plan()


def test_the_node_is_frozen(new_esp: Callable[[], Clustered]) -> None:
    """The others go on without it; awake again it finds that out."""
    found, ends = Counter[str](), Counter[int]()
    for number in range(ROUNDS):
        esp, plan, before = ready(new_esp, number % 3)
        blow = blows(esp.node.freeze, number)
        answers = list[tuple[int, str]]()
        thread = threading.Thread(target=lambda e=esp, p=plan, b=blow, a=answers: a.append(ending(e, p, b)))
        thread.start()
        assert blow.struck.wait(30)
        survivor = esp.at((number + 1) % 3)
        found[whole(survivor, before)] += 1
        patiently(survivor.apply)
        assert not patiently(survivor.plan).changes
        after = live(patiently(survivor.dump))
        esp.node.thaw()
        thread.join(120)
        ((code, said),) = answers
        assert code in (0, 1, 4, 5, 6), said
        ends[code] += 1
        assert live(patiently(survivor.dump)) == after
        converges(survivor)
    told("the node frozen during an apply", found, ends)
