"""Databases to borrow: one server of each engine a session, started when first asked for, and databases on it that are
thrown away. What is not installed is skipped by name; RECONCILER_REQUIRE_SERVERS=1 makes that a failure."""

from __future__ import annotations

import itertools
import os
import secrets
from typing import NoReturn, TypeVar

import pytest

from tests.support.private_servers import MariaDB, Missing, PostgreSQL, Server

REQUIRE = "RECONCILER_REQUIRE_SERVERS"

S = TypeVar("S", bound=Server)


class ServerPool:
    """The servers of this session, and what was borrowed of them."""

    def __init__(self) -> None:
        self._running: dict[type[Server], Server] = {}
        self._missing: dict[type[Server], str] = {}
        self._borrowed: list[tuple[Server, str]] = []
        self._numbers = itertools.count(1)

    def server(self, wanted: type[S]) -> S:
        """The running server of this sort. Skips the test, or fails it, where it cannot be had."""
        if wanted not in self._running and wanted not in self._missing:
            try:
                self._running[wanted] = wanted()
            except Missing as missing:
                self._missing[wanted] = f"{wanted.name}: {missing}, and {wanted.variable} is not set"
        if wanted in self._missing:
            left_out(self._missing[wanted])
        found = self._running[wanted]
        assert isinstance(found, wanted)
        return found

    def name(self, server: Server) -> str:
        """A name for a database that nobody has yet; it is dropped at the end, with its memory."""
        name = f"t{secrets.token_hex(3)}_{next(self._numbers)}"
        self._borrowed += [(server, name), (server, f"{name}_memory")]
        return name

    def end(self) -> None:
        """Drop what was borrowed where the server stays, and stop those of our own."""
        for server, name in self._borrowed:
            if os.environ.get(server.variable):
                server.drop(name)
        for server in self._running.values():
            server.stop()


def left_out(why: str) -> NoReturn:
    """End this test: skipped by name, or failed where servers are required."""
    (pytest.fail if os.environ.get(REQUIRE) == "1" else pytest.skip)(why)


def postgresql(pool: ServerPool) -> PostgreSQL:
    return pool.server(PostgreSQL)


def mariadb(pool: ServerPool) -> MariaDB:
    return pool.server(MariaDB)
