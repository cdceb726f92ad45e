"""SARIF 2.1.0: what code scanning shows at the lines of a pull request.

GitHub keeps 5,000 results of a run and refuses 25,000; past the first the report says how many are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.model.finding import CODES, Severity
from reconciler.report.topic import Frame, Remark, Topic, remarks

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST = 5_000
"""Results of one run."""
_LEVELS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.LEFT_OUT: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def report(topic: Topic, frame: Frame) -> str:
    """One run with a rule for each code that speaks, in ASCII. The gravest are kept where there are too many."""
    found = remarks(topic, frame)
    kept = [remark for remark in found if remark.weight == 1][:_MOST]
    codes = sorted({remark.code for remark in kept})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "reconciler", "version": __version__, "rules": list(map(_rule, codes))}},
        # What is found by one command must not close the alerts of another.
        "automationDetails": {"id": f"reconciler/{topic.command}/"},
        "invocations": [_invocation(sum(remark.weight for remark in found) - len(kept))],
        "results": _results(kept, codes),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _rule(code: str) -> dict[str, Any]:
    known = CODES.get(code)
    return {"id": code, "shortDescription": {"text": known.meaning if known else code}}


def _invocation(left: int) -> dict[str, Any]:
    told: dict[str, Any] = {"executionSuccessful": True}
    if left:
        text = f"{left:,} more results are not in this report"
        told["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return told


def _results(found: Sequence[Remark], codes: Sequence[str]) -> list[dict[str, Any]]:
    numbers = {code: number for number, code in enumerate(codes)}
    return [
        {
            "ruleId": remark.code,
            "ruleIndex": numbers[remark.code],
            "level": _LEVELS[remark.severity],
            "message": {"text": _unlinked(remark.text)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(remark.path)},
                        "region": {"startLine": remark.line},
                    }
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": remark.mark},
        }
        for remark in found
    ]


def _unlinked(text: str) -> str:
    """In a message `[text](target)` is a link and `{0}` a placeholder (SARIF 3.11.5, 3.11.6): a name makes neither."""
    escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return escaped.replace("{", "{{").replace("}", "}}")
