"""A warm process that lets many apply at once, each in a fork of its own: to start Python takes longer than an apply.

`python -m tests.torture.many_appliers`: a line of JSON with orders on stdin, a line with an answer to each on stdout,
and so on. An order: `folder`, `patience` in seconds, `early`: whether the plan is made before all others apply,
`delay`: seconds to wait otherwise. `lockless` beside the orders plants a bug: the lock is not taken.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import update

from reconciler.memory.memory import RUNNING, SqlMemory
from reconciler.model.errors import ReconcilerError
from reconciler.workflow import apply
from reconciler.workflow.plan import PlanRequest, new_run_of, planned
from tests.support.esp import Esp, quiet, without_git

Order = Mapping[str, Any]
Answer = dict[str, Any]


class Forgetful(SqlMemory):
    """A bug: it never touches the lock row, and nobody's run but its own."""

    def lock(self, session: Any, run: Any) -> None:
        runs = self._tables.run
        session.execute(update(runs).where(runs.c.id == run.id).values(outcome=RUNNING, finished=None))


class Crew:
    """The repositories in which is applied, opened before the first fork."""

    def __init__(self) -> None:
        self._places: dict[str, Esp] = {}

    def at_once(self, orders: Sequence[Order], *, lockless: bool) -> list[Answer]:
        """All of them, from the moment when the last one is ready."""
        for order in orders:
            self._warm(order)
        ready, go, answers = os.pipe(), os.pipe(), [os.pipe() for _ in orders]
        children = []
        for order, (_, ours) in zip(orders, answers, strict=True):
            child = os.fork()
            if not child:
                os.close(go[1])
                self._live(order, lockless, (ready[1], go[0]), ours)
            children.append(child)
            os.close(ours)
        for _ in orders:
            os.read(ready[0], 1)
        os.close(go[1])  # whoever reads there goes on
        told = [json.loads(_everything(theirs)) for theirs, _ in answers]
        for child in children:
            os.waitpid(child, 0)
        for pipe in (*ready, go[0]):
            os.close(pipe)
        return told

    def _warm(self, order: Order) -> None:
        place = self._places.setdefault(order["folder"], Esp(Path(order["folder"])))
        site = place.site(patience=order["patience"])
        if "memory" not in vars(site):  # made when first used
            planned(site, PlanRequest(), quiet)

    def _live(self, order: Order, lockless: bool, barrier: tuple[int, int], ours: int) -> None:
        """All that a fork does."""
        try:
            answer = json.dumps(self._applied(order, lockless, barrier))
            with os.fdopen(ours, "w") as stream:
                stream.write(answer)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def _applied(self, order: Order, lockless: bool, barrier: tuple[int, int]) -> Answer:
        site = self._places[order["folder"]].site(patience=order["patience"])
        if lockless:
            site.memory.__class__ = Forgetful
        plan = planned(site, PlanRequest(), quiet) if order["early"] else None
        os.write(barrier[0], b".")
        os.read(barrier[1], 1)
        events: list[tuple[str, int]] = []
        answer: Answer = {"run": "", "code": 0, "done": 0, "already": 0, "said": "", "events": events}
        try:
            if plan is None:
                time.sleep(order["delay"])
                plan = planned(site, PlanRequest(), quiet)
            run = new_run_of(site, plan)
            answer["run"] = run.id
            outcome = apply.persisted(site, plan, run, lambda phase: events.append((phase, time.monotonic_ns())))
            answer |= {"done": len(outcome.done), "already": len(outcome.already)}
        except ReconcilerError as error:
            answer |= {"code": error.exit_code, "said": error.message}
        return answer


def _everything(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def main() -> None:
    crew = Crew()
    with without_git():
        for line in sys.stdin:
            asked = json.loads(line)
            sys.stdout.write(json.dumps(crew.at_once(asked["orders"], lockless=asked["lockless"])) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
