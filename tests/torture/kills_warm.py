"""A warm process that forks for each order, and the thread that gives it orders.

Starting Python takes longer than an apply. The process has one thread and no open connection when it forks, so what
the fork does is what a new process would do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Self

from tests.support import REPOSITORY

Order = dict[str, Any]

PATIENCE = 60.0
"""Seconds that one order may take."""


class Warm:
    """The side that orders. `module`: one beside this that calls `serve`."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.torture.{module}", *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()  # it ends when there are no more orders
        self._process.stdout.close()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()

    def order(self, **order: Any) -> Order:
        """`code`: how the fork ended, negative for a signal; `seconds`: how long it lived; `said`: what it said."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: Order = json.loads(self._process.stdout.readline())
        return answer


def serve(act: Callable[[Order], Any]) -> None:
    """The side that is ordered: a fork for each line of stdin. With `kill_after` in the order, the fork is killed that
    many seconds after it began, wherever it is then."""
    for line in sys.stdin:
        order: Order = json.loads(line)
        read, write = os.pipe()
        begun = time.monotonic()
        child = os.fork()
        if not child:
            os.close(read)
            _act(act, order, write)
        os.close(write)
        if "kill_after" in order:
            time.sleep(order["kill_after"])
            os.kill(child, signal.SIGKILL)  # not waited for yet: the number is nobody else's
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with os.fdopen(read) as pipe:
            said = pipe.read()
        answer = {"code": code, "seconds": time.monotonic() - begun, "said": json.loads(said) if said else None}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _act(act: Callable[[Order], Any], order: Order, pipe: int) -> None:
    signal.alarm(int(PATIENCE))
    code = 1
    try:
        os.write(pipe, json.dumps(act(order)).encode())
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
