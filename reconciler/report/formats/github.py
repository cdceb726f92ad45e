"""What a GitHub Actions log understands: the text for people, then annotations at files and lines.

GitHub shows ten of a level a step, so nine are sent and a count. Names could be commands to the runner, so the text
stands where the runner takes none until it reads the token.

The outputs of a GitHub Actions step: `name<<DELIMITER`, the value, the delimiter. Later steps read them by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.finding import Severity
from reconciler.report.text import drift_text, findings_text, plan_text
from reconciler.report.topic import DRIFT, Frame, Remark, Topic, masking_in, remarks, tally

_MOST = 9
"""Annotations of one level; one more tells how many are not shown."""
_LEVELS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.LEFT_OUT: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def report(topic: Topic, frame: Frame) -> str:
    """The text between `stop-commands` and its token, then the annotations. Raises ValueError without a token."""
    if not frame.token:
        raise ValueError("untrusted text needs a token")
    wrapped = [f"::stop-commands::{frame.token}", _words(topic, frame), f"::{frame.token}::"]
    return "\n".join([*wrapped, *_annotations(remarks(topic, frame))])


def message(text: str) -> str:
    """Text escaped as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_value(text: str) -> str:
    """Text escaped as the value of a property of a workflow command."""
    return message(text).replace(":", "%3A").replace(",", "%2C")


def _words(topic: Topic, frame: Frame) -> str:
    if topic.plan is None:
        said = findings_text(topic.findings, masking=masking_in(topic, frame))
        return said or topic.verdict
    show = drift_text if topic.command == DRIFT else plan_text
    return show(topic.plan, vocabulary=frame.vocabulary, masked=frame.masked)


def _annotations(found: Sequence[Remark]) -> Iterator[str]:
    for level in dict.fromkeys(_LEVELS.values()):
        of_level = [remark for remark in found if _LEVELS[remark.severity] == level]
        yield from (_annotation(remark, level) for remark in of_level[:_MOST])
        if len(of_level) > _MOST:
            left = sum(remark.weight for remark in of_level) - _MOST
            rest = f"and {left:,} more; see the log and the summary of this step"
            yield f"::{level} title=reconciler::{rest}"


def _annotation(remark: Remark, level: str) -> str:
    title = f"{remark.code} {remark.about}".strip()
    line = f",line={remark.line}" if remark.placed else ""
    return f"::{level} file={escaped_value(remark.path)}{line},title={escaped_value(title)}::{message(remark.text)}"


def outputs(topic: Topic, frame: Frame) -> str:
    """What `GITHUB_OUTPUT` takes. Raises ValueError without a token: a known delimiter could stand in a value."""
    if not frame.token:
        raise ValueError("a value needs a delimiter that nobody knows")
    return "\n".join(f"{name}<<{frame.token}\n{told}\n{frame.token}" for name, told in _told(topic))


def _told(topic: Topic) -> Iterator[tuple[str, str]]:
    yield "verdict", topic.verdict
    yield "errors", str(sum(finding.weight for finding in topic.findings if finding.severity is Severity.ERROR))
    yield "warnings", str(sum(finding.severity in (Severity.WARNING, Severity.LEFT_OUT) for finding in topic.findings))
    if topic.plan is not None:
        counts = tally(topic)
        yield "changes", str(sum(counts.values()))
        yield from ((name, str(count)) for name, count in counts.items())
        yield "blocked", "true" if topic.plan.blocked else "false"
