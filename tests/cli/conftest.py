"""A small operator's repository with a real SQLite database, and the command line called in this process."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.support.repository import FILES, Cli, Ended, Keyboard, Place


@pytest.fixture(scope="session")
def applied_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The repository of FILES, already applied; copied for each test."""
    place = Place(tmp_path_factory.mktemp("template"))
    for name, text in FILES.items():
        place.write(name, text)
    config = str(place.folder / "reconciler.yaml")
    assert run(["database", "create", "-c", config]) == 0
    assert run(["apply", "--yes", "-c", config]) == 0
    return place


@pytest.fixture
def place(applied_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A repository whose database holds what its files say; the working directory is there."""
    folder = tmp_path / "repository"
    shutil.copytree(applied_place.folder, folder)
    monkeypatch.chdir(folder)
    return Place(folder)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The same files without a database."""
    place = Place(tmp_path)
    for name, text in FILES.items():
        place.write(name, text)
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call the command line; nobody sits at the keyboard unless `types` says what is typed."""

    def called(*arguments: str, types: str | None = None) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO() if types is None else Keyboard(types))
            if types is not None:
                patch.setattr("sys.stderr.isatty", lambda: True, raising=False)
            code = run(arguments)
        seen = capsys.readouterr()
        return Ended(code, seen.out, seen.err)

    return called
