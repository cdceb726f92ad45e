"""The example workflows, the action and the GitLab template: what they are made of, and what they must not be."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds import KINDS
from tests.support import REPOSITORY

ACTION = REPOSITORY / "action.yml"
PLAN, APPLY = (REPOSITORY / "docs" / "examples" / "github" / name for name in ("plan.yml", "apply.yml"))
GITLAB = REPOSITORY / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"
BIN = Path(sys.executable).parent


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # `on` stays a word
    return found


def asked(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=REPOSITORY)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-actions", ACTION), ("github-workflows", PLAN), ("github-workflows", APPLY), ("gitlab-ci", GITLAB)],
    ids=lambda it: it if isinstance(it, str) else it.name,
)
def test_it_has_the_shape_that_its_service_publishes(schema: str, path: Path) -> None:
    packaged = files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{schema}.json"
    assert packaged.is_file()
    asked(str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(path))


def test_an_auditor_of_workflows_finds_nothing() -> None:
    asked(str(BIN / "zizmor"), "--offline", "--no-config", "--persona=pedantic", *map(str, (ACTION, PLAN, APPLY)))


@pytest.mark.parametrize("path", [ACTION, PLAN, APPLY], ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", each)] == []


@pytest.mark.parametrize("path", [PLAN, APPLY], ids=lambda path: path.name)
def test_inputs_of_the_action_are_those_it_has(path: Path) -> None:
    known = read(ACTION)["inputs"]
    given = [
        step["with"] for job in read(path)["jobs"].values() for step in job["steps"] if "/reconciler@" in step["uses"]
    ]
    assert given
    assert [name for each in given for name in each if name not in known] == []


@pytest.mark.parametrize("path", [PLAN, APPLY], ids=lambda path: path.name)
def test_a_job_has_no_right_that_it_does_not_name(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert all(job["permissions"]["contents"] == "read" for job in workflow["jobs"].values())
    rights = {name: right for job in workflow["jobs"].values() for name, right in job["permissions"].items()}
    written = [name for name, right in rights.items() if right != "read"]
    assert written == (["pull-requests"] if path == PLAN else [])


def test_the_plan_of_a_pull_request_reads_with_an_account_that_can_only_read() -> None:
    workflow = read(PLAN)
    assert list(workflow["on"]) == ["pull_request"]  # never pull_request_target: a fork would read the secrets
    text = PLAN.read_text(encoding="utf-8")
    assert re.findall(r"RECONCILER_DATABASE_URL: (.*)", text) == ["${{ secrets.RECONCILER_READ_ONLY_URL }}"]
    assert "head.repo.full_name == github.repository" in workflow["jobs"]["plan"]["if"]
    assert "env" not in workflow["jobs"]["validate"]


def test_applies_run_one_at_a_time_and_are_never_cut_off() -> None:
    workflow = read(APPLY)
    assert workflow["concurrency"] == {"group": "apply-production", "cancel-in-progress": "false"}
    assert workflow["jobs"]["apply"]["environment"] == "production"
    assert read(APPLY)["on"]["push"]["paths"] == read(PLAN)["on"]["pull_request"]["paths"]


def test_the_workflows_look_at_every_folder_of_files() -> None:
    folders = {f"{kind.folder}/**" for kind in KINDS}
    assert {"reconciler.yaml", *folders} == set(read(PLAN)["on"]["pull_request"]["paths"])


def test_what_runs_with_the_secrets_is_approved_by_its_owners() -> None:
    guide = (REPOSITORY / "docs" / "guides" / "pull-requests.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"```text file=\.github/CODEOWNERS\n(.*?)```", guide, re.DOTALL)
    owners = [line.split() for line in listed.splitlines()]

    def owner(path: str) -> str:
        """The last line that fits decides."""
        fits = [who for what, who in owners if what == "*" or f"/{path}".startswith(what)]
        return fits[-1] if fits else ""

    ours = "reconciler.yaml", ".github/workflows/apply.yml", ".github/CODEOWNERS", ".github/actions/plan/action.yml"
    others = "action.yml", "requirements-runtime.lock", ".pre-commit-config.yaml", ".gitattributes", ".gitlab-ci.yml"
    assert {owner(path) for path in (*ours, *others)} == {"@your-organisation/platform"}
    assert owner("packages.d/a.yaml") == "@your-organisation/billing"


def test_plan_and_apply_mean_the_same_artifact() -> None:
    environments = {
        step["with"]["environment"]
        for path in (PLAN, APPLY)
        for job in read(path)["jobs"].values()
        for step in job["steps"]
        if step.get("with", {}).get("command") in ("plan", "apply")
    }
    assert len(environments) == 1
