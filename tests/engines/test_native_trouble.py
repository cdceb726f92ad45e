"""What is wrong with the database is said in plain words; nothing is made, lost or told about secrets."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import Locked, ReconcilerError, TargetError
from reconciler.model.target import TargetSettings
from reconciler.targets.native import provision
from reconciler.targets.native.target import NATIVE
from tests.support.native_esp import Place, created


def write(place: Place) -> None:
    with place.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"new": {"description": "x"}})
        writer.commit()


def read(place: Place) -> None:
    place.snapshot()


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all, " * 100)


def truncated(path: Path) -> None:
    created(path.parent)
    path.with_name("esp.db-wal").unlink(missing_ok=True)
    path.write_bytes(path.read_bytes()[:5000])


def somebody_s(path: Path) -> None:
    Place(path).sql("CREATE TABLE wordpress_posts (id INTEGER)")


def without_version(path: Path) -> None:
    created(path.parent).sql("DELETE FROM esp_schema")


def newer(path: Path) -> None:
    created(path.parent).sql("UPDATE esp_schema SET version = 99")


def older(path: Path) -> None:
    created(path.parent).sql("UPDATE esp_schema SET version = 0")


def without_a_column(path: Path) -> None:
    place = created(path.parent)
    place.sql("ALTER TABLE esp_role DROP COLUMN description")


TROUBLE: list[tuple[Callable[[Path], object], str, str]] = [
    (lambda path: None, "there is no database at esp.db", "database create"),
    (Path.mkdir, "esp.db is no regular file", "URL"),
    (garbage, "esp.db is not an SQLite database", "URL"),
    (truncated, "not an SQLite database, or is damaged", "URL"),
    (Path.touch, "not an ESP database of ours: it is empty", "database create"),
    (somebody_s, "not an ESP database of ours: it holds tables of somebody else", "database create"),
    (without_version, "it has no schema version", "database create"),
    (newer, "schema version 99, made by a newer reconciler", "upgrade the reconciler"),
    (older, f"schema version 0, this reconciler needs {provision.VERSION}", "database upgrade"),
    (without_a_column, "the database lacks esp_role.description", "database upgrade"),
]


@pytest.mark.parametrize("use", [read, write])
@pytest.mark.parametrize(("make", "says", "remedy"), TROUBLE, ids=[says for _, says, _ in TROUBLE])
def test_trouble_is_said_in_plain_words(
    tmp_path: Path, use: Callable[[Place], None], make: Callable[[Path], object], says: str, remedy: str
) -> None:
    path = tmp_path / "esp.db"
    make(path)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(TargetError) as caught:
        use(Place(path))
    assert says in caught.value.message
    assert remedy in caught.value.remedy
    assert str(tmp_path) not in caught.value.message
    assert caught.value.exit_code == 1
    left = {name for name in (path.name for path in tmp_path.iterdir()) if not name.endswith(("-wal", "-shm"))}
    assert left == {name for name in before if not name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize("name", ["no folder/esp.db", "a?mode=rwc&x#y%41.db"])
def test_reading_makes_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(TargetError, match="there is no database"):
        read(Place(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_path_with_signs_of_a_url_is_a_path(tmp_path: Path) -> None:
    place = Place(tmp_path / "a new one" / "50% #1.db")
    place.target.create()
    write(place)
    assert "new" in place.snapshot().sheets["role"]
    assert (tmp_path / "a new one" / "50% #1.db").is_file()


SECRET = "hunter2secret"  # a canary, looked for in every message
URLS = [
    f"oracle://scott:{SECRET}@db.example/esp",
    f"postgresql+psycopg://scott:{SECRET}@db.example/esp?sslmode=prefer",
    f"not a url {SECRET}",
    "sqlite://",
    "sqlite:///:memory:",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_cannot_be_used_is_a_complaint_without_its_secret(url: str) -> None:
    settings = TargetSettings(name="esp", type="native", url=url)
    (finding,) = NATIVE.check(settings)
    with pytest.raises(TargetError) as caught:
        NATIVE.open(settings, KINDS)
    for text in (str(finding), caught.value.message, caught.value.remedy, repr(settings)):
        assert SECRET not in text


def test_a_good_url_is_no_complaint() -> None:
    assert NATIVE.check(TargetSettings(name="esp", type="native", url="sqlite:////srv/esp.db")) == ()


def test_a_second_writer_waits_and_then_is_told(tmp_path: Path) -> None:
    place = created(tmp_path, lock_timeout=0.2)
    with place.target.writer() as first:
        first.begin()
        with place.target.writer() as second:
            with pytest.raises(Locked, match=r"esp.db is locked by another writer \(waited [0-9.]+ s\)"):
                second.begin()
            first.insert("role", {"one": {}})
            first.commit()
            second.begin()  # after the refusal the connection is as good as new
            second.insert("role", {"two": {}})
            second.commit()
    assert set(place.snapshot().sheets["role"]) == {"one", "two"}


def test_whatever_begins_a_writer_s_transaction_takes_the_lock_at_once(tmp_path: Path) -> None:
    place = created(tmp_path, lock_timeout=0.1)
    with place.target.writer() as first, pytest.raises(Locked), place.target.writer() as second:
        first.session.exec_driver_sql("SELECT 1")
        second.session.exec_driver_sql("SELECT 1")


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    place = created(tmp_path, lock_timeout=0.1)
    with place.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"half": {}})
        assert "half" not in place.snapshot().sheets["role"]


def test_two_writers_in_two_threads_take_turns(tmp_path: Path) -> None:
    place = created(tmp_path, lock_timeout=30)

    def work(name: str) -> None:
        for number in range(5):
            with place.target.writer() as writer:
                writer.begin()
                writer.insert("role", {f"{name} {number}": {}})
                writer.commit()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.snapshot().sheets["role"]) == 10


def test_a_full_disk_is_said_and_rolls_back(tmp_path: Path) -> None:
    place = created(tmp_path)
    with place.target.writer() as writer:
        pages = writer.session.exec_driver_sql("PRAGMA page_count").scalar()
        writer.session.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        writer.session.commit()
        writer.begin()
        with pytest.raises(TargetError, match=r"the disk of esp.db is full"):
            writer.insert("role", {f"role {n}": {"description": "x" * 5_000} for n in range(50)})
        writer.rollback()
    assert not place.snapshot().sheets["role"]


NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom the file's mode binds: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def refusal(use: Callable[[Place], None], place: Place) -> TargetError:
    with unprivileged(), pytest.raises(TargetError) as caught:
        use(place)
    return caught.value


@pytest.mark.parametrize("use", [read, write])
def test_an_unwritable_folder_is_said_with_what_wal_needs(open_folder: Path, use: Callable[[Place], None]) -> None:
    place = created(open_folder)
    place.path.chmod(0o444)
    open_folder.chmod(0o555)
    try:
        error = refusal(use, place)
    finally:
        open_folder.chmod(0o755)
    assert error.message == "esp.db cannot be opened for this: the file or its folder is not writable"
    assert "WAL" in error.remedy


def test_an_unreadable_file_is_said(open_folder: Path) -> None:
    place = created(open_folder)
    place.path.chmod(0o000)
    open_folder.chmod(0o777)
    assert "esp.db cannot be opened" in refusal(read, place).message


def test_a_read_only_file_can_be_read_and_refuses_the_writer(open_folder: Path) -> None:
    place = created(open_folder)
    place.path.chmod(0o444)
    open_folder.chmod(0o777)
    with unprivileged():
        read(place)
    assert "esp.db cannot be opened" in refusal(write, place).message


@pytest.mark.parametrize("act", [read, write, lambda place: place.target.create()])
def test_a_folder_that_cannot_be_entered_is_said(open_folder: Path, act: Callable[[Place], None]) -> None:
    place = created(open_folder)
    open_folder.chmod(0o000)
    try:
        error = refusal(act, Place(open_folder / "sub" / "esp.db") if act not in (read, write) else place)
    finally:
        open_folder.chmod(0o755)
    assert error.message == "the folder of esp.db cannot be used: Permission denied"


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match=r"^the folder of esp\.db cannot be used: Not a directory"):
        Place(tmp_path / "file" / "x" / "esp.db").target.create()


def test_errors_of_whoever_else_uses_the_session_come_out_in_plain_words(tmp_path: Path) -> None:
    place = created(tmp_path)
    with pytest.raises(ReconcilerError, match="no such table"), place.target.writer() as writer:
        writer.session.exec_driver_sql("SELECT * FROM nonsense")
