"""The pre-commit hooks, run by pre-commit in a repository of an operator, installed from a commit of this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reconciler.cli.main import COMMANDS
from tests.cli.ci.pull_requests import planted
from tests.support import REPOSITORY

pytestmark = pytest.mark.torture

HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Operator", "-c", "user.email=operator@esp.example", "-c", "commit.gpgsign=false")
    ended = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This work tree as a repository with one commit."""
    folder = tmp_path_factory.mktemp("ours")
    listed = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, listed):
        if not name.startswith("tests/") and (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all of it")
    return folder


def hook(name: str, ours: Path, theirs: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """As an operator has it: the repository and a commit of it in .pre-commit-config.yaml."""
    commit = git(ours, "rev-parse", "HEAD").strip()
    used = {"repo": str(ours), "rev": commit, "hooks": [{"id": name}]}
    (theirs / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [used]}), encoding="utf-8")
    git(theirs, "add", "--all")
    return subprocess.run(
        [str(Path(sys.executable).with_name("pre-commit")), "run", name, "--all-files"],
        cwd=theirs,
        env={**os.environ, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment it makes: once for all hooks."""
    return tmp_path_factory.mktemp("pre-commit")


def test_validate_passes_right_files_and_stops_wrong_ones(checkout: Path, ours: Path, home: Path) -> None:
    theirs = checkout / "esp"
    git(theirs, "init", "-q")
    planted(theirs, mark := checkout / "ran")
    ended = hook("reconciler-validate", ours, theirs, home)
    assert not mark.exists(), mark.read_text(encoding="utf-8")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"reconciler validate\.+Passed", ended.stdout)
    path = theirs / "tenants.d" / "eu.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Growth", "Growht"), encoding="utf-8")
    ended = hook("reconciler-validate", ours, theirs, home)
    assert ended.returncode == 1
    assert 'did you mean "Growth"?' in ended.stdout
    assert "tenants.d/eu.yaml:3" in ended.stdout


@pytest.mark.skipif("fmt" not in COMMANDS, reason="this reconciler has no fmt")
def test_fmt_passes_what_is_in_order_and_puts_the_rest_in_order(checkout: Path, ours: Path, home: Path) -> None:
    theirs = checkout / "esp"
    git(theirs, "init", "-q")
    hook("reconciler-fmt", ours, theirs, home)  # in order from here on
    path = theirs / "tenants.d" / "eu.yaml"
    in_order = path.read_text(encoding="utf-8")
    ended = hook("reconciler-fmt", ours, theirs, home)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    path.write_text("ops@acme.example:\n  package: Growth\n  name: Acme\n", encoding="utf-8")
    assert hook("reconciler-fmt", ours, theirs, home).returncode == 1
    assert path.read_text(encoding="utf-8") == in_order


def test_the_hooks_look_at_our_files_and_at_no_others() -> None:
    for told in yaml.safe_load(HOOKS.read_text(encoding="utf-8")):
        looks = re.compile(told["files"])
        for name in ("reconciler.yaml", "esp/reconciler.yaml", "packages.d/a.yaml", "esp/tenants.d/eu/b.yml"):
            assert looks.search(name), name
        for name in ("README.md", "packages.d/a.yaml.bak", "mypackages.d/a.yaml", "other.yaml", "roles.d/notes.txt"):
            assert not looks.search(name), name
        assert told["entry"].split()[0] == "reconciler"
        assert told["pass_filenames"] is False
