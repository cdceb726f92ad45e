"""A stand-in for the few parts of GitHub's REST API that the action asks."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
REPOSITORY_NAME = "operator/esp"


@dataclass
class Api:
    """What it holds, and what it was asked. `broken`: so many answers are 502; `forbidden`: writing is."""

    address: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    merged: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    forbidden: bool = False

    def comment(self, author: str, body: str) -> dict[str, Any]:
        said = {"id": len(self.comments) + 1, "user": {"login": author}, "body": body}
        self.comments.append(said)
        return said

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        if self.broken:
            self.broken -= 1
            return 502, {}
        if method != "GET" and self.forbidden:
            return 403, {}
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["30"])[0])
        window = slice((page - 1) * size, page * size)
        match method, path.removeprefix(f"/repos/{REPOSITORY_NAME}/"):
            case "GET", "issues/7/comments":
                return 200, self.comments[window]
            case "POST", "issues/7/comments" if len(body["body"]) <= 65_536:
                return 201, self.comment(BOT, body["body"])
            case "PATCH", edited if re.fullmatch(r"issues/comments/\d+", edited) and len(body["body"]) <= 65_536:
                (found,) = (each for each in self.comments if each["id"] == int(edited.rpartition("/")[2]))
                found["body"] = body["body"]
                return 200, found
            case "GET", commit if re.fullmatch(r"commits/\w+/pulls", commit):
                return 200, self.merged
            case "GET", "actions/artifacts":
                named = [each for each in self.artifacts if each["name"] == query["name"][0]]
                return 200, {"total_count": len(named), "artifacts": named[window]}
        return 422, {}


@contextmanager
def served() -> Iterator[Api]:
    """The API, on a port of this machine."""
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def answered(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length)) if length else {}
            api.asked.append(f"{self.command} {address.path}")
            status, told = api.answer(self.command, address.path, parse_qs(address.query), body)
            if self.headers["Authorization"] != "Bearer token-of-the-job":
                status, told = 401, {}
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = answered

        def log_message(self, *words: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
