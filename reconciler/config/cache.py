"""Files that were read before and had no complaint: their Blocks, found again by the hash of their content.

An entry depends on nothing but the bytes of the file, the vocabulary and the version of the tool. One that is missing,
damaged or not ours is as good as none; so the folder can be deleted at any time. Knows no YAML.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from reconciler import __version__
from reconciler.config.limits import MEBIBYTE
from reconciler.config.pack import Packed
from reconciler.model.record import Block
from reconciler.model.resource import NameList, Names, Resource, Vocabulary
from reconciler.model.values import Value

FORMAT = 1
HASH_BYTES = 16
LARGEST = 512 * MEBIBYTE
SMALLEST_FILE = 4096
"""Bytes. To judge a smaller file is as quick as to look it up."""

MANY_ALIKE = 4
"""A column with that many times fewer texts than rows is kept as numbers into a list of its texts."""


@dataclass(slots=True)
class Cache:
    """Entries in one folder of our own. `sealed`: what besides the content an entry depends on."""

    folder: Path
    sealed: bytes
    _used: set[str] = field(default_factory=set)
    _wrote: bool = False

    def find(self, resource: Resource, place: str, content: bytes) -> Packed | None:
        """What this content holds, if it is remembered."""
        if len(content) < SMALLEST_FILE:
            return None
        name = self._name(resource, content)
        try:
            head, _, body = (self.folder / name).read_bytes().partition(b"\n")
            if head != _hash(body):
                return None
            packed = _unpacked(json.loads(body), resource, place)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None
        self._used.add(name)
        return packed

    def keep(self, resource: Resource, content: bytes, packed: Packed) -> None:
        """Remember it. A full or unwritable disk is no trouble of ours: the next run reads the file again."""
        if len(content) < SMALLEST_FILE:
            return
        name = self._name(resource, content)
        body = json.dumps(_entry(packed), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            with NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
                file.write(_hash(body) + b"\n" + body)
            Path(file.name).replace(self.folder / name)
        except OSError:
            return
        self._used.add(name)
        self._wrote = True

    def prune(self) -> None:
        """After a run that wrote: entries that it did not use go, the oldest first, until the rest fits."""
        if not self._wrote:
            return
        sizes = sorted(self._entries())
        total = sum(size for _, size, _ in sizes)
        for _, size, entry in sizes:
            if total <= LARGEST:
                return
            if entry.name not in self._used:
                entry.unlink(missing_ok=True)
                total -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for entry in self.folder.iterdir():
            status = entry.stat()
            yield status.st_mtime, status.st_size, entry

    def _name(self, resource: Resource, content: bytes) -> str:
        digest = blake2b(self.sealed, digest_size=HASH_BYTES, person=resource.kind.encode()[:16])
        digest.update(content)
        return f"{digest.hexdigest()}.json"


def opened(folder: Path, vocabulary: Vocabulary) -> Cache | None:
    """The cache in this folder, made if it is not there; None where it cannot be ours alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    if not ours:
        return None
    sealed = blake2b(repr((FORMAT, __version__, vocabulary.resources)).encode(), digest_size=HASH_BYTES)
    return Cache(folder, sealed.digest())


def _hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=HASH_BYTES).hexdigest().encode()


def _entry(packed: Packed) -> dict[str, Any]:
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


def _unpacked(entry: Mapping[str, Any], resource: Resource, place: str) -> Packed:
    sets = frozenset(field.name for field in resource.fields if isinstance(field.type, (Names, NameList)))
    return Packed(tuple(_block(block, sets, place) for block in entry["blocks"]), int(entry["digest"]))


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
