"""Stands between a client and a database server and spoils one COMMIT: its answer, or the COMMIT itself. Knows how
PostgreSQL and MariaDB write a COMMIT, and nothing else of what goes by."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

COMMITS: Final = (b"Q\x00\x00\x00\x0bCOMMIT\x00", b"\x07\x00\x00\x00\x03COMMIT")
"""The simple query of PostgreSQL; the COM_QUERY of MariaDB. A client says nothing after it before it is answered."""

LATER: Final = 0.15
"""Seconds that a server does not know what its client knows. No answer of a test depends on how long they are."""


class Fate(StrEnum):
    """What becomes of the COMMIT."""

    ANSWER_LOST = "done, and the answer is lost"
    LATE = "done, when the client is already gone"
    LOST = "never arrived"
    LINGERING = "never arrived, and the server waits for it"


@dataclass(frozen=True, slots=True)
class Loss:
    """The COMMIT to spoil, counted from now. `then` is called when it is done, before the client knows; `shut`: from
    then on nobody is let in."""

    number: int
    fate: Fate
    then: Callable[[], None] = field(default=lambda: None)
    shut: bool = False


class CommitProxy:
    """Listens on a port of this machine and passes on what comes to the server of `url`, until it is closed.
    `commits`: how many went by; `losses`: how many were spoilt; `shut`: whoever comes is sent away."""

    def __init__(self, url: str) -> None:
        self._behind = sa.make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._counting = threading.Lock()
        self._loss: tuple[int, Loss] | None = None
        self._threads = [threading.Thread(target=self._listen)]
        self.commits = self.losses = 0
        self.shut = False
        self._threads[0].start()

    def __enter__(self) -> CommitProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)

    @property
    def url(self) -> str:
        """As the client has to say it; the secret is the server's."""
        words = {"sslmode": "disable", "gssencmode": "disable"}
        if self._behind.get_backend_name() != "postgresql":
            words = {"ssl_disabled": "true"}
        here = self._behind.set(host="127.0.0.1", port=self._listener.getsockname()[1], query=words)
        return here.render_as_string(hide_password=False)

    def lose(self, loss: Loss) -> None:
        """Spoil the COMMIT of this number, once."""
        with self._counting:
            self._loss = (self.commits + loss.number, loss)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self.shut:
                client.close()
                continue
            self._threads.append(threading.Thread(target=self._serve, args=(client,)))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client, self._server() as server:
            try:
                self._pass_on(client, server)
            except ConnectionError:
                return  # either end may go at any time; the other is told by being closed

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            for ready in select.select((client, server), (), ())[0]:
                said = ready.recv(1 << 16)
                if not said:
                    return
                loss = self._spoilt(said) if ready is client else None
                if loss is not None:
                    self._spoil(loss, said, client, server)
                    return
                (server if ready is client else client).sendall(said)

    def _spoilt(self, said: bytes) -> Loss | None:
        """The loss that comes with these words, if it is time for one."""
        if not said.endswith(COMMITS):
            return None
        with self._counting:
            self.commits += 1
            if self._loss is None or self._loss[0] != self.commits:
                return None
            loss, self._loss = self._loss[1], None
            self.losses += 1
            self.shut = loss.shut
            return loss

    def _spoil(self, loss: Loss, said: bytes, client: socket.socket, server: socket.socket) -> None:
        match loss.fate:
            case Fate.ANSWER_LOST:
                server.sendall(said)
                assert server.recv(1 << 16), "the server did not answer"
                loss.then()
            case Fate.LATE:
                client.close()
                time.sleep(LATER)
                server.sendall(said)
                server.recv(1 << 16)
            case Fate.LOST:
                server.close()
            case Fate.LINGERING:
                client.close()
                time.sleep(LATER)

    def _server(self) -> socket.socket:
        query: dict[str, Any] = dict(self._behind.query)
        folder = query.get("host") if self._behind.get_backend_name() == "postgresql" else None
        path = f"{folder}/.s.PGSQL.{self._behind.port or 5432}" if folder else query.get("unix_socket")
        if path is None:
            return socket.create_connection((self._behind.host or "localhost", self._behind.port or 3306))
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        return server
