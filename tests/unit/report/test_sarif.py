"""SARIF 2.1.0: the parts that code scanning reads, held against the rules of the format."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator

from reconciler import __version__
from reconciler.kinds import KINDS
from reconciler.model.finding import CODES, Finding, Severity
from reconciler.model.ref import Origin, Ref
from reconciler.report.formats import sarif
from reconciler.report.topic import Topic, topic_of_drift, topic_of_files, topic_of_plan
from tests.support.hostile_plans import FRAME, names, plan_of
from tests.support.report_plans import plan, the_design_plan

TEXT = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}},
    "required": ["text"],
    "additionalProperties": False,
}


def exactly(**properties: Any) -> dict[str, Any]:
    """All of these and nothing else: what the format does not know is refused by those who read it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def several(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


LEVEL = {"enum": ["error", "warning", "note", "none"]}
RULE = exactly(id={"type": "string", "minLength": 1}, shortDescription=TEXT)
LOCATION = exactly(
    physicalLocation=exactly(
        artifactLocation=exactly(uri={"type": "string", "pattern": r"^([\w.~!$&'()*+,;=@/-]|%[0-9A-F]{2})+$"}),
        region=exactly(startLine={"type": "integer", "minimum": 1}),
    )
)
RESULT = exactly(
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations=several(LOCATION, minItems=1, maxItems=10),
    partialFingerprints=exactly(primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{64}$"}),
)
INVOCATION = {
    "type": "object",
    "properties": {
        "executionSuccessful": {"type": "boolean"},
        "toolExecutionNotifications": several(exactly(level=LEVEL, message=TEXT)),
    },
    "required": ["executionSuccessful"],
    "additionalProperties": False,
}
RUN = exactly(
    tool=exactly(
        driver=exactly(
            name={"const": "reconciler"},
            version={"const": __version__},
            rules=several(RULE, uniqueItems=True),
        )
    ),
    automationDetails=exactly(id={"type": "string", "pattern": "/$"}),
    invocations=several(INVOCATION, minItems=1, maxItems=1),
    results=several(RESULT, maxItems=5_000),
)
LOG = Draft202012Validator(
    {**exactly(**{"$schema": {"const": sarif.SCHEMA}, "version": {"const": "2.1.0"}, "runs": several(RUN, minItems=1)})}
)


def run_of(topic: Topic) -> dict[str, Any]:
    text = sarif.report(topic, FRAME)
    assert text.isascii()
    document = json.loads(text)
    LOG.validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    marks = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(marks)) == len(marks)
    return run


def test_each_finding_is_a_result_at_its_line_with_its_rule() -> None:
    run = run_of(topic_of_plan(the_design_plan()))
    assert run["automationDetails"]["id"] == "reconciler/plan/"
    first, *others = run["results"]
    assert (first["ruleId"], first["level"]) == ("in-use", "error")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "esp/packages.d/legacy.yaml"},
        "region": {"startLine": 1},
    }
    assert first["message"]["text"].startswith("package/Legacy: 30 users are still on it")
    assert [(result["ruleId"], result["level"]) for result in others] == [
        ("left-out", "warning"),
        ("no-memory", "warning"),
        ("released", "note"),
    ]
    (rule,) = (rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "in-use")
    assert rule["shortDescription"]["text"] == "deleting something that still has users or is still referred to"


def test_nothing_found_is_an_empty_run_so_that_old_alerts_close() -> None:
    assert run_of(topic_of_files((), ["packages.d/a.yaml"]))["results"] == []


def test_drift_is_told_apart_from_what_the_plan_finds() -> None:
    run = run_of(topic_of_drift(the_design_plan(), KINDS))
    assert run["automationDetails"]["id"] == "reconciler/drift/"
    assert [result["ruleId"] for result in run["results"]] == ["drift", "left-out"]


def test_a_complaint_keeps_its_fingerprint_when_its_line_moves() -> None:
    at = [Finding(code="type", message="no number", field="a", origin=Origin("a.yaml", line)) for line in (3, 30)]
    one, other = (run_of(topic_of_files((finding,)))["results"][0] for finding in at)
    assert one["partialFingerprints"] == other["partialFingerprints"]
    assert one["locations"] != other["locations"]


def test_equal_complaints_are_told_apart() -> None:
    finding = Finding(code="type", message="no number", origin=Origin("a.yaml", 3))
    assert len(run_of(topic_of_files((finding, finding, finding)))["results"]) == 3


def test_people_whom_no_file_names_have_no_fingerprint_of_their_own() -> None:
    secret = Finding(code="left-out", message="twice there", ref=Ref("tenant", "eva@beta.example"))
    other = replace(secret, ref=Ref("tenant", "eve@beta.example"))
    one, two = (run_of(topic_of_plan(plan(findings=(finding,))))["results"][0] for finding in (secret, other))
    assert one == two
    assert "eva@" not in json.dumps(one)


def test_past_the_most_that_is_kept_the_gravest_stay_and_the_rest_is_counted() -> None:
    codes = sorted(set(CODES) - {"type"})[:30]
    notes = tuple(
        Finding(code=codes[n % 30], message=f"{n}", severity=Severity.NOTE, origin=Origin("a.yaml", n))
        for n in range(7_000)
    )
    error = Finding(code="type", message="no number", origin=Origin("z.yaml", 1))
    run = run_of(topic_of_files((*notes, error)))
    assert len(run["results"]) == 5_000
    assert run["results"][0]["ruleId"] == "type"
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "2,001 more results are not in this report"


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.torture)])
def test_no_name_makes_a_link_a_placeholder_or_another_document(count: int) -> None:
    for name in names(count):
        for result in run_of(topic_of_plan(plan_of(name)))["results"]:
            text = result["message"]["text"].replace("\\\\", "")
            assert "[" not in text.replace("\\[", "")
            assert "]" not in text.replace("\\]", "")
            assert "{" not in text.replace("{{", "")
            assert "}" not in text.replace("}}", "")
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert unquote(uri).startswith("esp/packages.d/")
