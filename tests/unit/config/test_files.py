"""Which files are read: nothing outside the root, nothing that hangs, and nothing in silence."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reconciler.config.files import SourceFile, content_of, sources
from reconciler.config.load import load
from reconciler.config.yaml import Limits
from reconciler.kinds import KINDS
from tests.unit.config.desired_state import complaints, loaded, written

GOOD = "Growth: {note: here}\n"


def link_to_file_outside(root: Path) -> None:
    written(root, {"secret.yaml": GOOD})
    (root / "packages.d").mkdir()
    (root / "packages.d/a.yaml").symlink_to("../secret.yaml")


def link_to_file_inside(root: Path) -> None:
    written(root, {"packages.d/b.yaml": GOOD})
    (root / "packages.d/a.yaml").symlink_to("b.yaml")


def link_to_nothing(root: Path) -> None:
    (root / "packages.d").mkdir()
    (root / "packages.d/a.yaml").symlink_to("missing.yaml")


def link_to_itself(root: Path) -> None:
    (root / "packages.d").mkdir()
    (root / "packages.d/a.yaml").symlink_to("a.yaml")


def link_to_folder(root: Path) -> None:
    written(root, {"elsewhere/x.yaml": GOOD})
    (root / "packages.d").mkdir()
    (root / "packages.d/a").symlink_to("../elsewhere")


def link_to_folder_above(root: Path) -> None:
    (root / "packages.d").mkdir()
    (root / "packages.d/a").symlink_to("..")


def folder_is_a_link(root: Path) -> None:
    written(root, {"elsewhere/x.yaml": GOOD})
    (root / "packages.d").symlink_to("elsewhere")


def folder_is_a_file(root: Path) -> None:
    written(root, {"packages.d": "x"})


def link_to_a_device(root: Path) -> None:
    (root / "packages.d").mkdir()
    (root / "packages.d/a.yaml").symlink_to("/dev/zero")


def pipe(root: Path) -> None:
    (root / "packages.d").mkdir()
    os.mkfifo(root / "packages.d/a.yaml")


def other_case(root: Path) -> None:
    written(root, {"packages.d/a.YAML": GOOD})


def unshowable_name(root: Path) -> None:
    (root / "packages.d").mkdir()
    Path(os.fsdecode(os.fsencode(root / "packages.d") + b"/a\xff\x1b.yaml")).write_text(GOOD)


def a_socket(root: Path) -> None:
    (root / "packages.d").mkdir()
    here = Path.cwd()
    os.chdir(root / "packages.d")  # a socket's path may not be long
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("a.yaml")
    finally:
        os.chdir(here)


def nested_without_end(root: Path) -> None:
    folder = root / "packages.d"
    for _ in range(70):
        folder = folder / "d"
    folder.mkdir(parents=True)


REFUSED = [
    link_to_file_outside,
    link_to_file_inside,
    link_to_nothing,
    link_to_itself,
    link_to_folder,
    link_to_folder_above,
    folder_is_a_link,
    folder_is_a_file,
    link_to_a_device,
    pipe,
    a_socket,
    other_case,
    unshowable_name,
    nested_without_end,
]


@pytest.mark.parametrize("prepare", REFUSED, ids=lambda prepare: prepare.__name__)
def test_refused_at_once(tmp_path: Path, prepare: Callable[[Path], None]) -> None:
    prepare(tmp_path)
    (finding,) = load(tmp_path, KINDS).findings
    assert finding.code == "unreadable"
    assert finding.blocks
    assert finding.remedy
    assert finding.origin is not None
    assert finding.origin.place.startswith("packages.d")
    assert finding.origin.place.isprintable()


def test_a_device_and_a_file_that_cannot_be_read_to_its_end() -> None:
    assert content_of(Path("/dev"), "zero", Limits()) is None
    assert content_of(Path("/proc/self"), "mem", Limits()) is None


@pytest.fixture
def public_root() -> Iterator[Path]:
    """A folder that everybody can reach; what runs meanwhile has no more rights than anybody."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def without_privileges() -> Iterator[None]:
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.parametrize("place", ["packages.d/a.yaml", "packages.d", "packages.d/deep"])
def test_without_permission(public_root: Path, place: str) -> None:
    written(public_root, {"packages.d/a.yaml": GOOD, "packages.d/deep/b.yaml": "B: {}"})
    (public_root / place).chmod(0)
    with without_privileges():
        findings = load(public_root, KINDS).findings
    (public_root / place).chmod(0o700)
    assert [(finding.code, str(finding.origin)) for finding in findings] == [("unreadable", place)]
    assert "permission denied" in findings[0].message


def test_what_is_read(tmp_path: Path) -> None:
    desired = loaded(
        tmp_path,
        {
            "packages.d/b.yaml": "B: {}",
            "packages.d/a.yml": "A: {}",
            "packages.d/eu/west/c.yaml": "C: {}",
            "packages.d/folder.yaml/d.yaml": "D: {}",
            "packages.d/.hidden.yaml": "!!!",
            "packages.d/.hidden/e.yaml": "!!!",
            "packages.d/README.md": "# text",
            "packages.d/f.yaml~": "!!!",
            "packages.d/g.yaml.bak": "!!!",
            "elsewhere/h.yaml": "!!!",
        },
    )
    assert desired.findings == ()
    assert list(desired.sheets["package"]) == ["A", "B", "C", "D"]
    assert {record.origin.place for record in desired.sheets["package"].values()} == {
        "packages.d/a.yml",
        "packages.d/b.yaml",
        "packages.d/eu/west/c.yaml",
        "packages.d/folder.yaml/d.yaml",
    }


def test_a_link_without_a_yaml_name_to_a_file_is_nobodys_business(tmp_path: Path) -> None:
    written(tmp_path, {"packages.d/a.yaml": GOOD, "notes.txt": "x"})
    (tmp_path / "packages.d/notes").symlink_to("../notes.txt")
    (tmp_path / "packages.d/gone").symlink_to("nowhere")
    assert load(tmp_path, KINDS).findings == ()


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    written(tmp_path / "real", {"packages.d/a.yaml": GOOD})
    (tmp_path / "link").symlink_to("real")
    assert list(load(tmp_path / "link", KINDS).sheets["package"]) == ["Growth"]


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    desired = load(tmp_path, KINDS)
    assert desired.findings == ()
    assert {kind: len(sheet) for kind, sheet in desired.sheets.items()} == dict.fromkeys(KINDS.kinds, 0)


@pytest.mark.parametrize("make", [lambda root: None, lambda root: root.write_text("x")], ids=["missing", "a file"])
def test_a_root_that_is_no_folder(tmp_path: Path, make: Callable[[Path], object]) -> None:
    root = tmp_path / "desired"
    make(root)
    desired = load(root, KINDS)
    assert [finding.code for finding in desired.findings] == ["unreadable"]
    assert set(desired.sheets) == set(KINDS.kinds)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    written(tmp_path, {"packages.d/a.yaml": GOOD, "packages.d/b.yaml": "# " + "x" * 200})
    desired = load(tmp_path, KINDS, Limits(file_bytes=100))
    assert [(finding.code, str(finding.origin)) for finding in desired.findings] == [("too-large", "packages.d/b.yaml")]
    assert list(desired.sheets["package"]) == ["Growth"]


def test_every_bad_file_is_named(tmp_path: Path) -> None:
    told = complaints(
        tmp_path, {"packages.d/a.yaml": "A: [", "roles.d/b.yaml": b"\xff", "tenants.d/c.yaml": "\ufeffx: {}"}
    )
    assert [line.split()[0] for line in told] == ["[syntax]"] * 3
    assert [line.rpartition("  ")[2] for line in told] == [
        "packages.d/a.yaml:1",
        "roles.d/b.yaml:1",
        "tenants.d/c.yaml:1",
    ]


def test_a_file_is_found_again(tmp_path: Path) -> None:
    written(tmp_path, {"packages.d/eu/a.yaml": GOOD})
    (met,) = sources(tmp_path, "packages.d", Limits())
    assert isinstance(met, SourceFile)
    assert content_of(tmp_path, met.place, Limits()) == met.content == GOOD.encode()
    (tmp_path / met.place).unlink()
    assert content_of(tmp_path, met.place, Limits()) is None
    (tmp_path / met.place).symlink_to("/etc/hostname")
    assert content_of(tmp_path, met.place, Limits()) is None
    assert content_of(tmp_path / "gone", met.place, Limits()) is None
