"""The reports for other programs, asked for on the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reconciler.cli.output import FORMATS, REPORTS
from tests.support import github_log
from tests.support.repository import Cli, Place

HAND_EDIT = "UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Growth'"
OF_PLANS = sorted(REPORTS)
OF_FILES = sorted(form for form, report in REPORTS.items() if report.of_files)


@pytest.mark.parametrize("form", OF_PLANS)
def test_plan_show_and_drift_have_every_report(cli: Cli, place: Place, form: str) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan", "--out", "plan.json")
    for command in (["plan"], ["show", "plan.json"], ["drift"]):
        ended = cli(*command, "--output", form, "--quiet")
        assert (ended.code, bool(ended.out)) == (0, True), ended.err


@pytest.mark.parametrize("form", OF_FILES)
def test_validate_has_every_report_that_can_be_made_of_files(cli: Cli, bare: Place, form: str) -> None:
    assert cli("validate", "--output", form).code == 0
    bare.replace("packages.d/packages.yaml", "25000", "many")
    ended = cli("validate", "--output", form)
    assert ended.code == 1
    assert ended.out


def test_what_needs_a_plan_is_refused_by_validate(cli: Cli, bare: Place) -> None:
    ended = cli("validate", "--output", "gitlab")
    assert (ended.code, ended.out) == (64, "")
    assert "this command has no gitlab output" in ended.err


def test_show_makes_the_report_that_plan_made(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    made = cli("plan", "--output", "sarif", "--output", "json=plan.json").out
    assert cli("show", "plan.json", "--output", "sarif").out == made


def test_several_reports_come_from_one_run(cli: Cli, place: Place) -> None:
    place.sql(HAND_EDIT)
    ended = cli("drift", "--output", "junit=a.xml", "--output", "gitlab-quality=a.json", "--output", "gitlab=w.json")
    assert ended.code == 2
    assert ended.out.startswith("reconciler drift")
    assert ET.parse(place.folder / "a.xml").getroot().attrib["failures"] == "1"
    assert json.loads((place.folder / "a.json").read_text())[0]["check_name"] == "drift"
    assert json.loads((place.folder / "w.json").read_text())["update"] == 1


def test_a_plan_that_the_files_stop_is_reported_all_the_same(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "many")
    ended = cli("plan", "--output", "github", "--output", "junit=a.xml", "--out", "plan.json")
    assert ended.code == 1
    (error,) = github_log.read(ended.out).of("error")
    assert error.properties["line"] == "8"
    assert ET.parse(place.folder / "a.xml").getroot().attrib["failures"] == "1"
    assert not (place.folder / "plan.json").exists()
    assert "error[type]" in ended.err


def test_a_plan_that_the_files_stop_says_nothing_on_stdout_unasked(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "many")
    assert cli("plan").out == ""
    assert cli("plan", "--output", "junit=a.xml").out == ""


def test_places_are_seen_from_the_root_of_the_repository(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    place.sql(HAND_EDIT)
    config = str(place.folder / "reconciler.yaml")
    for folder in (place.folder, tmp_path):
        monkeypatch.chdir(folder)
        (entry,) = json.loads(cli("drift", "-c", config, "--output", "gitlab-quality").out)
        assert entry["location"]["path"] == f"{place.folder.name}/packages.d/packages.yaml"


def test_github_s_files_of_the_step_are_added_to(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    for path, name in ((outputs, "GITHUB_OUTPUT"), (summary, "GITHUB_STEP_SUMMARY")):
        path.write_text("before\n", encoding="utf-8")
        monkeypatch.setenv(name, str(path))
    place.replace("packages.d/packages.yaml", "25000", "30000")
    cli("plan")
    assert outputs.read_text(encoding="utf-8") == "before\n"
    cli("plan", "--output", "github")
    assert outputs.read_text(encoding="utf-8").startswith("before\nverdict<<")
    assert summary.read_text(encoding="utf-8").startswith("before\n")
    assert "package/Growth" in summary.read_text(encoding="utf-8")


def test_each_run_has_a_token_of_its_own(cli: Cli, place: Place) -> None:
    tokens = {cli("plan", "--output", "github").out.partition("\n")[0] for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) == len("::stop-commands::") + 32 for token in tokens)


@pytest.mark.parametrize("form", [form for form in OF_PLANS if not form.startswith("github")])
def test_the_same_plan_gives_the_same_bytes(cli: Cli, place: Place, form: str) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert len({cli("plan", "--output", form).out for _ in range(3)}) == 1


def test_a_format_that_is_nearly_one_is_named(cli: Cli, bare: Place) -> None:
    ended = cli("validate", "--output", "serif")
    assert ended.code == 64
    assert 'did you mean "sarif"?' in ended.err
    assert all(form in ended.err for form in FORMATS)


def test_people_are_masked_in_every_report_also_on_a_terminal(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.folder / "tenants.d" / "eu.yaml").unlink()
    place.replace("packages.d/packages.yaml", "Growth:", "Grown:")
    for form in OF_PLANS:
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout.isatty", lambda: True, raising=False)
            ended = cli("plan", "--output", form, "--only", "package/*")
        assert ended.code == 3
        assert "ops@acme.example" not in ended.out, form
    assert "o…@acme.example" in cli("plan", "--output", "junit", "--only", "package/*").out


@pytest.mark.parametrize("arguments", [["apply", "--yes"], ["apply", "plan.json"], ["revert", "RUN", "--yes"]])
def test_a_report_that_an_apply_does_not_have_is_refused_before_the_apply(
    cli: Cli, place: Place, arguments: list[str]
) -> None:
    run = str(json.loads(cli("history", "--json").out)[0]["id"])
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("plan", "--out", "plan.json").code == 0
    ended = cli(*(run if word == "RUN" else word for word in arguments), "--output", "sarif")
    assert (ended.code, ended.out) == (64, "")
    assert "this command has no sarif output" in ended.err
    assert place.live_limit() == 25000
    assert len(json.loads(cli("history", "--json").out)) == 1


@pytest.mark.parametrize("command", [["list", "role"], ["history"], ["doctor"], ["validate"]])
def test_a_report_that_a_command_does_not_have_leaves_no_other_behind(
    cli: Cli, place: Place, command: list[str]
) -> None:
    ended = cli(*command, "--output", "json=a.json", "--output", "gitlab=b.json")
    assert (ended.code, ended.out) == (64, "")
    assert not (place.folder / "a.json").exists()


@pytest.mark.parametrize("second", ["sarif=a", "sarif=./a"])
def test_two_reports_do_not_share_a_file(cli: Cli, place: Place, second: str) -> None:
    ended = cli("plan", "--output", "markdown=a", "--output", second)
    assert ended.code == 64
    assert "markdown and sarif want one file" in ended.err
    assert not (place.folder / "a").exists()
    assert cli("plan", "--out", "plan.json", "--output", "json=plan.json").code == 0


def test_the_choices_of_an_argument_are_shown_as_a_list(cli: Cli) -> None:
    ended = cli("completion")
    assert ended.code == 64
    assert "\n    bash,\n    zsh," in ended.err
