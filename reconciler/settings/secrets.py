"""Which live system, and where its secret is: the one place that looks up a database URL.

A secret comes from a file or the environment, is put into TargetSettings and appears in no message.

What `targets.NAME.url` may say. Whoever proposes a change of reconciler.yaml chooses where we connect to, so it may ask
for few secrets by name, send one of them as a password only, and set no parameter by which a driver would read or send
more. Every check takes time in proportion to the text; no message repeats it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote

from reconciler.model import secrecy
from reconciler.model.database_url import CERTIFICATES, DRIVERS
from reconciler.model.errors import ReconcilerError
from reconciler.model.names import did_you_mean
from reconciler.model.target import TargetSettings
from reconciler.settings.settings import Settings

NAMES = "ESP_URL, ESP_PASSWORD, ESP_…_URL or ESP_…_PASSWORD"
"""What may be looked up, in words."""

_URL_NAME = re.compile(r"ESP_(?:\w+_)?URL", re.ASCII)
_PASSWORD_NAME = re.compile(r"ESP_(?:\w+_)?PASSWORD", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][\w+]*", re.ASCII)
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::\?([^}]*))?\}", re.ASCII)
_PASSWORDS = frozenset({"password", "passwd", "pwd", "sslpassword", "ssl_key_password"})

_HERE = "*"
"""Stands for a variable."""

_ALIASES = {"postgres": "postgresql"}
"""Schemes that people write for another one."""

_PARAMETERS = frozenset(
    {
        *("host", "hostaddr", "port", "user", "dbname", "unix_socket", "charset", "timeout", "target_session_attrs"),
        *("connect_timeout", "read_timeout", "write_timeout", "application_name", "options"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "ssl_min_protocol_version"),
        *("channel_binding", "gssencmode", "require_auth"),
        *CERTIFICATES,
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
    if scheme.partition("+")[0].lower() not in (*DRIVERS, *_ALIASES):
        return
    if stated.count("?") > 1 or any(name not in _PARAMETERS for name, _ in _parameters(stated)):
        raise Unfit(
            "address",
            "a parameter after the ? may not be set from here",
            f"leave it out, or put the whole URL into a variable; allowed: {', '.join(sorted(_PARAMETERS))}",
        )


_OPTION = "--database-url-file"
URL = "RECONCILER_DATABASE_URL"
URL_FILE = "RECONCILER_DATABASE_URL_FILE"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
CREDENTIAL = "db_url"

ENCRYPTED = "ENC[AES256_GCM,"
FILES = ("sqlite:", "sqlite+")
_LARGEST = 2**16
"""Bytes of a file that holds one URL."""


def target(
    settings: Settings, name: str | None, environ: Mapping[str, str], url_file: Path | None = None
) -> TargetSettings:
    """The settings of one target, its URL found and made whole. `name` None: the default one; `url_file`: what
    `--database-url-file` says. Raises ReconcilerError when there is no such target, no URL, or more than one."""
    chosen = _chosen(settings, name)
    entry = settings.targets[chosen]
    url = _from_outside(environ, url_file) or _as_stated(entry.url, f"targets.{chosen}.url", environ, settings.folder)
    _hide(url)
    if not url:
        raise ReconcilerError(
            f'there is no database URL for the target "{chosen}"',
            remedy=f"write targets.{chosen}.url, or set {URL}",
        )
    if not url.isprintable():
        raise ReconcilerError(
            f'the database URL of the target "{chosen}" has more than one line, or control characters',
            remedy="write one URL and nothing else",
        )
    if url.startswith(ENCRYPTED):
        raise ReconcilerError(
            f'the database URL of the target "{chosen}" is encrypted',
            remedy="decrypt it outside, as in `sops exec-env secrets.enc.yaml 'reconciler plan'`",
        )
    return TargetSettings(
        name=chosen,
        type=entry.type,
        url=_absolute(_with_driver(url), settings.folder),
        insecure=entry.insecure,
        options=dict(entry.options),
    )


def _chosen(settings: Settings, name: str | None) -> str:
    wanted = name or settings.default_target
    known = ", ".join(settings.targets)
    if not settings.targets:
        raise ReconcilerError("reconciler.yaml names no target", remedy="write one under targets:")
    if wanted is None:
        raise ReconcilerError(
            f"there are several targets: {known}", remedy="choose one with --target, or write target:"
        )
    if wanted in settings.targets:
        return wanted
    near = did_you_mean(wanted, settings.targets)
    raise ReconcilerError(
        f'there is no target "{wanted}"{near}', remedy=f"--target takes one that reconciler.yaml names: {known}"
    )


def _from_outside(environ: Mapping[str, str], url_file: Path | None) -> str:
    """What the caller or the environment gives, which wins over the file (docker's `_FILE`, systemd's credentials)."""
    sources = {_OPTION: str(url_file or ""), URL: environ.get(URL), URL_FILE: environ.get(URL_FILE)}
    given = {source: value for source, value in sources.items() if value}
    if len(given) > 1:
        raise ReconcilerError(f"{' and '.join(given)} are both set", remedy="set one of them")
    for source, value in given.items():
        if not value.strip():
            raise ReconcilerError(f"{source} is blank", remedy="set it to an address, or do not set it")
        return value.strip() if source == URL else _content(Path(value), source)
    folder = environ.get(CREDENTIALS)
    if folder and (Path(folder) / CREDENTIAL).exists():
        return _content(Path(folder) / CREDENTIAL, CREDENTIALS)
    return ""


def _as_stated(stated: str, key: str, environ: Mapping[str, str], folder: Path) -> str:
    try:
        address = parsed(stated) if stated else Address()
    except Unfit as unfit:
        raise ReconcilerError(f"{key}: {unfit.message}", remedy=unfit.remedy) from None
    if address.variable:
        return _variable(address.variable, "", key, environ)
    if address.file:
        return _named(folder / address.file, key)
    # As a part of a URL a value is quoted: a password may hold any character.
    password = quote(_variable(address.password, address.hint, key, environ), safe="") if address.password else ""
    return f"{address.before}{password}{address.after}"


def _variable(name: str, message: str, key: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if value:
        _hide(value)
        return value
    why = f": {message}" if message else ""
    raise ReconcilerError(
        f"the environment variable {name} is not set{why}", remedy=f"set it; {key} in reconciler.yaml names it"
    )


def _hide(secret: str) -> None:
    if not secret.startswith(FILES):  # the path of a file is no secret
        secrecy.hide(secret, *passwords(secret))


def _named(file: Path, key: str) -> str:
    """The content of a file that reconciler.yaml names: not that of another one behind a link."""
    if not may_hold_a_url(os.path.realpath(file)):
        raise ReconcilerError(f"{key}: {file} is a link to a file that may not be looked into from here")
    return _content(file, key, regular=True)


def _content(file: Path, source: str, *, regular: bool = False) -> str:
    """`regular`: refuse a device or a pipe, at which a line that anybody may propose would have us wait."""
    if re.match(r"[\w+.-]+:/", str(file)):  # an easy slip, and then it holds the secret itself
        raise ReconcilerError(f"{source} is a URL, not the path of a file", remedy=f"write it to a file, or set {URL}")
    try:
        if regular and file.exists() and not file.is_file():
            raise ReconcilerError(f"{source}: {file} is not a regular file", remedy="name a file that holds one URL")
        with file.open("rb") as stream:
            content = stream.read(_LARGEST + 1).decode("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ReconcilerError(f"{source}: {file} cannot be read: {reason}") from None
    if len(content) > _LARGEST:
        raise ReconcilerError(f"{source}: {file} is too long", remedy="it must hold one database URL")
    if not content:
        raise ReconcilerError(f"{source}: {file} is empty", remedy="it must hold one database URL")
    return content


def _with_driver(url: str) -> str:
    """A URL that names none gets ours; a file needs none."""
    scheme, separator, rest = url.partition("://")
    scheme = _ALIASES.get(scheme, scheme)
    driver = f"+{DRIVERS[scheme]}" if scheme in DRIVERS and scheme != "sqlite" else ""
    return f"{scheme}{driver}{separator}{rest}"


def _absolute(url: str, folder: Path) -> str:
    """A relative SQLite path is relative to the folder of reconciler.yaml, not to where the command is run."""
    scheme, separator, path = url.partition(":///")
    named = scheme.partition("+")[0] == "sqlite" and path and not path.startswith(("/", ":memory:", "file:"))
    return f"{scheme}{separator}{folder.absolute() / path}" if named else url
