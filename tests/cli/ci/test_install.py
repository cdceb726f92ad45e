"""How the action makes its environment: from the lock, away from the files, without the job's secrets."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.cli.ci.github_api import Api
from tests.cli.ci.github_runner import Runner
from tests.cli.ci.pull_requests import planted
from tests.support import REPOSITORY

ACTION = REPOSITORY / "action.yml"
GITLAB = REPOSITORY / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"
INSTALL = REPOSITORY / "ci" / "github" / "install.sh"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
SECRETS = {"RECONCILER_DATABASE_URL": "sqlite:///esp.db", "RECONCILER_PLAN_KEY": "k" * 40, "GITHUB_TOKEN": "t" * 40}


def test_the_environment_is_made_from_the_lock_and_sees_nothing_of_the_job(tmp_path: Path) -> None:
    """With a stand-in for python3 that writes down how it is called, where and with what."""
    calls, given = tmp_path / "calls", tmp_path / "given"
    made = tmp_path / "temp" / "reconciler" / "bin" / "python"
    stand_in = tmp_path / "bin" / "python3"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f'#!/bin/sh\necho "$PWD $@" >>{calls}\nenv >>{given}\n'
        f'[ "$3" != venv ] || {{ mkdir -p {made.parent} && cp "$0" {made}; }}\n'
    )
    stand_in.chmod(0o755)
    (tmp_path / "temp").mkdir()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    environ = {
        "PATH": f"{stand_in.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTION_PATH": str(REPOSITORY),
        "PIP_INDEX_URL": "https://index.example/simple",
        **SECRETS,
        **planted(workspace, tmp_path / "ran"),
    }
    subprocess.run(["bash", str(INSTALL)], cwd=workspace, env=environ, check=True, timeout=60)
    called = calls.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith(f"{tmp_path}/temp -I -") for line in called)
    installed = [line.partition(" install ")[2] for line in called if " install " in line]
    assert installed == [
        f"--require-hashes --only-binary=:all: -r {REPOSITORY}/requirements-runtime.lock",
        f"--no-deps --no-build-isolation {REPOSITORY}",
    ]
    names = {line.partition("=")[0] for line in given.read_text(encoding="utf-8").splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "HOME", "PIP_INDEX_URL"}
    subprocess.run(["bash", str(INSTALL)], cwd=workspace, env=environ, check=True, timeout=60)
    assert calls.read_text(encoding="utf-8").splitlines() == called  # made once a job


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP after the real install, begun in a workspace that tries to be run."""
    folder = tmp_path_factory.mktemp("job")
    temp, workspace = folder / "temp", folder / "workspace"
    temp.mkdir()
    workspace.mkdir()
    careless = planted(workspace, folder / "ran")
    environ = {**os.environ, **careless, "RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(REPOSITORY)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", f'bash "{INSTALL}"']
    ended = subprocess.run(
        command, cwd=workspace, env=environ, capture_output=True, text=True, timeout=500, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert not (folder / "ran").exists()
    assert not (workspace / "taken").exists()
    return temp


@pytest.mark.torture
def test_the_action_installs_no_development_tool(installed: Path) -> None:
    found = {path.name.partition("-")[0] for path in installed.glob("reconciler/lib/python*/site-packages/*.dist-info")}
    names = {canonicalize_name(name) for name in found}
    assert names == {"pip", "setuptools", "esp-reconciler", *locked("requirements-runtime.lock")} - foreign(names)


@pytest.mark.torture
def test_no_step_of_the_action_runs_what_is_checked_out(
    installed: Path, runner: Runner, checkout: Path, api: Api, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    careless = planted(checkout, mark)
    planted(checkout / "esp", mark)
    secrets = {name: value for name, value in SECRETS.items() if name.startswith("RECONCILER")}
    job = replace(runner, temp=installed, environ={**runner.environ, **secrets, **careless})
    for command in ("validate", "drift", "plan"):
        ended = job.use(ACTION, working_directory="esp", command=command)
        assert ended.code == 0, ended.log
    assert len(api.comments) == 1
    job = replace(job, github={"event_name": "push"})
    plan = installed / "reconciler-plan" / "plan.json"
    kept = plan.rename(installed / "kept.json")
    assert job.use(ACTION, working_directory="esp", command="apply", plan_file=str(kept)).code == 0
    assert job.use(ACTION, working_directory="esp", command="apply").code == 1  # no plan was reviewed
    assert not mark.exists(), mark.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [ACTION, INSTALL, INSTALL.with_name("run.sh"), GITLAB], ids=lambda path: path.name)
def test_python_is_never_started_where_the_files_could_be_its_modules(path: Path) -> None:
    """`-I`; or a script of the action, which its own folder precedes, without the job's variables: `-E -s`."""
    lines = [line.partition(" #")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    started = [line for line in lines if re.search(r"(/bin/python|\bpython3)\b", line) and "image:" not in line]
    started = [line for line in started if not line.lstrip().startswith("#")]
    assert started
    isolated = re.compile(r"python3?\"? -I |python3? -E -s \"\$GITHUB_ACTION_PATH/|isolated (python3|\"\$environment)")
    assert [line for line in started if not isolated.search(line)] == []


def locked(name: str) -> dict[str, str]:
    """Each package of a lock with all that is said of it: version, marker and hashes."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    entry = re.compile(
        r"^([A-Za-z0-9._-]+)(==\S+(?: ; [^\n\\]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
    )
    found = {canonicalize_name(each[1]): each[2] for each in entry.finditer(text)}
    assert entry.sub("", text) == ""  # no index, no link, nothing without a hash
    return found


def foreign(names: set[str]) -> set[str]:
    """Those of the lock that this machine does not want, by their marker, or that this version of Python brings."""
    marked = {name for name, said in locked("requirements-runtime.lock").items() if " ; " in said.split("\n")[0]}
    return (marked | {"setuptools"}) - names


def test_the_runtime_lock_is_a_part_of_the_lock() -> None:
    whole = locked("requirements.lock")
    assert [name for name, said in locked("requirements-runtime.lock").items() if whole.get(name) != said] == []


def test_the_runtime_lock_holds_what_the_program_needs_and_no_tool() -> None:
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    extras_of_users = {name: extra for name, extra in project["optional-dependencies"].items() if name != "testing"}
    wanted += [each for extra in extras_of_users.values() for each in extra]
    needed: set[str] = set()
    open_ = [Requirement(each) for each in wanted]
    while open_:
        each = open_.pop()
        name = canonicalize_name(each.name)
        extras = {"", *each.extras}
        if name in needed and not each.extras:
            continue
        needed.add(name)
        for below in map(Requirement, distribution(name).requires or ()):
            if below.marker is None or any(below.marker.evaluate({"extra": extra}) for extra in extras):
                open_.append(below)
    found = locked("requirements-runtime.lock")
    elsewhere = {name for name, said in found.items() if "sys_platform == 'win32'" in said}
    assert set(found) - elsewhere == needed


def test_what_builds_is_what_the_build_asks_for() -> None:
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]


SAFE = {
    "click": "8.3.3",  # CVE-2026-7246
    "deepdiff": "8.6.2",  # CVE-2025-58367, and memory exhaustion through SAFE_TO_IMPORT
    "jinja2": "3.1.6",  # CVE-2025-27516
    "pydantic": "2.4.0",  # CVE-2024-3772
    "pymysql": "1.1.1",  # CVE-2024-36039
    "pyyaml": "5.4",  # CVE-2020-14343
}


@pytest.mark.parametrize("name", SAFE)
def test_no_version_with_a_known_hole_is_allowed(name: str) -> None:
    project = PROJECT["project"]
    said = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    (wanted,) = (each for each in map(Requirement, said) if canonicalize_name(each.name) == name)
    numbers = [int(number) for number in SAFE[name].split(".")]
    below = (
        f"{'.'.join(map(str, numbers[:-1]))}.{numbers[-1] - 1}" if numbers[-1] else f"{numbers[0]}.{numbers[1] - 1}.99"
    )
    assert not wanted.specifier.contains(below)
    assert wanted.specifier.contains(re.search(r"==(\S+)", locked("requirements-runtime.lock")[name])[1])
