"""One apply at a time, by the engine's own means: who waits is told for whom, who is killed leaves nothing, and who is
frozen loses its transaction (docs/rules.md#rule-33)."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.model.errors import Locked
from tests.support import REPOSITORY
from tests.support.esp import FILES, MUCH, Esp, changed
from tests.support.esp_on_servers import ServerEsp

CHILD = "tests.engines.applying_child"


@contextmanager
def applying(esp: Esp, phase: str, action: str) -> Iterator[subprocess.Popen[str]]:
    """A process that applies and is at this phase now."""
    command = [sys.executable, "-m", CHILD, str(esp.folder), phase, action]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it said."""
    said, _ = process.communicate(timeout=30)
    return process.returncode, said


def test_the_second_waits_and_is_told_for_whom(each: Esp) -> None:
    each.declare(changed(FILES, MUCH))
    plan = each.plan()
    with applying(each, "writing", "wait") as first:
        began = time.monotonic()
        with pytest.raises(Locked, match=r"another apply holds the lock.* on .*") as caught:
            each.apply(plan, patience=0.5)
        assert time.monotonic() - began > 0.4
        assert caught.value.exit_code == 5
        assert first.stdin is not None
        first.stdin.write("go on\n")
        first.stdin.flush()
        assert ended(first)[0] == 0
    assert each.apply(plan).already == plan.changes[:-1]  # to forget is done again
    assert not each.plan().changes


def test_the_second_goes_on_when_the_first_is_done(each: Esp) -> None:
    each.declare(changed(FILES, MUCH))
    with applying(each, "writing", "wait") as first, waiting(each) as second:
        time.sleep(0.5)
        assert first.stdin is not None
        first.stdin.write("go on\n")
        first.stdin.flush()
        assert ended(first)[0] == 0
        assert ended(second)[0] == 0
    assert not each.plan().changes


@contextmanager
def waiting(esp: Esp) -> Iterator[subprocess.Popen[str]]:
    """A process that applies, with patience."""
    command = [sys.executable, "-m", CHILD, str(esp.folder), "no such phase", "wait"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        yield process


@pytest.mark.every_run
def test_a_killed_one_leaves_nothing(each: Esp) -> None:
    each.declare(changed(FILES, MUCH))
    plan, before = each.plan(), each.dump()
    with applying(each, "committing", "kill") as first:
        assert first.wait(10) == -signal.SIGKILL
    outcome = each.apply(plan, patience=10)
    assert outcome.done == plan.changes
    assert each.dump() != before
    assert not each.plan().changes


@pytest.mark.every_run
def test_a_frozen_one_is_stopped(served: ServerEsp) -> None:
    """The engine ends its transaction after `max_lock_time`; awake again it finds out and changes nothing."""
    served.settings("safety: {block: [], max_lock_time: 3 s}")
    served.declare(changed(FILES, MUCH))
    plan = served.plan()
    with applying(served, "writing", "stop") as frozen:
        outcome = served.apply(plan, patience=30)
        assert outcome.done == plan.changes
        after = served.dump()
        frozen.send_signal(signal.SIGCONT)
        code, said = ended(frozen)
    assert (code, "lost" in said) == (1, True), said
    assert served.dump() == after
