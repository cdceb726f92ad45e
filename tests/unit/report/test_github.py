"""The log, the annotations and the outputs of a step of GitHub Actions, read as the runner reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.kinds import KINDS
from reconciler.model.finding import Finding, Severity
from reconciler.model.ref import Origin, Ref
from reconciler.report.formats import github
from reconciler.report.text import plan_text
from reconciler.report.topic import Topic, topic_of_drift, topic_of_files, topic_of_plan
from tests.support import github_log
from tests.support.hostile_plans import FRAME, names, plan_of
from tests.support.report_plans import PROFESSIONAL, plan, the_design_plan


def many(count: int, severity: Severity) -> tuple[Finding, ...]:
    return tuple(
        Finding(code="type", message=f"no {n}", severity=severity, origin=Origin("tenants.d/a.yaml", n))
        for n in range(1, count + 1)
    )


def read(topic: Topic) -> github_log.Log:
    log = github_log.read(github.report(topic, FRAME))
    assert not log.stopped
    return log


def outputs(topic: Topic) -> dict[str, str]:
    """As the runner reads its file: a name and a delimiter, then lines up to the delimiter."""
    lines = iter(github.outputs(topic, FRAME).split("\n"))
    found = {}
    for line in lines:
        name, joint, delimiter = line.partition("<<")
        assert joint, line
        found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


def test_the_text_for_people_comes_first_and_is_all_there() -> None:
    log = read(topic_of_plan(the_design_plan()))
    assert "\n".join(log.text) == plan_text(the_design_plan(), vocabulary=KINDS, masked=True)


def test_an_annotation_stands_at_the_file_and_line_of_its_finding() -> None:
    (error,) = read(topic_of_plan(the_design_plan())).of("error")
    assert error.properties == {
        "file": "esp/packages.d/legacy.yaml",
        "line": "1",
        "title": "in-use package/Legacy",
    }
    assert error.message.split("\n") == [
        "package/Legacy: 30 users are still on it (28 active, 2 suspended)",
        "ops@acme.example, e…@beta.example, k…@corp.example, 27 more",
        "to delete it: lifecycle: removed, reassign_to: Starter Plan; and change tenants.d/eu.yaml:12",
    ]


def test_a_finding_without_a_place_stands_at_the_line_that_asks_for_the_change() -> None:
    finding = Finding(code="over-limit", message="3 users", ref=PROFESSIONAL, field="sending.monthly_quota")
    (error,) = read(topic_of_plan(replace(the_design_plan(), findings=(finding,)))).of("error")
    assert (error.properties["file"], error.properties["line"]) == ("esp/packages.d/professional.yaml", "6")


def test_what_is_about_no_file_is_shown_at_the_settings_without_a_line() -> None:
    finding = Finding(code="left-out", message="twice there", origin=Origin("customer_group#7"))
    (error,) = read(topic_of_plan(plan(findings=(finding,)))).of("error")
    assert error.properties["file"] == "esp/reconciler.yaml"
    assert "line" not in error.properties


def test_severities_become_the_three_levels() -> None:
    log = read(topic_of_plan(the_design_plan()))
    assert [(c.name, c.properties["title"]) for c in log.commands] == [
        ("error", "in-use package/Legacy"),
        ("warning", "left-out tenant/t…@acme.example"),
        ("warning", "no-memory"),
        ("notice", "released package/Growth"),
    ]


@pytest.mark.parametrize(("count", "shown"), [(9, 9), (10, 10), (2_000, 10)])
def test_a_level_has_nine_annotations_and_a_count(count: int, shown: int) -> None:
    findings = (*many(count, Severity.ERROR), *many(count, Severity.WARNING), *many(count, Severity.LEFT_OUT))
    log = read(topic_of_files(findings))
    assert len(log.of("error")) == shown
    if count > 9:
        assert log.of("error")[-1].message.startswith(f"and {count - 9:,} more;")
        assert len(log.of("warning")) == 10
        assert log.of("warning")[-1].message.startswith(f"and {2 * count - 9:,} more;")


def test_drift_is_an_annotation_at_each_field_that_drifted() -> None:
    log = read(topic_of_drift(the_design_plan(), KINDS))
    (error,) = log.of("error")
    assert error.properties["file"] == "esp/tenants.d/a.yaml"
    assert error.message == (
        "tenant/ops@acme.example: overrides: sending.daily_limit git 25,000 · database 40,000 · less service (−38 %)"
    )


def test_what_looks_escaped_is_shown_as_it_was_written() -> None:
    finding = Finding(code="type", message="50 %0A off, %25: a", ref=Ref("package", "A%2CB"))
    (error,) = read(topic_of_files((finding,))).of("error")
    assert error.message == "package/A%2CB: 50 %0A off, %25: a"
    assert error.properties["title"] == "type package/A%2CB"


def test_files_that_are_right_are_said_to_be() -> None:
    log = read(topic_of_files((), ["packages.d/a.yaml"]))
    assert (log.text, log.commands) == (["The files are right."], [])


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.torture)])
def test_no_name_is_a_command_to_the_runner(count: int) -> None:
    for name in names(count):
        log = read(topic_of_plan(plan_of(name)))
        assert [(c.name, list(c.properties)) for c in log.commands] == [
            ("error", ["file", "line", "title"]),
            ("warning", ["file", "line", "title"]),
            ("notice", ["file", "line", "title"]),
        ], name
        assert all(c.properties["line"] == "3" for c in log.commands)


def test_without_a_token_nothing_is_written() -> None:
    bare = replace(FRAME, token="")
    for told in (github.report, github.outputs):
        with pytest.raises(ValueError):
            told(topic_of_plan(the_design_plan()), bare)


def test_a_step_has_the_verdict_and_the_counts_as_outputs() -> None:
    assert outputs(topic_of_plan(the_design_plan())) == {
        "verdict": "Plan: 1 to create, 3 to update, 1 to delete (1 blocked); 57 unchanged, 12 unmanaged, 2 adopted, "
        "1 released.",
        "errors": "1",
        "warnings": "2",
        "changes": "5",
        "create": "1",
        "update": "3",
        "delete": "1",
        "blocked": "true",
    }


def test_outputs_about_files_have_no_counts_of_changes() -> None:
    findings = many(2, Severity.ERROR)
    assert outputs(topic_of_files(findings)) == {
        "verdict": "The files are wrong: 2 errors.",
        "errors": "2",
        "warnings": "0",
    }


def test_no_name_ends_an_output_early() -> None:
    for name in names(200):
        finding = Finding(code=name, message=name, ref=Ref("package", name))
        assert set(outputs(topic_of_plan(plan(findings=(finding,))))) == set(outputs(topic_of_plan(plan())))
