"""The GitHub action: its steps run in a shell, on a real database, with a stand-in for the runner and for the API."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.ci.github_api import BOT, Api
from tests.cli.ci.github_runner import Ended, Runner
from tests.support import REPOSITORY, github_log

pytestmark = pytest.mark.torture

ACTION = REPOSITORY / "action.yml"
HEAD = "beef" * 10


def edit(checkout: Path, name: str, before: str, after: str) -> None:
    path = checkout / "esp" / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def live_limit(checkout: Path) -> object:
    connection = sqlite3.connect(checkout / "esp" / "esp.db")
    try:
        return connection.execute("SELECT sending_daily_limit FROM esp_package WHERE name = 'Growth'").fetchone()[0]
    finally:
        connection.close()


def use(runner: Runner, **given: str) -> Ended:
    return runner.use(ACTION, working_directory="esp", **given)


def plan_on_main(runner: Runner, api: Api, **of_run: Any) -> None:
    """What the pull request left: its plan as an artifact, and that it was merged as the commit at hand."""
    assert use(runner).code == 0
    kept = runner.temp / "reconciler-reviewed"
    shutil.copytree(runner.temp / "reconciler-plan", kept)
    merged = {"number": 7, "merged_at": "2026-11-01", "merge_commit_sha": runner.environ["GITHUB_SHA"]}
    api.merged = [{**merged, "head": {"sha": HEAD}}]
    made = {"id": 99, "repository_id": 1, "head_repository_id": 1, "head_sha": HEAD, **of_run}
    name = "reconciler-plan-default"
    api.artifacts = [{"id": 5, "name": name, "expired": False, "created_at": "2026-11-01", "workflow_run": made}]


def on_push(runner: Runner) -> Runner:
    return replace(runner, github={"event_name": "push"})


@pytest.mark.every_run
def test_a_plan_is_commented_kept_and_told_by_outputs(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    ended = use(runner, environment="production")
    assert ended.code == 0, ended.log
    assert {name: ended.outputs[name] for name in ("exitcode", "changes", "update", "blocked")} == {
        "exitcode": "2",
        "changes": "1",
        "update": "1",
        "blocked": "false",
    }
    assert ended.outputs["verdict"].startswith("Plan: 1 to update;")
    assert json.loads(Path(ended.outputs["plan-file"]).read_text(encoding="utf-8"))["format"] == "reconciler-plan"
    assert ended.used["keep the plan"]["path"] == str(runner.temp / "reconciler-plan")
    assert ended.used["keep the plan"]["name"] == "reconciler-plan-production"
    assert {path.name for path in (runner.temp / "reconciler-plan").iterdir()} == {"plan.json", "plan.md", "plan.html"}
    (comment,) = api.comments
    assert comment["body"].startswith("<!-- reconciler:comment:production -->\n")
    assert "package/Growth" in comment["body"]
    assert "https://github.example/operator/esp/actions/runs/4711" in comment["body"]
    assert "package/Growth" in ended.summary
    assert live_limit(checkout) == 25_000


def test_the_second_plan_edits_the_comment_of_the_first(runner: Runner, checkout: Path, api: Api) -> None:
    for n in range(120):
        api.comment("somebody", f"word {n}")
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    use(runner)
    edit(checkout, "packages.d/packages.yaml", "20000", "15000")
    use(runner)
    (comment,) = (each for each in api.comments if each["user"]["login"] == BOT)
    assert "15,000" in comment["body"]
    assert "20,000" not in comment["body"]


def test_two_environments_have_a_comment_each(runner: Runner, api: Api) -> None:
    use(runner, environment="production")
    use(runner, environment="staging")
    use(runner, environment="production")
    assert [each["body"].partition("\n")[0] for each in api.comments] == [
        "<!-- reconciler:comment:production -->",
        "<!-- reconciler:comment:staging -->",
    ]


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(runner: Runner, api: Api) -> None:
    theirs = api.comment("mallory", "<!-- reconciler:comment:default -->\nall is well")
    assert use(runner).code == 0
    assert theirs["body"].endswith("all is well")
    assert len(api.comments) == 2


def test_a_refused_comment_is_a_warning_and_the_plan_stands(runner: Runner, api: Api) -> None:
    api.forbidden = True
    ended = use(runner)
    assert ended.code == 0
    (warning,) = github_log.read(ended.log).of("warning")
    assert "403" in warning.message


def test_a_server_at_fault_is_asked_again(runner: Runner, api: Api) -> None:
    api.broken = 2
    assert use(runner).code == 0
    assert len(api.comments) == 1


def test_no_comment_where_none_is_wanted(runner: Runner, api: Api) -> None:
    use(runner, comment="false")
    use(on_push(runner))
    assert api.asked == []


def test_a_blocked_plan_fails_the_job_after_all_was_shown(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "Growth:", "Grown:")
    ended = use(runner)
    assert ended.code == 3
    assert ended.outputs["blocked"] == "true"
    assert "in-use" in api.comments[0]["body"]
    errors = github_log.read(ended.log).of("error")
    assert "esp/packages.d/packages.yaml" in {error.properties.get("file") for error in errors}
    assert "keep the plan" in ended.used


def test_wrong_files_are_annotated_and_commented_and_leave_no_plan(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "many")
    ended = use(runner)
    assert ended.code == 1
    (first, *_) = github_log.read(ended.log).of("error")
    assert (first.properties["file"], first.properties["line"]) == ("esp/packages.d/packages.yaml", "4")
    assert ended.outputs["plan-file"] == ""
    assert "keep the plan" not in ended.used
    assert "daily_limit" in api.comments[0]["body"]


def test_where_no_plan_could_be_made_the_comment_says_so(runner: Runner, checkout: Path, api: Api) -> None:
    (checkout / "esp" / "esp.db").unlink()
    ended = use(runner)
    assert ended.code == 1
    assert "**No plan could be made** (exit code 1)" in api.comments[0]["body"]
    assert github_log.read(ended.log).of("error")


def test_validate_needs_no_database(runner: Runner, checkout: Path, api: Api) -> None:
    (checkout / "esp" / "esp.db").unlink()
    ended = use(runner, command="validate")
    assert (ended.code, ended.outputs["exitcode"]) == (0, "0")
    assert api.asked == []


def test_drift_fails_the_job(runner: Runner, checkout: Path) -> None:
    connection = sqlite3.connect(checkout / "esp" / "esp.db")
    connection.execute("UPDATE esp_package SET sending_daily_limit = 1 WHERE name = 'Growth'")
    connection.commit()
    connection.close()
    ended = use(runner, command="drift")
    assert ended.code == 2
    (error,) = github_log.read(ended.log).of("error")
    assert error.properties["line"] == "4"


def test_an_unknown_command_is_refused(runner: Runner) -> None:
    ended = use(runner, command="database create; true")
    assert ended.code == 64
    assert [error.message for error in github_log.read(ended.log).of("error")] == [
        "command is one of plan, apply, validate and drift"
    ]


def test_no_input_is_run_as_a_script(runner: Runner, checkout: Path) -> None:
    nasty = """$(touch "$RUNNER_TEMP/owned")`touch "$RUNNER_TEMP/owned"`"; touch "$RUNNER_TEMP/owned"; '; touch owned"""
    use(runner, target=nasty, environment=nasty, comment_author=nasty, retention_days=nasty, token=nasty)
    use(runner, command="apply", plan_file=nasty)
    use(runner, command=nasty)
    assert not (runner.temp / "owned").exists()
    assert not (checkout / "esp" / "owned").exists()


@pytest.mark.every_run
def test_no_input_is_an_option_of_the_program(runner: Runner) -> None:
    assert use(runner, target="--help").code == 1
    assert use(runner, command="apply", plan_file="--help").code == 1
    assert use(runner, command="--help").code == 64


def test_a_name_in_a_complaint_is_no_command_to_the_runner(runner: Runner, checkout: Path) -> None:
    edit(checkout, "packages.d/packages.yaml", "Spare:\n", '"::error::owned ##[error]x":\n  recipients: many\n')
    for command in ("plan", "validate", "drift"):
        ended = use(runner, command=command)
        log = github_log.read(ended.log)
        assert "##[error]x" in ended.log
        assert log.stopped == ""
        assert not [each for each in log.commands if each.message.startswith("owned") or each.name == "##["]


@pytest.mark.every_run
def test_the_reviewed_plan_is_applied_word_for_word(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    plan_on_main(runner, api)
    ended = use(on_push(runner), command="apply")
    assert ended.code == 0, ended.log
    assert live_limit(checkout) == 20_000
    asked = ended.used["fetch the reviewed plan"]
    assert (asked["run-id"], asked["artifact-ids"]) == ("99", "5")
    assert asked["path"] == str(runner.temp / "reconciler-reviewed")
    assert "updated package Growth" in ended.summary


def test_a_plan_that_the_files_have_left_behind_is_refused(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    plan_on_main(runner, api)
    edit(checkout, "packages.d/packages.yaml", "20000", "15000")
    ended = use(on_push(runner), command="apply")
    assert (ended.code, live_limit(checkout)) == (4, 25_000)
    (error,) = github_log.read(ended.log).of("error")
    assert "no longer fits" in error.message


@pytest.mark.parametrize(
    "of_run",
    [{"head_repository_id": 2}, {"head_sha": "dead" * 10}],
    ids=["a run of a fork", "a run on another head"],
)
def test_no_other_plan_takes_the_place_of_the_reviewed_one(
    runner: Runner, checkout: Path, api: Api, of_run: dict[str, Any]
) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    plan_on_main(runner, api, **of_run)
    ended = use(on_push(runner), command="apply")
    assert (ended.code, live_limit(checkout)) == (1, 25_000)
    assert "has no artifact reconciler-plan-default" in ended.log


def test_a_push_that_merged_nothing_applies_nothing(runner: Runner, checkout: Path, api: Api) -> None:
    plan_on_main(runner, api)
    api.merged[0]["merge_commit_sha"] = "dead" * 10
    ended = use(on_push(runner), command="apply")
    assert ended.code == 1
    assert "no pull request was merged as" in ended.log


def test_the_newest_plan_of_the_head_is_taken(runner: Runner, api: Api) -> None:
    plan_on_main(runner, api)
    older, gone = ({**api.artifacts[0], "id": n} for n in (4, 6))
    api.artifacts += [older | {"created_at": "2026-10-31"}, gone | {"created_at": "2026-11-02", "expired": True}]
    assert use(on_push(runner), command="apply").used["fetch the reviewed plan"]["artifact-ids"] == "5"


def test_a_plan_file_given_by_name_is_applied(runner: Runner, checkout: Path, api: Api) -> None:
    edit(checkout, "packages.d/packages.yaml", "25000", "20000")
    plan_on_main(runner, api)
    kept = (runner.temp / "reconciler-reviewed").rename(runner.temp / "elsewhere") / "plan.json"
    ended = use(on_push(runner), command="apply", plan_file=str(kept))
    assert (ended.code, live_limit(checkout)) == (0, 20_000)
    assert "fetch the reviewed plan" not in ended.used


@pytest.mark.every_run
def test_nothing_is_spliced_into_a_script() -> None:
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
