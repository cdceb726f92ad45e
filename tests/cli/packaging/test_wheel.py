"""The wheel in an empty environment, alone and with a target of another package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import REPOSITORY

EXAMPLE = ("reconciler.yaml", "packages.d", "roles.d", "tenants.d")
TINY_SETTINGS = "project: tiny\ntargets:\n  live:\n    type: tiny\n    url: sqlite:///tiny.db\n"


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr


def install(folder: Path, *words: str) -> None:
    """Into an environment that has no pip of its own; what is never imported need not be compiled."""
    pip("--python", str(folder / "bin" / "python"), "install", "--no-compile", *words)


def wheel_of(source: Path, folder: Path) -> Path:
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(REPOSITORY, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with nothing but the wheel and what it asks for, in the versions of the lock; its bin."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    versions = folder / "constraints.txt"
    lock = (REPOSITORY / "requirements.lock").read_text()
    versions.write_text("\n".join(line.rstrip("\\ ") for line in lock.splitlines() if not line.startswith(" ")))
    install(folder, "-c", str(versions), str(wheel))
    return folder / "bin"


def reconciler(environment: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "PYTHON"))}
    return subprocess.run(
        [environment / "reconciler", *words], cwd=cwd, env=kept, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_wheel_holds_types_schemas_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    committed = {f"reconciler/schemas/{path.name}" for path in (REPOSITORY / "schemas").glob("*.json")}
    assert committed
    assert committed | {"reconciler/py.typed"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "tools/", "benchmarks/"))]


def test_the_installed_command_runs(environment: Path, tmp_path: Path) -> None:
    for name in EXAMPLE:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    assert reconciler(environment, "--version", cwd=tmp_path).stdout.startswith("reconciler ")
    check = reconciler(environment, "schema", "--check", "--dir", str(REPOSITORY / "schemas"), cwd=tmp_path)
    assert check.returncode == 0, check.stderr
    validate = reconciler(environment, "validate", "--schemas", cwd=tmp_path)
    assert validate.returncode == 1
    assert "8 errors" in validate.stdout
    assert reconciler(environment, "database", "create", cwd=tmp_path).returncode == 0
    assert reconciler(environment, "doctor", cwd=tmp_path).returncode == 0


def test_a_target_of_another_package(environment: Path, tmp_path: Path) -> None:
    tiny = wheel_of(Path(__file__).parent / "tiny_target", tmp_path / "wheel")
    install(environment.parent, "--no-deps", "--force-reinstall", str(tiny))
    (tmp_path / "reconciler.yaml").write_text(TINY_SETTINGS)
    (tmp_path / "roles.d").mkdir()
    (tmp_path / "roles.d" / "roles.yaml").write_text("Marketing:\n  description: Sends\n")
    for words, code, says in (
        (["database", "create"], 0, "memory"),
        (["plan", "--detailed-exitcode"], 2, "1 to create"),
        (["apply", "--yes"], 0, "1 created"),
        (["plan", "--detailed-exitcode"], 0, "no changes"),
        (["list", "role"], 0, "Marketing"),
        (["list", "tenant"], 1, "holds no tenant"),
        (["doctor"], 0, "a tiny file"),
        (["database", "seed"], 1, "only the built-in one"),
    ):
        ended = reconciler(environment, *words, cwd=tmp_path)
        assert ended.returncode == code, ended.stderr
        assert says in ended.stdout + ended.stderr
