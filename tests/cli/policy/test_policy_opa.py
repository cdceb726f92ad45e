"""The example policies of docs/examples/opa on our plans: rules in Terraform's shape find what they look for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.policy.rego_engines import ENGINES, installed
from tests.cli.policy.rego_in_python import denied, warned
from tests.support import REPOSITORY

EXAMPLE = REPOSITORY / "docs" / "examples" / "opa"
POLICY = EXAMPLE / "policy"
CASES = REPOSITORY / "tests" / "cases"
TERRAFORM = frozenset({"resource_changes", "resource_drift"})
"""What the rules in Terraform's shape may read."""

SETTINGS = """\
project: test
targets: {esp: {type: native, url: "sqlite:///esp.db"}}
safety: {block: [limit-decrease]}
"""
ROLES = "Marketing: {}\nOld: {}\n"
PACKAGES = """\
Growth: {role: Marketing, sending: {monthly_quota: 250000, daily_limit: 9000}}
One: {role: Marketing}
Two: {role: Marketing}
"""
SMALLER = "Growth: {role: Marketing, sending: {monthly_quota: 200000, daily_limit: 9000}}\n"


def reconciler(folder: Path, *arguments: str) -> int:
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120
    ).returncode


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan file of a real run: two packages and a role go, a quota shrinks, somebody was there by hand."""
    folder = tmp_path_factory.mktemp("policy")
    for name, text in {
        "reconciler.yaml": SETTINGS,
        "roles.d/all.yaml": ROLES,
        "packages.d/all.yaml": PACKAGES,
        "tenants.d/all.yaml": "ops@acme.example: {package: Growth}\n",
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert reconciler(folder, "database", "create") == 0
    assert reconciler(folder, "apply", "--yes") == 0
    by_hand = "import sqlite3; c = sqlite3.connect('esp.db'); c.execute(\"UPDATE esp_package SET \
sending_daily_limit = 1 WHERE name = 'Growth'\"); c.commit()"
    subprocess.run([sys.executable, "-c", by_hand], cwd=folder, check=True)
    (folder / "packages.d/all.yaml").write_text(SMALLER, encoding="utf-8")
    (folder / "roles.d/all.yaml").write_text("Marketing: {}\n", encoding="utf-8")
    lifted = ("--allow", "limit-decrease", "--reason", "agreed")
    assert reconciler(folder, "plan", "--out", "plan.json", *lifted) == 0
    return folder / "plan.json"


def read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_rules_find_what_they_are_written_for(saved: Path) -> None:
    plan = read(saved)
    assert denied(plan) == [
        "--allow limit-decrease: the reason begins with a ticket, as in OPS-12",
        "3 objects would be deleted; at most 2 in one plan",
        "package/Growth takes service away and has no note: write the ticket into `note`",
        "package/Growth: the monthly quota is not lowered for running contracts",
        "package/One takes service away and has no note: write the ticket into `note`",
        "package/Two takes service away and has no note: write the ticket into `note`",
        "role/Old takes service away and has no note: write the ticket into `note`",
        "role/Old: roles are deleted by the security team alone",
    ]
    assert warned(plan) == ["package/Growth was changed by hand; the plan takes that back"]


def test_a_plan_that_does_no_harm_passes() -> None:
    plan = read(CASES / "update" / "limit_up" / "plan.json")
    assert (denied(plan), warned(plan)) == ([], [])


def test_the_terraform_rules_read_nothing_but_what_terraform_has() -> None:
    text = (POLICY / "terraform.rego").read_text(encoding="utf-8")
    assert set(re.findall(r"\binput\.(\w+)", text)) == TERRAFORM
    assert set(re.findall(r"\bchange\.(\w+)", text)) == {"type", "address", "change", "actions", "before", "after"}


@pytest.mark.parametrize("engine", ENGINES)
def test_rego_says_the_same(engine: str, saved: Path) -> None:
    if not installed(engine):
        pytest.skip(f"{engine} is not installed")
    chosen = [
        saved,
        CASES / "update" / "limit_up" / "plan.json",
        CASES / "guards" / "moved_to_less_lifted" / "plan.json",
        CASES / "drift" / "value" / "plan.json",
        CASES / "display" / "everything_at_once" / "plan.json",
    ]
    for path in chosen:
        plan = read(path)
        assert ENGINES[engine](POLICY, path) == (denied(plan), warned(plan)), path


def test_the_example_says_how_it_is_run() -> None:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert "conftest test plan.json --policy policy" in text
    assert {path.name for path in POLICY.glob("*.rego")} <= set(re.findall(r"`policy/([\w.]+)`", text))
