"""The folder of the cache: one that it made and marked, and of that nothing but its own entries ever goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from reconciler.config import cache as caches
from reconciler.config.load import load
from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError
from tests.unit.config.desired_state import written

TENANTS = "".join(f"t{n}@x.example:\n  name: Tenant {n}\n" for n in range(200))
SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
OLD = 1_000_000_000
ENTRY = "0123456789abcdef0123456789abcdef.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return written(tmp_path / "desired", {"tenants.d/t.yaml": TENANTS})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def old(path: Path, content: str = "x" * 100) -> Path:
    path.write_text(content)
    os.utime(path, (OLD, OLD))
    return path


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its mode and content; links as they are."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever may go, goes."""
    monkeypatch.setattr(caches, "LARGEST", 0)


def read(root: Path, folder: Path, more: str = "") -> None:
    """Read the files so that the cache writes, and then looks for what may go."""
    (root / "tenants.d/t.yaml").write_text(TENANTS + more)
    load(root, KINDS, cache=folder)


def test_the_folder_bears_the_standard_mark(root: Path, folder: Path) -> None:
    load(root, KINDS, cache=folder)
    assert (folder / "CACHEDIR.TAG").read_text().splitlines()[0] == SIGNATURE


def test_an_empty_folder_is_taken_and_marked(root: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    load(root, KINDS, cache=folder)
    assert (folder / "CACHEDIR.TAG").is_file()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a database": lambda folder: old(folder / "esp.db"),
    "a name like an entry": lambda folder: old(folder / ENTRY),
    "a folder": lambda folder: (folder / "inner").mkdir(),
    "the tag of another program": lambda folder: (folder / "CACHEDIR.TAG").write_text(f"{SIGNATURE}\n# cargo\n"),
    "an empty tag": lambda folder: (folder / "CACHEDIR.TAG").touch(),
    "a tag that is a link": lambda folder: (folder / "CACHEDIR.TAG").symlink_to("/dev/zero"),
}


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_folder_is_refused_and_left_as_it_is(
    root: Path, folder: Path, make: Callable[[Path], object]
) -> None:
    folder.mkdir(mode=0o700)
    make(folder)
    before = state(folder)
    with pytest.raises(ReconcilerError, match="was not made as a cache") as caught:
        load(root, KINDS, cache=folder)
    assert caught.value.exit_code == 1
    assert "folder of its own" in caught.value.remedy
    assert state(folder) == before


def test_a_link_to_a_mark_of_ours_marks_nothing(root: Path, folder: Path, tmp_path: Path) -> None:
    load(root, KINDS, cache=folder)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "CACHEDIR.TAG").symlink_to(folder / "CACHEDIR.TAG")
    with pytest.raises(ReconcilerError):
        load(root, KINDS, cache=other)


@pytest.mark.usefixtures("full")
def test_nothing_goes_but_entries(root: Path, folder: Path, tmp_path: Path) -> None:
    """Also from a folder that was marked once and used for other things since."""
    load(root, KINDS, cache=folder)
    outside = old(tmp_path / "outside.json")
    old(folder / "esp.db")
    old(folder / "backup.sql")
    old(folder / ENTRY.upper())
    old(folder / f"{ENTRY}.bak")
    old(folder / f"a{ENTRY}")
    old(folder / f"{ENTRY}\n")
    (folder / "inner").mkdir()
    old(folder / "inner" / ENTRY)
    (folder / ENTRY.replace("0", "1")).symlink_to(outside)
    (folder / ENTRY.replace("0", "2")).mkdir()
    os.mkfifo(folder / ENTRY.replace("0", "3"))
    before = state(folder)
    old(folder / ENTRY)
    read(root, folder, "# more\n")
    after = state(folder)
    assert ENTRY not in after, "this one is an entry by all that can be seen"
    assert {name: kept for name, kept in after.items() if name in before} == {
        name: kept for name, kept in before.items() if name in after
    }
    gone = set(before) - set(after)
    assert len(gone) == 1, "the entry of the content before"
    assert caches.ENTRY.fullmatch(*gone)
    assert outside.exists()


def test_large_foreign_files_do_not_count(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(root, KINDS, cache=folder)
    monkeypatch.setattr(caches, "LARGEST", 10**6)
    old(folder / "esp.db", "x" * 2_000_000)
    old(folder / ENTRY)
    read(root, folder, "# more\n")
    assert (folder / ENTRY).exists(), "there is room for it"


def test_what_a_killed_run_left_goes_when_it_is_old(root: Path, folder: Path) -> None:
    load(root, KINDS, cache=folder)
    left = f".{'0' * 32}.part"
    fresh = f".{'1' * 32}.part"
    old(folder / left)
    (folder / fresh).write_text("another run is at it")
    old(folder / ".plan.json.part")
    read(root, folder, "# more\n")
    names = {path.name for path in folder.iterdir()}
    assert left not in names
    assert {fresh, ".plan.json.part"} <= names


def test_a_run_killed_before_the_mark_leaves_a_folder_that_is_taken(root: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / f".{'0' * 32}.part").write_text("Signature")
    load(root, KINDS, cache=folder)
    assert (folder / "CACHEDIR.TAG").is_file()


def test_a_full_disk_leaves_no_part(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(root, KINDS, cache=folder)
    before = state(folder)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        read(root, folder, "# more\n")
    assert state(folder) == before


@pytest.mark.parametrize("make", [lambda path, to: path.symlink_to(to), lambda path, to: path.write_text("x")])
def test_a_link_or_a_file_is_no_folder(
    root: Path, folder: Path, tmp_path: Path, make: Callable[[Path, Path], object]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    make(folder, elsewhere)
    with pytest.raises(ReconcilerError, match="is a link, or no folder"):
        load(root, KINDS, cache=folder)
    assert not list(elsewhere.iterdir())


def test_no_link_is_followed_below_the_repository(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "var").symlink_to(elsewhere)
    cache = tmp_path / "repository" / "var" / "cache"
    with pytest.raises(ReconcilerError, match="is a link, or no folder"):
        load(root, KINDS, cache=cache, base=tmp_path / "repository")
    assert not list(elsewhere.iterdir())


def test_above_the_users_own_cache_links_are_the_users_business(root: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir(mode=0o700)
    (tmp_path / "home").symlink_to("scratch")
    load(root, KINDS, cache=tmp_path / "home" / "cache", base=tmp_path / "desired")
    assert (tmp_path / "scratch" / "cache" / "CACHEDIR.TAG").is_file()


@pytest.mark.parametrize("place", ["tenants.d", "tenants.d/cache", "packages.d/deep/cache"])
def test_no_cache_among_the_declarations(root: Path, place: str) -> None:
    before = state(root)
    with pytest.raises(ReconcilerError, match="among the declarations"):
        load(root, KINDS, cache=root / place, base=root)
    assert state(root) == before


def test_entries_that_git_could_have_brought_are_not_believed(root: Path, folder: Path) -> None:
    """Git keeps no mode but the executable bit, so what was checked out may be read by others."""
    load(root, KINDS, cache=folder)
    [entry] = folder.glob("*.json")
    body = entry.read_bytes().partition(b"\n")[2].replace(b"Tenant 5", b"Evil One")
    entry.write_bytes(caches._hash(body) + b"\n" + body)
    assert load(root, KINDS, cache=folder).sheets["tenant"]["t5@x.example"].values["name"] == "Evil One"
    entry.chmod(0o644)
    assert load(root, KINDS, cache=folder).sheets["tenant"]["t5@x.example"].values["name"] == "Tenant 5"


def test_an_entry_that_is_a_link_or_a_pipe_is_none(root: Path, folder: Path, tmp_path: Path) -> None:
    load(root, KINDS, cache=folder)
    [entry] = folder.glob("*.json")
    entry.rename(tmp_path / "elsewhere.json")
    entry.symlink_to(tmp_path / "elsewhere.json")
    assert len(load(root, KINDS, cache=folder).sheets["tenant"]) == 200
    assert not entry.is_symlink(), "it was read anew and took its place"
    entry.unlink()
    os.mkfifo(entry)
    assert len(load(root, KINDS, cache=folder).sheets["tenant"]) == 200


def test_runs_that_begin_together_make_one_cache(root: Path, tmp_path: Path) -> None:
    """None of them takes what another one has just made for somebody else's."""
    together = Barrier(8)

    def opened(folder: Path) -> bool:
        together.wait()
        with caches.open_cache(folder, KINDS) as cache:
            assert cache is not None
            cache.keep(KINDS["tenant"], TENANTS.encode(), caches.FileObjects())
            return True

    with ThreadPoolExecutor(8) as runs:
        for number in range(50):
            assert all(runs.map(opened, [tmp_path / str(number)] * 8))
