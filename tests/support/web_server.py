"""Somebody at the other end of a webhook or a ping."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Heard(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, **headers: str) -> Answer:
    """Says this and nothing more."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


OK = answering(200)
BUSY = answering(503, Retry_After="0")


@dataclass
class Listener:
    """`answers`: one for each request, the last for all that follow."""

    url: str
    answers: list[Answer] = field(default_factory=lambda: [OK])
    heard: list[Heard] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [each.path.partition("?")[0] for each in self.heard]


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            there.heard.append(Heard(self.path, dict(self.headers.items()), body))
            answer = there.answers[0] if len(there.answers) == 1 else there.answers.pop(0)
            answer(self)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Listener(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
