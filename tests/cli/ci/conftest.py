"""An operator's repository with a live database, and a job of GitHub Actions that works in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.cli.ci import github_api
from tests.cli.ci.github_runner import Runner

FILES = {
    "reconciler.yaml": "project: test\ntargets:\n  esp:\n    type: native\n    url: sqlite:///esp.db\n",
    "roles.d/roles.yaml": "Marketing:\n  description: Sends\n",
    "packages.d/packages.yaml": (
        "Growth:\n  role: Marketing\n  sending:\n    daily_limit: 25000\nSpare:\n  role: Marketing\n"
    ),
    "tenants.d/eu.yaml": "ops@acme.example:\n  name: Acme\n  package: Growth\n",
}


@pytest.fixture(scope="session")
def applied_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in `esp/` of a git repository, and a database that holds what they say."""
    folder = tmp_path_factory.mktemp("checkout")
    for name, text in FILES.items():
        path = folder / "esp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text("esp.db*\n", encoding="utf-8")
    config = str(folder / "esp" / "reconciler.yaml")
    assert run(["database", "create", "-c", config]) == 0
    assert run(["apply", "--yes", "-q", "-c", config]) == 0
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


@pytest.fixture
def checkout(applied_checkout: Path, tmp_path: Path) -> Path:
    """A copy for one test."""
    return shutil.copytree(applied_checkout, tmp_path / "checkout")


@pytest.fixture
def api() -> Iterator[github_api.Api]:
    """GitHub's REST API."""
    with github_api.served() as api:
        yield api


@pytest.fixture
def runner(checkout: Path, tmp_path: Path, api: github_api.Api) -> Runner:
    """A job for pull request 7, with the reconciler installed already."""
    temp = tmp_path / "runner temp"
    python = temp / "reconciler" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (temp / "reconciler" / ".ready").touch()
    environ = {
        "GITHUB_API_URL": api.address,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": github_api.REPOSITORY_NAME,
        "GITHUB_RUN_ID": "4711",
        "GITHUB_SHA": "c0ffee" * 6 + "c0ff",
    }
    context = {"event_name": "pull_request", "event.pull_request.number": "7"}
    return Runner(folder=checkout, temp=temp, github=context, environ=environ)
