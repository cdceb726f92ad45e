"""Bad places and bad moments: settings, databases, files that cannot be read or written."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest

from reconciler.model.errors import ReconcilerError
from reconciler.workflow import plan_file
from reconciler.workflow.export import ExportResult
from reconciler.workflow.plan import actor
from reconciler.workflow.write_file import write_private
from tests.support.repository import Cli, Place


def test_without_git_there_is_no_commit(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli("plan", "--out", "plan.json").code == 0
    assert json.loads((place.folder / "plan.json").read_text())["source"]["commit"] == ""


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = set(place.folder.iterdir())
    with pytest.raises(ReconcilerError, match="No space left"):
        write_private(place.folder / "plan.json", "{}")
    assert set(place.folder.iterdir()) == before


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert actor() == "unknown"


def test_no_reconciler_yaml(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cli("plan")
    assert ended.code == 1
    assert "reconciler init" in ended.err
    assert cli("plan", "-c", "missing.yaml").code == 1
    monkeypatch.setenv("RECONCILER_CONFIG", str(tmp_path / "missing.yaml"))
    assert cli("plan").code == 1


def test_a_settings_file_may_be_named_by_its_folder(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert cli("plan", "-c", str(place.folder), "-t", "esp").code == 0
    assert cli("plan", "-c", str(place.folder), "-t", "epp").code == 1


def test_a_settings_file_that_cannot_be_read(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")  # root may read every file, so chmod shows nothing

    monkeypatch.setattr(Path, "read_bytes", refused)
    ended = cli("plan")
    assert ended.code == 1
    assert "Permission denied" in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "project: [",
        "projct: x\n",
        "project: x\ntargets:\n  esp:\n    type: natve\n    url: sqlite:///esp.db\n",
        "project: x\ntargets:\n  esp:\n    type: native\n    url: oracle://x/y\n",
        "project: x\nroot: missing\ntargets:\n  esp:\n    type: native\n    url: sqlite:///esp.db\n",
    ],
)
def test_wrong_settings_are_1(cli: Cli, place: Place, text: str) -> None:
    place.write("reconciler.yaml", text)
    ended = cli("plan")
    assert ended.code == 1
    assert ended.err.startswith("error")
    assert "internal" not in ended.err


@pytest.mark.parametrize(
    "command", [["plan"], ["apply", "--yes"], ["drift"], ["list", "package"], ["doctor"], ["export"]]
)
@pytest.mark.parametrize("content", [None, b"", b"no database at all, but text" * 100, "other"])
def test_a_database_that_is_not_there_or_not_ours_is_1(
    cli: Cli, bare: Place, command: list[str], content: bytes | str | None
) -> None:
    path = bare.folder / "esp.db"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE other (x)")
        connection.close()
    before = path.read_bytes() if path.exists() else None
    ended = cli(*command)
    assert ended.code == 1
    assert "internal" not in ended.err
    assert (path.read_bytes() if path.exists() else None) == before


def test_the_address_comes_from_a_file(cli: Cli, place: Place) -> None:
    place.replace("reconciler.yaml", "url: sqlite:///esp.db", "url: env:ESP_NO_URL")
    assert cli("plan").code == 1
    secret = place.write("url.txt", f"sqlite:///{place.folder}/esp.db\n")
    assert cli("plan", "--database-url-file", str(secret), "--lock-timeout", "2m").code == 0


def test_an_export_never_leaves_the_root(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.folder / "away.d").symlink_to(outside)
    found = ExportResult(root=place.folder, files={"away.d/x.yaml": "x"}, findings=())
    assert list(found.difference())[-1] == "+x"
    with pytest.raises(ReconcilerError, match="leads out"):
        list(found.write())
    assert list(outside.iterdir()) == []


def test_a_file_that_vanishes_during_an_export_is_told(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 31000 WHERE name = 'Growth'")

    def vanished(path: Path) -> bytes:
        if path.name == "packages.yaml":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return original(path)

    original = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", vanished)
    ended = cli("export")
    assert ended.code == 1
    assert "packages.yaml" in ended.err


def test_a_plan_file_of_any_size_is_not_swallowed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(plan_file, "LARGEST", 10)
    with pytest.raises(ReconcilerError, match="larger"):
        plan_file.read_plan(io.BytesIO(b" " * 11), {})
