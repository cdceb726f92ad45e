"""Of thousands of complaints of one code 200 are told and the rest is counted, in every output."""

from __future__ import annotations

import json

import pytest

from reconciler.cli.output import REPORTS
from reconciler.kinds import KINDS
from reconciler.model.finding import MOST_ALIKE, Finding, Severity, limited, rest
from reconciler.model.ref import Origin, Ref
from reconciler.report.plan_file import dumps, parse_plan, plan_document, seal
from reconciler.report.text import drift_text, findings_text, plan_text
from reconciler.report.topic import Frame, topic_of_drift, topic_of_files, topic_of_plan
from reconciler.workflow.schemas import findings_json
from tests.support.report_plans import GROWTH, delta, plan, update

MANY = 5_000


def many(severity: Severity = Severity.ERROR, code: str = "unknown-field") -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=code,
            message=f"complaint number {number}",
            severity=severity,
            ref=Ref("tenant", f"user{number}@x.example"),
            origin=Origin("tenants.d/t.yaml", number + 1),
            at_files=severity is Severity.ERROR,
        )
        for number in range(MANY)
    )


def test_the_first_are_told_and_the_rest_is_counted_once() -> None:
    found = list(limited((*many(), *many(Severity.WARNING))))
    assert len(found) == 2 * (MOST_ALIKE + 1)
    assert [finding.weight for finding in found[-2:]] == [MANY - MOST_ALIKE] * 2
    assert found[-2].blocks
    assert not found[-1].blocks
    assert sum(finding.weight for finding in found) == 2 * MANY


def test_limited_again_nothing_is_lost() -> None:
    once = tuple(limited(many()))
    assert tuple(limited(once)) == once
    assert [finding.more for finding in limited((*once, rest(once[0], 7))) if finding.is_rest] == [
        MANY - MOST_ALIKE + 7
    ]


def test_what_a_change_is_about_is_kept() -> None:
    spared = frozenset(finding.ref for finding in many() if finding.ref)
    assert tuple(limited(many(), spared)) == many()


def test_text_and_json_of_files() -> None:
    said = findings_text(many())
    assert said.count("complaint number") == MOST_ALIKE
    assert "4,800 more of this code are not listed" in said
    assert said.endswith("5,000 errors")
    assert len(json.dumps(findings_json(topic_of_files(many()).findings))) < 100_000


@pytest.mark.parametrize("form", sorted(REPORTS))
@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.LEFT_OUT, Severity.WARNING])
def test_every_report(form: str, severity: Severity) -> None:
    frame = Frame(vocabulary=KINDS, masked=False, token="t" * 32)
    full = plan(findings=many(severity, "left-out"))
    topics = [topic_of_plan(full)]
    topics += [topic_of_files(many(severity))] if severity is not Severity.LEFT_OUT else [topic_of_drift(full, KINDS)]
    for topic in topics:
        text = REPORTS[form].load()(topic, frame)
        assert text.count("complaint number") <= 3 * MOST_ALIKE
        assert len(text) < 600_000


def test_a_plan_in_words_counts_all_of_them() -> None:
    full = plan(findings=many(Severity.LEFT_OUT, "left-out"))
    for show in (plan_text, drift_text):
        said = show(full, vocabulary=KINDS, masked=False)
        assert said.count("complaint number") == MOST_ALIKE
        assert "Left out  5,000" in said
        assert "4,800 more of this code are not listed" in said


def test_a_plan_file_holds_200_of_those_that_are_about_no_change() -> None:
    change = update(GROWTH, delta("setup_guide", True, False))
    blocking = Finding(code="drift", message="it was changed", ref=GROWTH)
    full = plan(change, findings=(blocking, *many(Severity.WARNING, "left-out")))
    text = dumps(seal(plan_document(full, meta={}), None))
    assert text.count("complaint number") == MOST_ALIKE
    again = parse_plan(text, None)
    assert again.findings == tuple(limited(full.findings))
    assert dumps(seal(plan_document(again, meta={}), None)) == text
    assert again.blocked == (blocking,)
