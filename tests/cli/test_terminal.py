"""The command on a real terminal (a pty): colour, names, the question, Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

import pytest

from tests.support.repository import Place


def on_a_terminal(
    place: Place, *words: str, types: bytes = b"", after: bytes = b"?", **environ: str
) -> tuple[int, str]:
    """Run the command with all three streams on a terminal; `types` is typed once `after` was shown."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *words],
        cwd=place.folder,
        env=kept | {"TERM": "xterm", "COLUMNS": "120"} | environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # Opening it makes it the controlling terminal, so that Ctrl-C is a signal.
        preexec_fn=lambda: os.close(os.open(os.ttyname(theirs), os.O_RDWR)),  # noqa: PLW1509
    )
    os.close(theirs)
    seen, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                chunk = os.read(ours, 65536)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
        if types and after in seen:
            time.sleep(0.5)  # a person is not quicker than the line editor
            os.write(ours, types)
            types = b""
    os.close(ours)
    return process.wait(timeout=30), seen.decode()


@pytest.mark.torture
def test_colour_and_names_are_for_terminals(place: Place) -> None:
    place.write("tenants.d/eu.yaml", "crm@beta.example:\n  name: Beta\n  package: Starter Plan\n")
    place.write("packages.d/packages.yaml", "Starter Plan:\n  role: Marketing\n")
    code, text = on_a_terminal(place, "plan")
    assert code == 3
    assert "ops@acme.example" in text
    assert "\x1b[1m" in text
    for words, environ in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        assert "\x1b[1m" not in on_a_terminal(place, "plan", *words, **environ)[1]


@pytest.mark.parametrize(
    ("typed", "code", "limit"),
    [
        (b"y\n", 0, 30000),
        (b"\n", 1, 25000),
        pytest.param(b"n\n", 1, 25000, marks=pytest.mark.torture),
        pytest.param(b"\x03", 130, 25000, marks=pytest.mark.torture),
    ],
)
def test_the_question_is_asked_and_answered(place: Place, typed: bytes, code: int, limit: int) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended, text = on_a_terminal(place, "apply", types=typed, after=b"[y/N]")
    assert ended == code, text
    assert place.live_limit() == limit
