"""The plan widget of a GitLab merge request (`artifacts:reports:terraform`): three counts, and nothing else is read.

GitLab's code quality report: each finding at its line in the merge request, told apart by its fingerprint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.model.finding import Severity
from reconciler.report.topic import Frame, Remark, Topic, remarks, tally

_MOST = 999_999
"""GitLab takes six digits."""


def report(topic: Topic, frame: Frame) -> str:
    """`{"create": 1, "update": 2, "delete": 0}`: all three are always there, the widget needs them."""
    return json.dumps({word: min(count, _MOST) for word, count in tally(topic).items()})


_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "blocker",
    Severity.LEFT_OUT: "major",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
}


def quality(topic: Topic, frame: Frame) -> str:
    """A JSON list with one entry a finding, in ASCII."""
    return json.dumps([_entry(remark) for remark in remarks(topic, frame)], indent=1)


def _entry(remark: Remark) -> dict[str, object]:
    return {
        "description": remark.text,
        "check_name": remark.code,
        "fingerprint": remark.mark,
        "severity": _SEVERITIES[remark.severity],
        "location": {"path": remark.path, "lines": {"begin": remark.line}},
    }
