"""The wheel in an empty environment, alone and with a target of another package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tests.support import REPOSITORY
from tests.support.engines import Place, place, run
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.torture

EXAMPLE = ("reconciler.yaml", "packages.d", "roles.d", "tenants.d")
POSTAL = REPOSITORY / "docs" / "examples" / "postal"
POSTAL_SETTINGS = "project: mail\ntargets: {live: {type: postal, url: 'file:esp_url', memory: MEMORY}}\n"
VERSIONS = "constraints.txt"


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
    versions = folder / VERSIONS
    lock = (REPOSITORY / "requirements.lock").read_text()
    versions.write_text("\n".join(line.rstrip("\\ ") for line in lock.splitlines() if not line.startswith(" ")))
    install(folder, "-c", str(versions), str(wheel))
    return folder / "bin"


def reconciler(environment: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [environment / "reconciler", *words],
        cwd=cwd,
        env=environment_without_ours(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def environment_without_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "PYTHON"))}


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


@pytest.fixture(scope="session")
def with_postal(environment: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same environment with the package of docs/targets.md, and what its tests need."""
    source = shutil.copytree(POSTAL, tmp_path_factory.mktemp("postal") / "postal")
    install(environment.parent, "-c", str(environment.parent / VERSIONS), f"{wheel}[testing,mysql]")
    install(environment.parent, "--no-deps", str(wheel_of(source, source.parent / "wheel")))
    return environment


def test_a_target_of_another_package(with_postal: Path, pool: ServerPool, tmp_path: Path) -> None:
    """Adopt, change, and the plan is empty, where Postal lives; docs/targets.md does it on SQLite."""
    vacant = place("mariadb", pool, tmp_path)
    for name in ("postal.sql", "rows.sql"):
        fill(vacant, (POSTAL / "tests" / name).read_text(encoding="utf-8"))
    (tmp_path / "esp_url").write_text(vacant.url)
    (tmp_path / "reconciler.yaml").write_text(POSTAL_SETTINGS.replace("MEMORY", vacant.memory))
    answers = partial(runs, with_postal, tmp_path)
    answers(["database", "create"], 0, "memory")
    answers(["export", "--write"], 0, "tenants.d/exported.yaml")
    answers(["validate"], 0, "2 packages, 3 tenants")
    answers(["apply", "--yes"], 0, "5 adopted")
    files = tmp_path / "tenants.d" / "exported.yaml"
    changed = (
        files.read_text().replace("hourly_speed: 5000", "hourly_speed: 6000").replace("package: none", "package: New")
    )
    files.write_text(changed)
    (tmp_path / "packages.d" / "new.yaml").write_text("New: {}\n")
    answers(["plan", "--detailed-exitcode"], 2, "1 to create, 2 to update")
    answers(["apply", "--yes"], 0, "1 created, 2 updated")
    answers(["plan", "--detailed-exitcode"], 0, "no changes")
    answers(["list", "role"], 1, "holds no role")
    answers(["database", "seed"], 1, "only the built-in one")
    assert vacant.sql("SELECT permalink, send_limit FROM servers WHERE send_limit > 100") == [("acme-shop", 6000)]
    ((name, uuid),) = vacant.sql(
        "SELECT p.name, p.uuid FROM servers s JOIN ip_pools p ON p.id = s.ip_pool_id WHERE s.id = 3"
    )
    assert name == "New" and len(uuid) == 36


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_the_contract_suite_runs_in_another_package(
    with_postal: Path, engine: str, pool: ServerPool, tmp_path: Path
) -> None:
    tests = shutil.copytree(POSTAL / "tests", tmp_path / "tests")
    command = [with_postal / "python", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", tests]
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment_without_ours() | {"POSTAL_URL": place(engine, pool, tmp_path).url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"^[3-9]\d passed, \d+ skipped", ended.stdout, re.MULTILINE), ended.stdout


def runs(environment: Path, folder: Path, words: list[str], code: int, says: str) -> None:
    """A command ends so, and says so."""
    ended = reconciler(environment, *words, cwd=folder)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert says in ended.stdout + ended.stderr


def fill(vacant: Place, text: str) -> None:
    """Run a file of statements."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    lines = lines.replace("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTO_INCREMENT")
    with vacant.hand() as connection:
        for statement in filter(str.strip, lines.split(";\n")):
            run(connection, statement)
