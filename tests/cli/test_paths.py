"""docs/paths.md: what each setting and option that names a path may do to the machine, and what none of them may."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.config import cache as caches
from reconciler.model.errors import ReconcilerError
from reconciler.workflow.write_file import write_private, write_public
from tests.support import REPOSITORY
from tests.support.repository import Cli, Place
from tests.support.web_server import Listener, listening

MANY = "".join(f"t{n}@x.example:\n  name: Tenant {n}\n" for n in range(200))
"""Enough that it is kept in the cache."""


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below with its mode and content; links as they are."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def setting(place: Place, line: str) -> None:
    settings = place.folder / "reconciler.yaml"
    settings.write_text(f"{settings.read_text()}{line}\n")


# cache: FOLDER


def test_a_cache_beside_the_live_system_leaves_it_alone(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live database and a backup are old and large, and the cache has no room left."""
    monkeypatch.setattr(caches, "LARGEST", 1000)
    place.replace("reconciler.yaml", "sqlite:///esp.db", "sqlite:///var/esp.db")
    (place.folder / "var").mkdir()
    (place.folder / "esp.db").rename(place.folder / "var" / "esp.db")
    (place.folder / "var" / "backup.sql").write_bytes(b"x" * 5000)
    for path in (place.folder / "var").iterdir():
        os.utime(path, (10**9, 10**9))
    place.write("tenants.d/many.yaml", MANY)
    before = state(place.folder / "var")
    setting(place, "cache: var")
    for command in ("validate", "plan", "drift", "export", "fmt"):
        ended = cli(command)
        assert ended.code == 1
        assert "was not made as a cache" in ended.err
        assert "to go on: give `cache:`" in ended.err
        assert state(place.folder / "var") == before


def test_a_cache_of_its_own_works(cli: Cli, place: Place) -> None:
    setting(place, "cache: var/cache")
    place.write("tenants.d/many.yaml", MANY)
    assert [cli("validate").code, cli("validate").code] == [0, 0]
    assert {path.suffix for path in (place.folder / "var/cache").iterdir()} == {".TAG", ".json"}


@pytest.mark.parametrize("folder", ["{outside}", "../outside", "~/outside", "."])
def test_a_cache_outside_is_refused(cli: Cli, place: Place, tmp_path: Path, folder: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "old.sql").write_text("x")
    before = state(tmp_path)
    setting(place, f'cache: "{folder.format(outside=outside)}"')
    line = len((place.folder / "reconciler.yaml").read_text().splitlines())
    ended = cli("validate")
    assert ended.code == 1
    assert f"reconciler.yaml:{line}" in ended.err
    assert {name: kept for name, kept in state(tmp_path).items() if "reconciler.yaml" not in name} == {
        name: kept for name, kept in before.items() if "reconciler.yaml" not in name
    }


def test_a_cache_behind_a_link_is_refused(cli: Cli, place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (place.folder / "var").symlink_to(outside)
    place.write("tenants.d/many.yaml", MANY)
    for folder in ("var", "var/cache"):
        place.write("reconciler.yaml", f"project: test\ncache: {folder}\n")
        ended = cli("validate")
        assert ended.code == 1
        assert "is a link" in ended.err
    assert not list(outside.iterdir())


def test_a_shell_that_asks_for_names_hears_nothing_of_a_refused_cache(place: Place) -> None:
    setting(place, "cache: packages.d/cache")
    asked = {"_RECONCILER_COMPLETE": "zsh_complete", "COMP_WORDS": "reconciler plan --only ''", "COMP_CWORD": "3"}
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler"],
        cwd=place.folder,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "", "")


# root: FOLDER


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """Files of somebody else, beside the repository."""
    folder = tmp_path / "others" / "packages.d"
    folder.mkdir(parents=True)
    (folder / "secret.yaml").write_text("Secret Plan: {sending: {daily_limit: canary}}\n")
    return folder.parent


@pytest.mark.parametrize("root", ["{others}", "../others", "link", "inner/link", ".git", "circle"])
@pytest.mark.parametrize("is_git", [True, False], ids=["git", "no git"])
def test_a_root_outside_is_neither_read_nor_written(
    cli: Cli, place: Place, others: Path, root: str, is_git: bool
) -> None:
    (place.folder / "inner").mkdir()
    (place.folder / "link").symlink_to(others)
    (place.folder / "inner" / "link").symlink_to("../../others")
    (place.folder / "circle").symlink_to("circle")
    if is_git or root == ".git":
        (place.folder / ".git").mkdir()
    setting(place, f"root: {root.format(others=others)}")
    before = state(others)
    for command in (["validate"], ["plan"], ["export", "--write"], ["fmt"], ["drift", "--write-back"]):
        ended = cli(*command)
        assert ended.code == 1
        assert "outside of the work tree" in ended.err
        assert "canary" not in ended.err + ended.out
    assert state(others) == before


def test_a_root_elsewhere_in_the_work_tree_may_be_shared(cli: Cli, place: Place) -> None:
    (place.folder / ".git").mkdir()
    place.write("production/reconciler.yaml", "project: test\nroot: ..\n")
    ended = cli("validate", "-c", "production")
    assert ended.code == 0
    (place.folder / ".git").rmdir()
    assert cli("validate", "-c", "production").code == 1, "without a work tree, that is the folder of others"


# --out, --output, --state, --textfile, --dir


WRITERS: dict[str, Callable[[str], list[str]]] = {
    "--out": lambda path: ["plan", "--out", path],
    "--output of plan": lambda path: ["plan", "--output", f"json={path}"],
    "--output of a report": lambda path: ["validate", "--output", f"sarif={path}"],
    "--output of apply": lambda path: ["apply", "--yes", "--output", f"json={path}"],
    "--out of revert": lambda path: ["revert", "--out", path, "0"],
    "--state": lambda path: ["drift", "--state", path],
    "--textfile": lambda path: ["drift", "--textfile", path],
}


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_text("mine\n")
    return path


def link(path: Path, precious: Path) -> None:
    path.symlink_to(precious)


def dangling(path: Path, precious: Path) -> None:
    path.symlink_to(precious.parent / "nowhere")


def to_a_device(path: Path, precious: Path) -> None:
    path.symlink_to("/dev/null")


def pipe(path: Path, precious: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, precious: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [link, dangling, to_a_device, pipe, folder], ids=lambda make: make.__name__)
@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_only_files_are_replaced(
    cli: Cli,
    place: Place,
    precious: Path,
    command: Callable[[str], list[str]],
    make: Callable[[Path, Path], None],
) -> None:
    """What lies at the place of a result may have been proposed by anybody: git keeps links."""
    place.write("roles.d/more.yaml", "Fresh: {}")
    make(place.folder / "result", precious)
    before = state(place.folder.parent)
    ended = cli(*command("result"))
    assert ended.code == 1
    assert "result is a symbolic link" in ended.err or "result is not a regular file" in ended.err
    assert place.sql("SELECT count(*) FROM esp_role WHERE name = 'Fresh'") == [(0,)], "refused before the apply"
    after = state(place.folder.parent)
    assert {name: kept for name, kept in after.items() if "esp.db" not in name} == {
        name: kept for name, kept in before.items() if "esp.db" not in name
    }


@pytest.fixture(params=["c", "b"], ids=["character device", "block device"])
def device(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """One of our own: as root, a rename over `/dev/null` would work."""
    path = tmp_path / "device"
    try:
        os.mknod(path, 0o600 | (stat.S_IFCHR if request.param == "c" else stat.S_IFBLK), os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices, and only root can replace them")
    return path


@pytest.mark.parametrize("write", [write_private, write_public])
def test_a_device_keeps_its_place(device: Path, write: Callable[[Path, str], None]) -> None:
    before = device.lstat()
    with pytest.raises(ReconcilerError, match="is not a regular file"):
        write(device, "x")
    assert device.lstat() == before


def shell(place: Place, command: str) -> subprocess.CompletedProcess[str]:
    """Run in bash, where `reconciler` is this one."""
    script = f'reconciler() {{ "{sys.executable}" -m reconciler "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", script],
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


STDOUT = Path("/dev/stdout")


@pytest.fixture
def stdout_stays() -> Iterator[None]:
    """The link of this machine is put back by a test that finds it broken."""
    before = STDOUT.readlink()
    yield
    if not STDOUT.is_symlink():
        beside = STDOUT.with_name(".stdout-again")
        beside.symlink_to(before)
        beside.replace(STDOUT)
        pytest.fail("/dev/stdout was replaced")


@pytest.mark.usefixtures("stdout_stays")
@pytest.mark.parametrize("where", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("redirected", ["> result.json", "| cat > result.json"])
def test_stdout_by_its_name_is_stdout(place: Place, where: str, redirected: str) -> None:
    ended = shell(place, f"reconciler plan --out {where} {redirected}")
    assert ended.returncode == 0
    document = json.loads((place.folder / "result.json").read_text())
    assert document["format"] == "reconciler-plan"
    assert ended.stdout == ""
    assert not list(Path("/dev").glob(".stdout*"))


@pytest.mark.usefixtures("stdout_stays")
def test_two_results_do_not_share_stdout_by_any_name(cli: Cli, place: Place) -> None:
    assert cli("plan", "--out", "-", "--output", "html=/dev/stdout").code == 64


def test_an_open_descriptor_is_written_through(place: Place) -> None:
    ended = shell(place, "reconciler plan --out >(cat > copy.json) --output sarif=/dev/fd/7 7> report.sarif")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("reconciler plan")
    assert json.loads((place.folder / "report.sarif").read_text())["version"] == "2.1.0"
    shell(place, "while [ ! -s copy.json ]; do sleep 0.1; done")
    assert ended.stderr == ""
    assert "reconciler-plan" in (place.folder / "copy.json").read_text()


def test_a_descriptor_that_is_not_open_is_said(cli: Cli, place: Place) -> None:
    ended = cli("plan", "--out", "/dev/fd/987654")
    assert ended.code == 1
    assert "/dev/fd/987654 cannot be written: Bad file descriptor" in ended.err


@pytest.mark.usefixtures("stdout_stays")
def test_a_state_is_never_an_open_descriptor(cli: Cli, place: Place) -> None:
    ended = cli("drift", "--state", "/dev/stdout")
    assert ended.code == 1
    assert "not a regular file" in ended.err


def test_schemas_go_through_no_link(cli: Cli, place: Place, precious: Path, tmp_path: Path) -> None:
    (place.folder / "schemas").mkdir()
    (place.folder / "schemas" / "role.schema.json").symlink_to(precious)
    ended = cli("schema")
    assert ended.code == 1
    assert "is a symbolic link" in ended.err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (place.folder / "linked").symlink_to(elsewhere)
    assert cli("schema", "--dir", "linked").code == 1
    assert not list(elsewhere.iterdir())
    assert precious.read_text() == "mine\n"


# RECONCILER_CONFIG, and where the command is run


def test_the_settings_may_be_named_by_their_folder_in_the_environment_too(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("RECONCILER_CONFIG", str(place.folder))
    assert cli("validate").code == 0
    monkeypatch.setenv("RECONCILER_CONFIG", str(place.folder / "reconciler.yaml"))
    assert cli("validate").code == 0


@pytest.mark.parametrize("named", ["missing", "packages.d", " "])
def test_settings_that_the_environment_names_and_that_are_not_there(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("RECONCILER_CONFIG", named)
    ended = cli("validate")
    assert ended.code == 1
    assert "RECONCILER_CONFIG: there is no file" in ended.err


@pytest.fixture
def gone(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is deleted."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()


@pytest.mark.usefixtures("gone")
def test_whole_paths_need_no_current_folder(cli: Cli, place: Place, tmp_path: Path) -> None:
    where = ("--config", str(place.folder / "reconciler.yaml"))
    out = tmp_path / "plan.json"
    assert cli("validate", *where).code == 0
    assert cli("plan", *where, "--out", str(out), "--output", "sarif=-").code == 0
    assert cli("apply", *where, str(out)).code == 0
    assert cli("show", str(out), "--output", "sarif").code == 0
    assert cli("drift", *where, "--state", str(tmp_path / "s"), "--textfile", str(tmp_path / "t")).code == 0


@pytest.mark.usefixtures("gone")
def test_a_current_folder_that_is_gone_is_said(cli: Cli, place: Place) -> None:
    ended = cli("validate")
    assert ended.code == 1
    assert "the current folder is not there any more" in ended.err
    where = ("--config", str(place.folder))
    for words in (("plan", "--out", "plan.json"), ("plan", "--output", "json=plan.json"), ("drift", "--state", "s")):
        ended = cli(*words, *where)
        assert ended.code == 1
        assert "No such file" in ended.err


# What leaves the house


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with listening() as listener:
        monkeypatch.setenv("PING", f"{listener.url}/x")
        yield listener


EVIL = "esp\x1b]0;owned\x07"


def test_no_name_of_a_target_moves_a_cursor(cli: Cli, place: Place, there: Listener) -> None:
    """Neither in the file of metrics, which people `cat`, nor in a ping; and a failed run still finds its own lines."""
    place.replace("reconciler.yaml", "esp:", '"esp\\e]0;owned\\a":')
    watch = ("drift", "--textfile", "m.prom", "--ping", "env:PING", "--target")
    assert cli(*watch, EVIL).code == 0
    well = (place.folder / "m.prom").read_text()
    assert well.replace("\n", "").isprintable()
    assert 'reconciler_managed_objects{kind="package",target="esp\\\\x1b]0;owned\\\\x07"} 2.0' in well
    (place.folder / "esp.db").rename(place.folder / "away.db")
    assert cli(*watch, EVIL).code == 1
    failed = (place.folder / "m.prom").read_text()
    assert failed.replace("\n", "").isprintable()
    assert 'reconciler_managed_objects{kind="package",target="esp\\\\x1b]0;owned\\\\x07"} 2.0' in failed
    assert cli(*watch, "\x1b[2J").code == 1, "there is no such target"
    assert [heard.body for heard in there.heard if b"\x1b" in heard.body] == []


@pytest.mark.parametrize("shift", range(4))
def test_a_ping_is_cut_between_characters(cli: Cli, place: Place, there: Listener, shift: int) -> None:
    names = [f"{'x' * shift}{'𝄞é' * 50}{n}" for n in range(60)]
    place.write(
        "packages.d/many.yaml", "".join(f"{name}: {{role: Marketing, sending: {{daily_limit: 9}}}}\n" for name in names)
    )
    assert cli("apply", "--yes").code == 0
    place.sql("UPDATE esp_package SET sending_daily_limit = 1000 + id WHERE name LIKE '%é%'")
    assert cli("drift", "--ping", "env:PING").code == 2
    body = there.heard[-1].body
    assert 9_990 < len(body) <= 10_000
    assert "𝄞" in body.decode("utf-8")
