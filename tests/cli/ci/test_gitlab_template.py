"""The GitLab template: its scripts run in a shell with the reconciler on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.cli.ci.pull_requests import planted
from tests.support import REPOSITORY

TEMPLATE = REPOSITORY / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """What pip would have installed."""
    program = tmp_path / "checkout.reconciler" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def jobs() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    return {name: {**told[job["extends"]], **job} for name, job in told.items() if "extends" in job}


def run(name: str, checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The job's lines in one shell, as a runner does; those that install are left out."""
    job = jobs()[name]
    prepared = [line for line in job["before_script"] if "venv" not in line and " pip " not in line]
    assert len(prepared) == len(job["before_script"]) - 2
    environ = {
        **os.environ,
        **job["variables"],
        "CI_PROJECT_DIR": str(checkout),
        "RECONCILER_FOLDER": "esp",
        **variables,
    }
    script = "\n".join(["set -eo pipefail", *prepared, *job["script"]])
    return subprocess.run(
        ["bash", "-c", script], cwd=checkout, env=environ, capture_output=True, text=True, timeout=300, check=False
    )


def reported(name: str, checkout: Path) -> dict[str, Path]:
    """What the job says it leaves behind."""
    artifacts = jobs()[name]["artifacts"]
    found = {kind: checkout / path for kind, path in artifacts["reports"].items()}
    return found | {path: checkout / path for path in artifacts.get("paths", ())}


def edit(checkout: Path, before: str, after: str) -> None:
    path = checkout / "esp" / "packages.d" / "packages.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.torture
def test_validate_leaves_its_reports_also_when_it_fails(checkout: Path, program: Path) -> None:
    edit(checkout, "25000", "many")
    assert run("reconciler-validate", checkout).returncode == 1
    left = reported("reconciler-validate", checkout)
    assert ET.parse(left["junit"]).getroot().attrib["failures"] == "1"
    (entry,) = json.loads(left["codequality"].read_text(encoding="utf-8"))
    assert entry["location"] == {"path": "esp/packages.d/packages.yaml", "lines": {"begin": 4}}


def test_plan_feeds_the_widget_and_apply_runs_that_plan(checkout: Path, program: Path) -> None:
    edit(checkout, "25000", "20000")
    ended = run("reconciler-plan", checkout, RECONCILER_TARGET="esp")
    assert ended.returncode == 0, ended.stderr
    left = reported("reconciler-plan", checkout)
    assert json.loads(left["terraform"].read_text(encoding="utf-8")) == {"create": 0, "update": 1, "delete": 0}
    assert all(path.is_file() for path in left.values())
    ended = run("reconciler-apply", checkout)
    assert ended.returncode == 0, ended.stderr
    assert "updated package Growth" in ended.stdout


@pytest.mark.torture
def test_a_blocked_plan_fails_and_is_reported(checkout: Path, program: Path) -> None:
    edit(checkout, "Growth:", "Grown:")
    assert run("reconciler-plan", checkout).returncode == 3
    left = reported("reconciler-plan", checkout)
    assert "in-use" in {entry["check_name"] for entry in json.loads(left["codequality"].read_text(encoding="utf-8"))}
    assert jobs()["reconciler-plan"]["artifacts"]["when"] == "always"


@pytest.mark.torture
def test_a_plan_file_is_no_part_of_the_work_tree(checkout: Path, program: Path) -> None:
    assert "git does not ignore it" not in run("reconciler-plan", checkout).stderr


@pytest.mark.torture
def test_no_variable_is_run_as_a_script(checkout: Path, program: Path) -> None:
    nasty = '$(touch owned)"; touch owned; "'
    assert run("reconciler-plan", checkout, RECONCILER_TARGET=nasty).returncode == 1
    assert run("reconciler-apply", checkout, RECONCILER_TARGET=nasty).returncode == 1
    assert not list(checkout.rglob("owned"))


@pytest.mark.torture
def test_no_job_runs_what_is_checked_out(checkout: Path, program: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    careless = planted(checkout, mark)
    planted(checkout / "esp", mark)
    for name in ("reconciler-validate", "reconciler-plan", "reconciler-apply"):
        ended = run(name, checkout, **careless)
        assert ended.returncode == 0, ended.stderr
    assert not mark.exists(), mark.read_text(encoding="utf-8")


def test_an_apply_waits_for_a_person_and_for_its_turn() -> None:
    job = jobs()["reconciler-apply"]
    assert [rule["when"] for rule in job["rules"]] == ["manual"]
    assert job["resource_group"]
    assert job["interruptible"] is False
    assert "reconciler-plan" in job["needs"]
