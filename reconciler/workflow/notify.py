"""How the outcome of a run is sent: one POST, in bounded time, to an address that is a secret.

Nothing that is raised or returned here holds the address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlencode, urlsplit

from reconciler import __version__
from reconciler.model import secrecy
from reconciler.model.errors import ReconcilerError

TELLTALE = 8
"""Characters from which a part of an address is taken for its secret."""
TOO_MANY, SERVER_FAULT = 429, 500
SCHEMES = ("https", "http")


@dataclass(frozen=True, slots=True)
class Retries:
    """`tries`: how often at most; `each`: seconds for one try, to its last byte; `pause`: seconds before the second
    try, doubled each time, unless the other side asks for another."""

    tries: int
    each: float
    pause: float = 1.0
    longest_pause: float = 10.0


WEBHOOK = Retries(tries=3, each=10.0)
PING = Retries(tries=2, each=5.0)


class NotSent(ReconcilerError):
    """The other side did not take it. Says why, and not where."""


class _Declined(Exception):
    """An answer that is no success; `again`: whether another try may be taken, `after`: in how many seconds."""

    def __init__(self, why: str, *, again: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.again = again
        self.after = after


@dataclass(frozen=True, slots=True)
class SecretAddress:
    """Where news go. `source` is what may be said of it: `env:NAME` or `file:PATH`."""

    url: SplitResult
    source: str

    def below(self, *steps: str, **query: str) -> SecretAddress:
        """The same with steps more in its path, and words more in its query."""
        path = "/".join([self.url.path.rstrip("/"), *steps])
        words = "&".join(filter(None, (self.url.query, urlencode(query))))
        return SecretAddress(self.url._replace(path=path, query=words), self.source)


def secret(place: str, what: str, environ: Mapping[str, str]) -> str:
    """What stands at `env:NAME` or `file:PATH`; hidden from here on. Raises ReconcilerError, which does not repeat a
    `place` that is neither: it may be the secret itself."""
    scheme, _, rest = place.partition(":")
    match scheme:
        case "env":
            found, where = environ.get(rest, "").strip(), f"the environment variable {rest}"
        case "file":
            found, where = _content(Path(rest), what), rest
        case _:
            raise ReconcilerError(
                f"{what} is neither env:NAME nor file:PATH", remedy="a secret is no value of an option"
            )
    if not found:
        raise ReconcilerError(f"{what}: {where} is empty or not set")
    secrecy.hide(found)
    return found


def address(place: str, what: str, environ: Mapping[str, str]) -> SecretAddress:
    """The address that stands at `env:NAME` or `file:PATH`. Raises ReconcilerError where there is none, or one to
    which nothing may be sent: without TLS only this machine is."""
    text = secret(place, what, environ)
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise _unusable(what) from None
    secrecy.hide(*(part for part in (*url.path.split("/"), url.query, url.password or "") if len(part) >= TELLTALE))
    if url.scheme not in SCHEMES or not url.hostname or port == 0 or not text.isascii() or not text.isprintable():
        raise _unusable(what)
    if " " in text or url.username or url.password:
        raise _unusable(what)
    if url.scheme == "http" and not _is_here(url.hostname):
        raise ReconcilerError(f"{what} goes to another machine without TLS", remedy="use an https:// address")
    return SecretAddress(url, place)


def post(to: SecretAddress, body: bytes, headers: Mapping[str, str], patience: Retries) -> None:
    """Send it until the other side takes it, as often and as long as `patience` allows; a redirect is no answer.
    Raises NotTold."""
    pause, why = patience.pause, ""
    for attempt in range(patience.tries):
        try:
            _within(patience.each, to, body, headers)
        except _Declined as declined:
            why = str(declined)
            if not declined.again or attempt == patience.tries - 1:
                break
            time.sleep(min(pause if declined.after is None else declined.after, patience.longest_pause))
            pause *= 2
        else:
            return
    raise NotSent(f"{to.source} did not take it: {why}")


def _within(seconds: float, to: SecretAddress, body: bytes, headers: Mapping[str, str]) -> None:
    """One try. In a thread: neither the look-up of a name nor an answer that comes in drops knows a time limit."""
    ended: list[_Declined | None] = []

    def attempt() -> None:
        ended.append(_tried(seconds, to, body, headers))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    outcome = ended[0] if ended else _late(seconds)
    if outcome is not None:
        raise outcome


def _tried(seconds: float, to: SecretAddress, body: bytes, headers: Mapping[str, str]) -> _Declined | None:
    # Start-up: most runs send nothing.
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Staying(HTTPRedirectHandler):
        """What is signed for one is not for another."""

        def redirect_request(self, *said: object) -> None:
            """Nowhere."""

    said = {"User-Agent": f"reconciler/{__version__}", **headers}
    request = Request(to.url.geturl(), data=body, headers=said, method="POST")  # noqa: S310  `address` took the scheme
    try:
        with build_opener(Staying).open(request, timeout=seconds):
            return None
    except HTTPError as error:
        with error:
            return _answered(error.code, error.headers.get("Retry-After", ""))
    except OSError as error:
        reason = getattr(error, "reason", error)  # of a URLError the error that it holds
        if isinstance(reason, TimeoutError):
            return _late(seconds)
        why = reason.strerror if isinstance(reason, OSError) else ""
        return _Declined(why or type(reason).__name__, again=True)
    except (HTTPException, ValueError) as error:
        return _Declined(type(error).__name__, again=True)


def _late(seconds: float) -> _Declined:
    return _Declined(f"no answer within {seconds:g} s", again=True)


def _answered(status: int, after: str) -> _Declined:
    again = status == TOO_MANY or status >= SERVER_FAULT
    seconds = float(after) if after.isascii() and after.isdecimal() and len(after) < 6 else None
    return _Declined(f"it answered {status}", again=again, after=seconds)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _content(file: Path, what: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ReconcilerError(f"{what}: {file} cannot be read: {why}") from None


def _unusable(what: str) -> ReconcilerError:
    return ReconcilerError(f"{what} is no http(s) address", remedy="one line, as in https://hooks.example/T0/B0")
