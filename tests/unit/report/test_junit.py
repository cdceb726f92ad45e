"""JUnit XML, parsed back."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from reconciler.kinds import KINDS
from reconciler.model.finding import Finding, Severity
from reconciler.model.ref import Origin, Ref
from reconciler.report.formats import junit
from reconciler.report.topic import Topic, topic_of_drift, topic_of_files, topic_of_plan
from tests.support.hostile_plans import FRAME, names, plan_of
from tests.support.report_plans import plan, the_design_plan


def suite_of(topic: Topic) -> ET.Element:
    root = ET.fromstring(junit.report(topic, FRAME).encode())
    (suite,) = root
    cases = suite.findall("testcase")
    for counted in (root, suite):
        assert int(counted.attrib["tests"]) == len(cases)
        assert int(counted.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
    keys = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(set(keys)) == len(keys), "cases of one name are taken for one"
    return suite


def outcomes(topic: Topic) -> dict[str, str]:
    """Case → what it failed for, or nothing."""
    found = {}
    for case in suite_of(topic):
        failure = case.find("failure")
        found[case.attrib["name"]] = "" if failure is None else failure.attrib["type"]
    return found


def test_validate_has_a_case_for_each_file() -> None:
    findings = (
        Finding(code="type", message="no number", origin=Origin("packages.d/b.yaml", 4)),
        Finding(code="range", message="too large", origin=Origin("packages.d/b.yaml", 9)),
        Finding(code="wildcard", message="wide", severity=Severity.WARNING, origin=Origin("roles.d/r.yaml", 2)),
    )
    topic = topic_of_files(findings, ["packages.d/a.yaml", "packages.d/b.yaml", "roles.d/r.yaml"])
    assert outcomes(topic) == {
        "esp/packages.d/a.yaml": "",
        "esp/packages.d/b.yaml": "type, range",
        "esp/roles.d/r.yaml": "",
    }
    failure = suite_of(topic).find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "2 errors"
    assert failure.text == (
        "esp/packages.d/b.yaml:4: error[type] no number\nesp/packages.d/b.yaml:9: error[range] too large"
    )
    assert suite_of(topic).findtext("testcase/system-out") == "esp/roles.d/r.yaml:2: warning[wildcard] wide"


def test_a_folder_is_no_case_but_what_is_wrong_with_it_is_told() -> None:
    finding = Finding(code="unreadable", message="it cannot be read", origin=Origin("packages.d"))
    assert outcomes(topic_of_files((finding,))) == {"esp/reconciler.yaml": "unreadable"}


def test_plan_has_a_case_for_each_change_and_a_refused_one_fails() -> None:
    assert outcomes(topic_of_plan(the_design_plan())) == {
        "package/Scale": "",
        "package/Professional": "",
        "tenant/ops@acme.example": "",
        "tenant/ops@initech.example": "",
        "package/Legacy": "in-use",
        "tenant/t…@acme.example": "",
        "no-memory": "",
        "package/Growth": "",
    }


def test_drift_fails_for_each_object_that_drifted() -> None:
    found = outcomes(topic_of_drift(the_design_plan(), KINDS))
    assert found == {"tenant/ops@acme.example": "drift", "tenant/t…@acme.example": ""}


def test_nothing_to_tell_is_one_case_that_passed() -> None:
    assert outcomes(topic_of_plan(plan())) == {"plan": ""}
    assert outcomes(topic_of_drift(plan(), KINDS)) == {"drift": ""}


def test_people_with_one_mask_share_a_case() -> None:
    findings = tuple(
        Finding(code="left-out", message="twice there", ref=Ref("tenant", f"e{n}@beta.example")) for n in range(3)
    )
    assert outcomes(topic_of_plan(plan(findings=findings))) == {"tenant/e…@beta.example": "left-out"}


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.torture)])
def test_every_name_is_xml_and_nothing_but_text(count: int) -> None:
    for name in names(count):
        suite = suite_of(topic_of_plan(plan_of(name)))
        assert {element.tag for element in suite.iter()} <= {"testsuite", "testcase", "failure", "system-out"}
