"""What `targets.NAME.url` may say. Whoever proposes a change of reconciler.yaml chooses where we connect to, so it may
ask for few secrets by name, send one of them as a password only, and set no parameter by which a driver would read or
send more. Every check takes time in proportion to the text; no message repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

NAMES = "ESP_URL, ESP_PASSWORD, ESP_…_URL or ESP_…_PASSWORD"
"""What may be looked up, in words."""

_URL_NAME = re.compile(r"ESP_(?:\w+_)?URL", re.ASCII)
_PASSWORD_NAME = re.compile(r"ESP_(?:\w+_)?PASSWORD", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][\w+]*", re.ASCII)
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::\?([^}]*))?\}", re.ASCII)
_PASSWORDS = frozenset({"password", "passwd", "pwd", "sslpassword", "ssl_key_password"})

_HERE = "*"
"""Stands for a variable."""

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""Schemes whose driver we choose."""

_PARAMETERS = frozenset(
    {
        *("host", "hostaddr", "port", "user", "dbname", "unix_socket", "charset", "timeout", "target_session_attrs"),
        *("connect_timeout", "read_timeout", "write_timeout", "application_name", "options"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "ssl_min_protocol_version"),
        *("channel_binding", "gssencmode", "require_auth"),
        *("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"),
    }
)
"""Parameters of our drivers that give nothing away. Others do: `local_infile` and `client_flag` let a server ask for
any file, `passfile`, `service` and `read_default_file` send what stands in one, `sslkeylogfile` writes one."""


class Unfit(Exception):
    """Why this is no such url: `code` is one of CODES; neither text repeats the url."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Address:
    """A url as it is stated, taken apart. One of `variable` and `file` says where all of it is to be found; else it is
    `before`, the value of `password`, and `after`. `hint`: what to say where the variable is not set."""

    variable: str = ""
    file: str = ""
    before: str = ""
    password: str = ""
    hint: str = ""
    after: str = ""


def parsed(stated: str) -> Address:
    """Take it apart. Raises Unfit."""
    if not stated.isprintable():
        raise Unfit("type", "a url has one line and no control characters", "write one line")
    scheme, _, rest = stated.partition(":")
    if scheme == "env":
        _check_name(rest, _URL_NAME, "env:NAME")
        return Address(variable=rest)
    if scheme == "file":
        if not may_hold_a_url(rest):
            raise Unfit(
                "address",
                "this file may not be looked into from here",
                "name one that is called like esp_url or esp_production_url, or give it by --database-url-file",
            )
        return Address(file=rest)
    before, variable, after = _split(stated)
    if _holds_password(before + after):
        raise Unfit("secret", "a password stands here in plain", "put env:NAME, file:PATH or ${NAME} in its place")
    if not variable and not (_SCHEME.fullmatch(scheme) and rest.startswith("//")):
        raise Unfit("type", "this is no database URL", "write one like sqlite:///esp.db, or env:NAME, or file:PATH")
    _check_parameters(scheme, before + after)
    if not variable:
        return Address(before=stated)
    match = _VARIABLE.fullmatch(variable)
    if match is None or _between(f"{before}{_HERE}{after}") != _HERE or "${" in after:
        raise Unfit(
            "interpolation",
            "${NAME} may be the password alone",
            "write it as in mariadb://user:${ESP_PASSWORD}@host/esp, or put the whole URL into a variable: env:ESP_URL",
        )
    _check_name(match[1], _PASSWORD_NAME, "${NAME}")
    return Address(before=before, password=match[1], hint=match[2] or "", after=after)


def may_hold_a_url(path: str) -> bool:
    """Whether a file of this name may be looked into: the rule for variables, in any case, and `-` is as good as
    `_`."""
    name = path.rpartition("/")[2].upper().replace("-", "_")
    return _URL_NAME.fullmatch(name) is not None


def plain_password(url: str) -> bool:
    """Whether a url gives a password itself, not the variable that holds it."""
    before, _, after = _split(url)
    return _holds_password(before + after)


def passwords(url: str) -> Iterator[str]:
    """Whatever in a url may be a password, also where it is written so wrongly that it ends in another part."""
    yield from (value for name, value in _parameters(url) if name.lower() in _PASSWORDS)
    yield _between(url)
    account, at, _ = url.rpartition("@")
    if at:
        yield account.partition("://")[2].partition(":")[2]


def _split(stated: str) -> tuple[str, str, str]:
    """What stands before the first `${…}`, itself, and after it."""
    start = stated.find("${")
    end = stated.find("}", start) + 1
    return (stated[:start], stated[start:end], stated[end:]) if start >= 0 and end else (stated, "", "")


def _holds_password(url: str) -> bool:
    return bool(_between(url)) or any(name.lower() in _PASSWORDS and value for name, value in _parameters(url))


def _between(url: str) -> str:
    """What stands where a password does: after the user's colon, up to the first @; empty where nothing does."""
    user, colon, more = url.partition("://")[2].partition(":")
    password, at, _ = more.partition("@")
    return password if colon and at and not set(user) & set("@/?#") else ""


def _parameters(url: str) -> list[tuple[str, str]]:
    return parse_qsl(url.partition("?")[2], keep_blank_values=True)


def _check_name(name: str, allowed: re.Pattern[str], what: str) -> None:
    if not allowed.fullmatch(name):
        raise Unfit("address", f"{what} may not look this variable up", f"give it a name of these: {NAMES}")


def _check_parameters(scheme: str, stated: str) -> None:
    """Another target's own schemes have drivers that only it knows."""
    if scheme.partition("+")[0].lower() not in (*DRIVERS, "sqlite"):
        return
    if stated.count("?") > 1 or any(name not in _PARAMETERS for name, _ in _parameters(stated)):
        raise Unfit(
            "address",
            "a parameter after the ? may not be set from here",
            f"leave it out, or put the whole URL into a variable; allowed: {', '.join(sorted(_PARAMETERS))}",
        )
