"""From a database URL to a Database: which engines there are, and that nothing goes over a network that others may read
or change. No message repeats a URL."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Final

import sqlalchemy as sa

from reconciler.database.engine import TIMEOUT, Database
from reconciler.model.database_url import CERTIFICATES, DRIVERS
from reconciler.model.errors import TargetError

HERE: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})
HARMFUL: Final = {
    "local_infile": "lets the server read the files of this machine",
    "sslkeylogfile": "writes a file",
    "plugin": "loads code",
}
"""Words of drivers that no address needs, and what they do: a URL may be a line of a proposed change."""
NO: Final = frozenset({"false", "0", "no", "off"})


def database(
    url: str, lock_timeout: float, *, insecure: bool = False, held: float = 30.0, timeout: float = TIMEOUT
) -> Database:
    """Read a URL. `insecure`: another host may be reached without verified TLS. Raises TargetError, which never repeats
    the URL, when it is none or of a database not supported."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # a port that is no number
        raise TargetError("the database URL cannot be read", remedy="write it as in sqlite:///var/esp.db") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise TargetError(
            f"databases of type {backend} are not supported by this target",
            remedy=f"use one of: {', '.join(DRIVERS)}",
        )
    if parsed.drivername.partition("+")[2] not in ("", DRIVERS[backend]):
        raise TargetError("the database URL names a driver that is not supported", remedy=f"write {backend}:// alone")
    parsed = parsed.set(drivername=f"{backend}+{DRIVERS[backend]}")  # SQLAlchemy may prefer another one
    if "@" in (parsed.host or ""):
        raise TargetError(
            "the database URL has more than one @", remedy="in a user name or a password write %40 for @, %2F for /"
        )
    for name in sorted(HARMFUL.keys() & {word.lower() for word in parsed.query}):
        raise TargetError(f"{name} in the database URL is refused: it {HARMFUL[name]}", remedy="take it out of the URL")
    if not parsed.database or parsed.database == ":memory:":
        raise TargetError("the database URL names no database", remedy="write it as in sqlite:///var/esp.db")
    if not insecure and not _stays_here(parsed):
        parsed = _verified(parsed)
    return Database(parsed, lock_timeout, held, timeout)


def _stays_here(url: sa.URL) -> bool:
    """Whether the server is reached without a network. libpq looks into its environment too."""
    query = url.normalized_query
    hosts = {url.host or "", *query.get("host", ()), *query.get("hostaddr", ())}
    if url.get_backend_name() == "postgresql":
        unsaid = not hosts - {""}
        hosts |= {os.environ.get(name, "") for name in ("PGHOST", "PGHOSTADDR") if unsaid}
        if "service" in query or "PGSERVICE" in os.environ:
            return False
    if "read_default_file" in query or "read_default_group" in query:
        return False
    return all(host in HERE or PurePath(host).is_absolute() for host in hosts)


def _verified(url: sa.URL) -> sa.URL:
    """The URL of a server elsewhere, whose certificate is checked. Raises TargetError when the URL says not to."""
    query = {name: values[-1] for name, values in url.normalized_query.items()}
    if url.get_backend_name() == "postgresql":
        if query.get("sslmode", "verify-full") != "verify-full":
            raise _open_to_all("sslmode=verify-full")
        return url.update_query_dict({"sslmode": "verify-full"})
    # The driver knows other words too, each of which may take the check away again.
    others = {name for name in query if name.startswith(("ssl", "read_default"))} - CERTIFICATES
    checked = query.get("ssl_check_hostname", "true").lower() not in NO
    if others or not checked or not (query.get("ssl_ca") or query.get("ssl_capath")):
        raise _open_to_all("ssl_ca=/path/of/ca.pem and no other word on checking")
    return url


def _open_to_all(wanted: str) -> TargetError:
    return TargetError(
        "the database is on another host and its certificate is not checked: anybody between could read and change",
        remedy=f"put {wanted} into the URL's query, or set `insecure: true` for this target",
    )
