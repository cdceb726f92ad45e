"""GitLab's plan widget and code quality report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.change import Delete
from reconciler.model.finding import Finding
from reconciler.model.ref import Origin, Ref
from reconciler.report.formats import gitlab
from reconciler.report.topic import Topic, topic_of_drift, topic_of_files, topic_of_plan
from tests.support.hostile_plans import FRAME, names, plan_of
from tests.support.report_plans import every_operation, plan, the_design_plan


def widget(topic: Topic) -> Any:
    return json.loads(gitlab.report(topic, FRAME))


def quality(topic: Topic) -> list[dict[str, Any]]:
    text = gitlab.quality(topic, FRAME)
    assert text.isascii()
    entries: list[dict[str, Any]] = json.loads(text)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith(("/", "./"))
        assert entry["location"]["lines"]["begin"] >= 1
    assert len({entry["fingerprint"] for entry in entries}) == len(entries), "later ones would vanish"
    return entries


def test_the_widget_has_its_three_counts() -> None:
    assert widget(topic_of_plan(the_design_plan())) == {"create": 1, "update": 3, "delete": 1}


def test_a_plan_without_changes_has_them_too() -> None:
    assert widget(topic_of_plan(plan())) == {"create": 0, "update": 0, "delete": 0}


def test_a_rename_and_a_move_are_updates_and_to_forget_is_no_change() -> None:
    assert widget(topic_of_plan(every_operation())) == {"create": 1, "update": 3, "delete": 1}


def test_a_count_has_six_digits_at_most() -> None:
    gone = Delete(ref=Ref("package", "A"), before={})
    assert widget(topic_of_plan(plan(*[gone] * 1_000_001)))["delete"] == 999_999


def test_of_drift_the_widget_counts_what_drifted() -> None:
    assert widget(topic_of_drift(the_design_plan(), KINDS)) == {"create": 0, "update": 1, "delete": 0}


def test_each_finding_stands_at_its_line() -> None:
    first, *others = quality(topic_of_plan(the_design_plan()))
    assert first["location"] == {"path": "esp/packages.d/legacy.yaml", "lines": {"begin": 1}}
    assert (first["check_name"], first["severity"]) == ("in-use", "blocker")
    assert [(entry["check_name"], entry["severity"]) for entry in others] == [
        ("left-out", "major"),
        ("no-memory", "minor"),
        ("released", "info"),
    ]


def test_a_fingerprint_is_the_same_in_the_next_run_and_at_another_line() -> None:
    finding = Finding(code="type", message="no number", origin=Origin("packages.d/a.yaml", 3))
    moved = replace(finding, origin=Origin("packages.d/a.yaml", 7))
    assert quality(topic_of_files((finding,)))[0]["fingerprint"] == quality(topic_of_files((moved,)))[0]["fingerprint"]


def test_equal_findings_are_all_kept() -> None:
    finding = Finding(code="type", message="no number", origin=Origin("packages.d/a.yaml", 3))
    assert len(quality(topic_of_files((finding, finding)))) == 2


def test_nothing_found_is_an_empty_list() -> None:
    assert quality(topic_of_files(())) == []


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.torture)])
def test_names_stay_text(count: int) -> None:
    for name in names(count):
        entries = quality(topic_of_plan(plan_of(name)))
        assert [entry["check_name"] for entry in entries] == ["in-use", "over-limit", "released"]
        assert all(line.isprintable() for entry in entries for line in entry["description"].split("\n"))
