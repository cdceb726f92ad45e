"""The files of a folder, opened so that nothing outside the root is read and nothing hangs.

Every step goes through the descriptor of the folder around it and follows no link; only regular files are read. Hidden
files and folders are skipped, as are names without a YAML suffix.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from reconciler.config.yaml import Limits, too_large
from reconciler.model.finding import Finding
from reconciler.model.ref import Origin

SUFFIXES = (".yaml", ".yml")
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

SORTS = (
    (stat.S_ISLNK, "is a symbolic link", "put the file itself there; links are not followed"),
    (stat.S_ISFIFO, "is a pipe", "only regular files are read"),
    (stat.S_ISSOCK, "is a socket", "only regular files are read"),
    (stat.S_ISCHR, "is a device", "only regular files are read"),
    (stat.S_ISBLK, "is a device", "only regular files are read"),
)


class SourceFile(NamedTuple):
    """One file. `place`: its path from the root, as complaints write it."""

    place: str
    content: bytes


def trouble_with(root: Path) -> Finding | None:
    """Why the root cannot be read, if so. The root itself may be a link: it is the caller's own word."""
    try:
        os.close(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        return _unreadable(
            ".", f"the folder {root} cannot be read: {_reason(error)}", "look at `root:` in the settings"
        )
    return None


def sources(root: Path, folder: str, limits: Limits) -> Iterator[SourceFile | Finding]:
    """The files under root/folder in order of their paths, or why one cannot be read. A missing folder is empty."""
    with _opened(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as top:
        try:
            os.stat(folder, dir_fd=top, follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError:
            pass  # opening it says why
        yield from _folder(top, folder, folder, limits, 1)


def content_of(root: Path, place: str, limits: Limits) -> bytes | None:
    """The present content of a file that `sources` has read; None when it is no longer there as it was."""
    *folders, name = place.split("/")
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for folder in folders:
            with _opened(descriptor) as above:
                descriptor = os.open(folder, FOLDER, dir_fd=above)
        with _opened(descriptor) as above:
            file = _file(above, name, place, limits)
    except OSError:
        return None
    return file.content if isinstance(file, SourceFile) else None


def _folder(above: int, name: str, place: str, limits: Limits, depth: int) -> Iterator[SourceFile | Finding]:
    try:
        sort = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if not stat.S_ISDIR(sort):
            yield _wrong_sort(place, sort)
            return
        descriptor = os.open(name, FOLDER, dir_fd=above)
    except OSError as error:
        yield _unopened(place, error)
        return
    with _opened(descriptor) as here:
        if depth > limits.depth:
            yield _unreadable(place, f"folders are nested deeper than {limits.depth} levels", "make them flat")
            return
        with os.scandir(here) as entries:
            names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        for inner, is_folder in names:
            if inner.startswith("."):
                continue
            path = f"{place}/{inner}"
            if is_folder:
                yield from _folder(here, inner, path, limits, depth + 1)
            else:
                yield from _entry(here, inner, path, limits)


def _entry(above: int, name: str, place: str, limits: Limits) -> Iterator[SourceFile | Finding]:
    if name.endswith(SUFFIXES):
        if name.isprintable():
            yield _file(above, name, place, limits)
        else:
            plain = ascii(place)[1:-1]
            yield _unreadable(plain, "the file's name holds characters that cannot be shown", "rename it")
    elif name.lower().endswith(SUFFIXES):
        yield _unreadable(place, "the suffix is not in small letters, so the file is not read", "rename it to .yaml")
    elif _leads_to_folder(above, name):
        yield _wrong_sort(place, stat.S_IFLNK)


def _leads_to_folder(above: int, name: str) -> bool:
    """Whether it is a link to a folder: somebody believes that what is in there is read."""
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=above).st_mode)
    except OSError:
        return False


def _file(above: int, name: str, place: str, limits: Limits) -> SourceFile | Finding:
    try:
        # Looked at before it is opened: to open a device can already do something.
        sort = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if not stat.S_ISREG(sort):
            return _wrong_sort(place, sort)
        descriptor = os.open(name, FILE, dir_fd=above)
    except OSError as error:
        return _unopened(place, error)
    with _opened(descriptor) as file:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return _wrong_sort(place, status.st_mode)
        if status.st_size > limits.file_bytes:
            return too_large(status.st_size, limits).finding(place, {})
        try:
            return SourceFile(place, _read(file, status.st_size, limits.file_bytes))
        except OSError as error:
            return _unopened(place, error)


def _read(descriptor: int, expected: int, most: int) -> bytes:
    """All of it, or one byte more than the limit where the file grows meanwhile."""
    content = os.read(descriptor, expected + 1)
    grown = len(content) > expected
    while grown and len(content) <= most:
        more = os.read(descriptor, most + 1 - len(content))
        content += more
        grown = bool(more)
    return content


@contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wrong_sort(place: str, mode: int) -> Finding:
    for matches, message, remedy in SORTS:
        if matches(mode):
            return _unreadable(place, message, remedy)
    return _unreadable(place, "is not what it should be: a folder of YAML files", "make it one, or take it away")


def _unopened(place: str, error: OSError) -> Finding:
    return _unreadable(place, f"cannot be read: {_reason(error)}", "look at its permissions")


def _reason(error: OSError) -> str:
    return (error.strerror or "no reason given").lower()


def _unreadable(place: str, message: str, remedy: str) -> Finding:
    return Finding(code="unreadable", message=message, remedy=remedy, origin=Origin(place), at_files=True)
