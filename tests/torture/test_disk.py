"""A disk that is full, and files that may not be written, under SQLite: a clean refusal that says what to do, nothing
changed, a sound file, and an apply that comes to its end once there is room (docs/reliability.md)."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.esp import without_git
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.disk_place import Disk, somebody
from tests.torture.kills_warm import Warm

pytestmark = pytest.mark.torture

SIZES = count(50, 12)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Not below pytest's folder, which no other user may enter."""
    with without_git(), tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        disk = Disk(Path(folder))
        disk.reset()
        yield disk


def answered(disk: Disk, warm: Warm, **order: Any) -> str:
    """One apply where something is in the way; `done` or `undone`, as it said itself, or `half`."""
    disk.reset()
    ended = warm.order(command="apply", **order)
    assert ended["code"] == 0, f"{order}: a crash, not an answer"
    left, said = disk.left(), ended["said"]
    if left != "half":
        assert left == ("done" if "done" in said else "undone"), (order, said)
        assert "done" in said or (said["error"] == "TargetError" and said["message"] and said["remedy"]), said
    return left


def test_a_file_cannot_grow(disk: Disk) -> None:
    """At each of these sizes: the announcement fails, or a write, or the COMMIT, or only the tidying afterwards."""
    left: Counter[str] = Counter()
    sizes = [disk.largest * number // (SIZES - 1) for number in range(SIZES)]
    with Warm("disk_child", str(disk.folder)) as warm:
        for size in sizes:
            left[answered(disk, warm, largest=size)] += 1
            assert not left["half"]
            disk.converges()
    record(f"disk full at {SIZES} sizes of a file up to {sizes[-1]:,} bytes, sqlite", told(left))
    assert left["undone"] > SIZES // 4
    assert left["done"] > SIZES // 4


def test_the_database_has_no_more_pages(disk: Disk) -> None:
    """SQLITE_FULL, which a full disk gives too."""
    left: Counter[str] = Counter()
    last = disk.largest // 4096
    with Warm("disk_child", str(disk.folder)) as warm:
        for pages in range(last - 7, last + 1):
            left[answered(disk, warm, pages=pages)] += 1
            assert not left["half"]
            disk.converges()
    record("disk full at 8 numbers of pages, sqlite", told(left))
    assert set(left) == {"undone", "done"}


def told(left: Counter[str]) -> str:
    """Of applies that were all found sound and whole, and were followed by one that converged."""
    return f"0 damaged, 0 half-applied, {left['undone']} refused with a remedy, {left['done']} applied; all converged"


@pytest.mark.parametrize(
    ("folder", "file", "planned"),
    [(0o777, 0o444, True), (0o555, 0o666, False), (0o555, 0o444, False), (0o777, 0, False)],
)
def test_who_may_not_write_is_told_so(disk: Disk, folder: int, file: int, planned: bool) -> None:
    """To plan needs no right but to read, and, where nobody has the file open, a folder for SQLite's two files."""
    with Warm("disk_child", str(disk.folder)) as warm:
        for command in ("plan", "apply"):
            disk.reset()
            disk.esp.database.chmod(file)
            disk.esp.folder.chmod(folder)
            ended = warm.order(command=command, **somebody())
            assert ended["code"] == 0
            said = ended["said"]
            if command == "plan" and planned:
                assert said == {"changes": len(disk.plan.changes)}
            else:
                assert said["error"] == "TargetError"
                assert "writ" in said["message"] + said["remedy"]
                assert said["remedy"]
            disk.esp.database.chmod(0o666)
            disk.esp.folder.chmod(0o777)
            assert disk.left() == "undone"
            disk.converges()


def test_a_commit_in_the_middle_is_found(disk: Disk) -> None:
    """The planted bug: the first step of the writing is committed by itself, and then the disk is full."""
    with Warm("disk_child", str(disk.folder), "early") as warm:
        sizes = range(disk.largest // 4, disk.largest // 2, 4096)
        assert "half" in {answered(disk, warm, largest=size) for size in sizes}
