"""The objects of files that were read before without a complaint, kept by the hash of the file's content.

An entry depends on nothing but the bytes of the file, the vocabulary and the version of the tool. One that is missing,
damaged or not ours is as good as none; so the folder can be deleted at any time. The folder is one that was made here
and bears our mark; no link in it is followed, and nothing but entries is counted or deleted. First, how the objects of
a file are packed: Blocks of tuples, and a digest that does not depend on the layout.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from reconciler import __version__
from reconciler.config.fields import Paths, flat
from reconciler.config.files import FILE, FOLDER
from reconciler.config.yaml import MEBIBYTE
from reconciler.model.errors import ReconcilerError
from reconciler.model.record import Block
from reconciler.model.resource import NameList, Names, Resource, Vocabulary
from reconciler.model.values import Value

DIGEST_BYTES = 32
MODULUS = 1 << (8 * DIGEST_BYTES)


class FileObjects(NamedTuple):
    """The objects of one file. `digest`: a sum over the objects, so it adds up over files in any order."""

    blocks: tuple[Block, ...] = ()
    digest: int = 0


def pack_objects(kind: str, place: str, objects: Mapping[str, Mapping[str, Any]], names: Paths) -> FileObjects:
    """One block for each set of stated fields. `names`: the dotted names of the kind."""
    blocks: dict[tuple[str, ...], Block] = {}
    slots: dict[tuple[str, ...], tuple[Callable[[Any], tuple[Value, ...]], dict[str, tuple[Value, ...]]]] = {}
    groups = frozenset(name for name, inner in names.items() if not isinstance(inner, str))
    for key, fields in objects.items():
        # Most tenants state nothing inside a group; they are flat already.
        values = fields if groups.isdisjoint(fields) else flat(fields, names)
        stated = tuple(values)
        slot = slots.get(stated)
        if slot is None:
            ordered = tuple(sorted(stated))
            block = blocks.setdefault(ordered, Block(place, ordered, {}))
            slot = slots[stated] = (_picker(ordered), block.rows)
        pick, rows = slot
        rows[key] = pick(values)
    in_order = tuple(blocks[fields] for fields in sorted(blocks))
    return FileObjects(in_order, digest(kind, in_order))


def digest(kind: str, blocks: Iterable[Block]) -> int:
    """The sum of the objects' hashes: the same however they are spread over blocks and files.

    What is hashed is Python's ASCII notation of fields and values, which is canonical here: fields are sorted, maps
    too, and every value is an int, a bool, a text, a tuple or a dict of these.
    """
    total = 0
    for block in blocks:
        start = blake2b(b"%a" % ((kind, block.fields),), digest_size=DIGEST_BYTES)
        for row in block.rows.items():
            single = start.copy()
            single.update(b"%a" % (row,))
            total += int.from_bytes(single.digest(), "big")
    return total % MODULUS


def _picker(fields: tuple[str, ...]) -> Callable[[Any], tuple[Value, ...]]:
    match fields:
        case ():
            return lambda values: ()
        case (only,):
            return lambda values: (values[only],)
        case _:
            return itemgetter(*fields)


_FORMAT = 1
HASH_BYTES = 16
LARGEST = 512 * MEBIBYTE
ENTRY = re.compile(r"[0-9a-f]{32}\.json")
UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.part")
"""What is being written; it stays behind when a run is killed."""
_ABANDONED = 3600
"""Seconds after which nobody is writing it any more."""
TAG = "CACHEDIR.TAG"
MARK = b"""\
Signature: 8a477f597d28d172789f06886806bc55
# Made by the reconciler, which keeps parsed files here. The folder can be deleted at any time.
# For information about cache directory tags see https://bford.info/cachedir/
"""
"""The content of the tag. To the letter: other programs begin theirs with the same signature."""
SMALLEST_FILE = 4096
"""Bytes. To read a smaller file is as quick as to look it up."""

MANY_ALIKE = 4
"""A column with that many times fewer texts than rows is kept as numbers into a list of its texts."""


@dataclass(slots=True)
class Cache:
    """Entries in one folder of our own. `folder`: its descriptor; `sealed`: what besides the content an entry depends
    on."""

    folder: int
    sealed: bytes
    _used: set[str] = field(default_factory=set)
    _wrote: bool = False

    def find(self, resource: Resource, place: str, content: bytes) -> FileObjects | None:
        """What this content holds, if it is remembered."""
        if len(content) < SMALLEST_FILE:
            return None
        name = self._name(resource, content)
        try:
            head, _, body = _entry_content(self.folder, name).partition(b"\n")
            if head != _hash(body):
                return None
            packed = _unpacked(json.loads(body), resource, place)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None
        self._used.add(name)
        return packed

    def keep(self, resource: Resource, content: bytes, packed: FileObjects) -> None:
        """Remember it. A full or unwritable disk is no trouble of ours: the next run reads the file again."""
        if len(content) < SMALLEST_FILE:
            return
        name = self._name(resource, content)
        body = json.dumps(_entry(packed), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            _write(self.folder, name, _hash(body) + b"\n" + body)
        except OSError:
            return
        self._used.add(name)
        self._wrote = True

    def prune(self) -> None:
        """After a run that wrote: what killed runs left unfinished goes, and entries that this one did not use, the
        oldest first, until the rest fits."""
        if not self._wrote:
            return
        with suppress(OSError):
            for written, _, name in self._files(UNFINISHED):
                if time.time() - written > _ABANDONED:
                    os.unlink(name, dir_fd=self.folder)
            entries = sorted(self._files(ENTRY))
            total = sum(size for _, size, _ in entries)
            for _, size, name in entries:
                if total <= LARGEST:
                    return
                if name not in self._used:
                    os.unlink(name, dir_fd=self.folder)
                    total -= size

    def _files(self, names: re.Pattern[str]) -> Iterator[tuple[float, int, str]]:
        """When it was written, its size and its name, of each regular file in the folder that is called so."""
        for name in filter(names.fullmatch, _names(self.folder)):
            with suppress(FileNotFoundError):  # another run has taken it away
                status = os.stat(name, dir_fd=self.folder, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield status.st_mtime, status.st_size, name

    def _name(self, resource: Resource, content: bytes) -> str:
        digest = blake2b(self.sealed, digest_size=HASH_BYTES, person=resource.kind.encode()[:16])
        digest.update(content)
        return f"{digest.hexdigest()}.json"


@contextmanager
def open_cache(folder: Path, vocabulary: Vocabulary, base: Path | None = None) -> Iterator[Cache | None]:
    """The cache in this folder, made if it is not there; None where it cannot be ours alone. No link below `base` is
    followed, if the folder lies there; else none but those above it. Raises ReconcilerError for a folder that holds
    other things."""
    try:
        descriptor = _reached(folder, base if base and folder.is_relative_to(base) else folder.parent)
    except OSError:
        yield None
        return
    try:
        yield _marked(descriptor, folder, vocabulary)
    finally:
        os.close(descriptor)


def _reached(folder: Path, base: Path) -> int:
    """A descriptor of the folder, made if it is not there. Raises OSError, ReconcilerError for a link on the way."""
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in folder.relative_to(base).parts:
        try:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=descriptor)
            below = os.open(name, FOLDER, dir_fd=descriptor)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise _refused(folder, "is a link, or no folder, or lies in such a one") from error
            raise
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _marked(descriptor: int, folder: Path, vocabulary: Vocabulary) -> Cache | None:
    """What is in there is looked at before the mark is: another run may be making both."""
    try:
        others = [name for name in _names(descriptor) if not UNFINISHED.fullmatch(name)]
        ours = _has_mark(descriptor)
        if others and not ours:
            raise _refused(folder, f"holds {min(others)!a} and was not made as a cache")
        status = os.fstat(descriptor)
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            return None
        if not ours:
            _write(descriptor, TAG, MARK)
    except OSError:
        return None
    sealed = blake2b(repr((_FORMAT, __version__, vocabulary.resources)).encode(), digest_size=HASH_BYTES)
    return Cache(descriptor, sealed.digest())


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _refused(folder: Path, why: str) -> ReconcilerError:
    return ReconcilerError(
        f"the cache folder {folder} {why}; nothing in it was touched",
        remedy="give `cache:` in reconciler.yaml a folder of its own, as var/cache; if it is an old cache, delete it",
    )


def _has_mark(folder: int) -> bool:
    try:
        descriptor = os.open(TAG, FILE, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and file.read(len(MARK) + 1) == MARK


def _entry_content(folder: int, name: str) -> bytes:
    """Raises OSError where there is none, or one that we did not write: what git checks out others may read too."""
    with os.fdopen(os.open(name, FILE, dir_fd=folder), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise OSError(errno.EPERM, "not an entry of ours")
        return file.read()


def _write(folder: int, name: str, content: bytes) -> None:
    """Whole or not at all. Raises OSError."""
    part = f".{secrets.token_hex(16)}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise


def _hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=HASH_BYTES).hexdigest().encode()


def _entry(packed: FileObjects) -> dict[str, Any]:
    blocks = [
        {
            "fields": block.fields,
            "keys": list(block.rows),
            "columns": [_column(column) for column in zip(*block.rows.values(), strict=True)],
        }
        for block in packed.blocks
    ]
    return {"digest": str(packed.digest), "blocks": blocks}


def _column(values: tuple[Value, ...]) -> list[Value] | dict[str, list[Any]]:
    if all(value.__class__ is str for value in values):
        numbers: dict[Value, int] = {}
        for value in values:
            numbers.setdefault(value, len(numbers))
        if len(numbers) * MANY_ALIKE <= len(values):
            return {"texts": list(numbers), "rows": [numbers[value] for value in values]}
    return list(values)


def _unpacked(entry: Mapping[str, Any], resource: Resource, place: str) -> FileObjects:
    sets = frozenset(field.name for field in resource.fields if isinstance(field.type, (Names, NameList)))
    return FileObjects(tuple(_block(block, sets, place) for block in entry["blocks"]), int(entry["digest"]))


def _block(entry: Mapping[str, Any], sets: frozenset[str], place: str) -> Block:
    fields, keys = tuple(entry["fields"]), entry["keys"]
    if not fields:
        return Block(place, (), dict.fromkeys(keys, ()))
    columns = [_values(column, name in sets) for name, column in zip(fields, entry["columns"], strict=True)]
    return Block(place, fields, dict(zip(keys, zip(*columns, strict=True), strict=True)))


def _values(column: list[Any] | dict[str, list[Any]], is_set: bool) -> list[Value]:
    if isinstance(column, dict):
        texts = column["texts"]
        return [texts[number] for number in column["rows"]]
    return [tuple(value) if isinstance(value, list) else value for value in column] if is_set else column
