"""The outputs of a GitHub Actions step: `name<<DELIMITER`, the value, the delimiter. Later steps read them by name."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Severity
from reconciler.report.tally import tally
from reconciler.report.topic import Frame, Topic


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
