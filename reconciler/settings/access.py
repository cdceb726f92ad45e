"""Which live system, and where its secret is: the one place that looks up a database URL.

A secret comes from a file or the environment, is put into TargetSettings and appears in no message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from reconciler.model import secrecy
from reconciler.model.errors import ReconcilerError
from reconciler.model.names import did_you_mean
from reconciler.model.target import TargetSettings
from reconciler.settings import address
from reconciler.settings.stated import Settings

OPTION = "--database-url-file"
URL = "RECONCILER_DATABASE_URL"
URL_FILE = "RECONCILER_DATABASE_URL_FILE"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
CREDENTIAL = "db_url"

ENCRYPTED = "ENC[AES256_GCM,"
FILES = ("sqlite:", "sqlite+")
LARGEST = 2**16
"""Bytes of a file that holds one URL."""


def target(
    settings: Settings, name: str | None, environ: Mapping[str, str], url_file: Path | None = None
) -> TargetSettings:
    """The settings of one target, its URL found and made whole. `name` None: the default one; `url_file`: what
    `--database-url-file` says. Raises ReconcilerError when there is no such target, no URL, or more than one."""
    chosen = _chosen(settings, name)
    entry = settings.targets[chosen]
    url = _from_outside(environ, url_file) or _as_stated(entry.url, f"targets.{chosen}.url", environ, settings.folder)
    _veil(url)
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
    sources = {OPTION: str(url_file or ""), URL: environ.get(URL), URL_FILE: environ.get(URL_FILE)}
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
        found = address.parsed(stated) if stated else address.Address()
    except address.Unfit as unfit:
        raise ReconcilerError(f"{key}: {unfit.message}", remedy=unfit.remedy) from None
    if found.variable:
        return _variable(found.variable, "", key, environ)
    if found.file:
        return _named(folder / found.file, key)
    # As a part of a URL a value is quoted: a password may hold any character.
    password = quote(_variable(found.password, found.hint, key, environ), safe="") if found.password else ""
    return f"{found.before}{password}{found.after}"


def _variable(name: str, message: str, key: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if value:
        _veil(value)
        return value
    why = f": {message}" if message else ""
    raise ReconcilerError(
        f"the environment variable {name} is not set{why}", remedy=f"set it; {key} in reconciler.yaml names it"
    )


def _veil(found: str) -> None:
    if not found.startswith(FILES):  # the path of a file is no secret
        secrecy.hide(found, *address.passwords(found))


def _named(file: Path, key: str) -> str:
    """The content of a file that reconciler.yaml names: not that of another one behind a link."""
    if not address.may_hold_a_url(os.path.realpath(file)):
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
            content = stream.read(LARGEST + 1).decode("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ReconcilerError(f"{source}: {file} cannot be read: {reason}") from None
    if len(content) > LARGEST:
        raise ReconcilerError(f"{source}: {file} is too long", remedy="it must hold one database URL")
    if not content:
        raise ReconcilerError(f"{source}: {file} is empty", remedy="it must hold one database URL")
    return content


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{address.DRIVERS.get(scheme, scheme)}{separator}{rest}"


def _absolute(url: str, folder: Path) -> str:
    """A relative SQLite path is relative to the folder of reconciler.yaml, not to where the command is run."""
    scheme, separator, path = url.partition(":///")
    named = scheme.partition("+")[0] == "sqlite" and path and not path.startswith(("/", ":memory:", "file:"))
    return f"{scheme}{separator}{folder.absolute() / path}" if named else url
