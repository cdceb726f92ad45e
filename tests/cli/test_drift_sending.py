"""One POST in bounded time, whatever is at the other end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.workflow.notify import NotSent, Retries, address, post
from tests.support.tls_servers import self_signed
from tests.support.web_server import Listener, listening

SECRET = "T0canary9XyZ"
ONCE = Retries(tries=1, each=0.3)


@contextmanager
def one_who(
    begins: bytes = b"", drops: bytes = b"", ends: bytes = b"", *, times: int = 0, tls: Path | None = None
) -> Iterator[str]:
    """Somebody who takes a connection and begins to answer, goes on in drops, slowly, and at last comes to an end."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = server.accept()
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls, tls.with_suffix(".key"))
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                connection.sendall(begins)
                for _ in range(times):
                    if stop.wait(0.05):
                        return
                    connection.sendall(drops)
                connection.sendall(ends)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}/{SECRET}"
    stop.set()
    server.close()
    thread.join(10)


def send(url: str, patience: Retries = ONCE) -> None:
    post(address("env:X", "it", {"X": url, "no_proxy": "*"}), b"{}", {}, patience)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize(
    ("begins", "drops", "ends"),
    [
        (b"", b"", b"HTTP/1.1 200 OK\r\n\r\n"),
        (b"HTTP/1.1 200 O", b"K", b"\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", b"\r\n"),
    ],
    ids=["mute", "slow", "slow headers"],
)
def test_an_answer_that_never_ends_is_not_waited_for(begins: bytes, drops: bytes, ends: bytes) -> None:
    """Each drop comes in time; what they make is a fine answer in the end."""
    with (
        one_who(begins, drops, ends, times=60) as url,
        pytest.raises(NotSent, match="env:X did not take it: no answer"),
    ):
        send(url)


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n", b"\x00" * 70_000, b"HTTP/1.1 999999 X\r\n\r\n"])
def test_an_answer_in_another_language_is_no_answer(answer: bytes) -> None:
    with one_who(answer) as url, pytest.raises(NotSent) as error:
        send(url, Retries(tries=1, each=5))
    assert SECRET not in str(error.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with one_who(tls=self_signed(tmp_path, "own")) as url, pytest.raises(NotSent, match="certificate"):
        send(url, Retries(tries=1, each=5))


def test_nobody_there_is_told_by_its_reason() -> None:
    with pytest.raises(NotSent, match="env:X did not take it: Connection refused"):
        send("http://127.0.0.1:1/x", Retries(tries=2, each=5, pause=0))


def test_words_are_added_to_path_and_query() -> None:
    here = address("env:X", "it", {"X": "https://hc.example/ping/abc?create=1"})
    assert here.below("start", rid="r").url.geturl() == "https://hc.example/ping/abc/start?create=1&rid=r"
    assert address("env:X", "it", {"X": "https://hc.example/"}).below("0").url.geturl() == "https://hc.example/0"


def test_the_body_arrives_as_it_is() -> None:
    there: Listener
    with listening() as there:
        send(f"{there.url}/hook", Retries(tries=1, each=5))
    assert (there.heard[0].path, there.heard[0].body) == ("/hook", b"{}")
