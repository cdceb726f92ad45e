"""The few questions that are put to GitHub's REST API, with the standard library alone. Knows no question."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

TRIES = 3
PATIENCE = 20
"""Seconds before one try is given up."""
PAGE = 100


class Refused(Exception):
    """GitHub answered no; the message tells which question, and the status."""


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One question, tried again while the server is at fault. `path` begins behind the repository. Raises Refused."""
    address = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    request = Request(address, method=method, data=None if body is None else json.dumps(body).encode())  # noqa: S310
    request.add_header("Accept", "application/vnd.github+json")
    request.add_header("Authorization", f"Bearer {os.environ['GITHUB_TOKEN']}")
    request.add_header("X-GitHub-Api-Version", "2022-11-28")
    for left in reversed(range(TRIES)):
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  the address is the runner's
                return json.load(answer)
        except HTTPError as error:
            if error.code < 500 or not left:
                raise Refused(f"{method} {path}: {error.code} {error.reason}") from error
        except (URLError, TimeoutError) as error:
            # A comment whose answer was lost may be there: it is looked for anew, never written twice.
            if not left or method == "POST":
                raise Refused(f"{method} {path}: {error}") from error
        time.sleep(1)
    raise AssertionError("unreachable")


def pages(path: str, inside: str = "") -> Iterator[Any]:
    """Everything that a list holds, page by page; `inside`: the key of the list in each answer, if it has one."""
    joint = "&" if "?" in path else "?"
    for number in range(1, 1000):
        answer = ask("GET", f"{path}{joint}per_page={PAGE}&page={number}")
        found = answer[inside] if inside else answer
        yield from found
        if len(found) < PAGE:
            return


def warn(text: str) -> None:
    """A yellow line in the run; the run goes on."""
    sys.stdout.write(f"::warning title=reconciler::{_escaped(text)}\n")


def fail(text: str) -> int:
    """A red line in the run; the exit code."""
    sys.stdout.write(f"::error title=reconciler::{_escaped(text)}\n")
    return 1


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
