"""GitLab's code quality report: each finding at its line in the merge request, told apart by its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.model.finding import Severity
from reconciler.report.remarks import Remark, remarks
from reconciler.report.topic import Frame, Topic

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
