"""One run of `drift` → metrics for Prometheus' textfile collector. Pure: no clock, no file.

All are gauges, for each run writes the file anew. No label holds a person: kinds, actions, phases and the target's name
are all there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.change import Create, Delete, Operation, Update
from reconciler.model.plan import FORMAT_VERSION, Plan
from reconciler.model.resource import Vocabulary
from reconciler.model.visible import safe_text
from reconciler.report.sections import UNDONE
from reconciler.report.traces import DriftedField

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PREFIX = "reconciler_"
TARGET = "target"


class Metric(NamedTuple):
    """What one gauge says. `labels`: besides the target."""

    help: str
    labels: tuple[str, ...] = ()


SUCCESS = "last_success_timestamp_seconds"
LAST_RUN = "last_run_timestamp_seconds"
EXIT_CODE = "last_run_exit_code"
BUILD = "build_info"
DURATION = "run_duration_seconds"
PENDING = "pending_changes"
DRIFTED = "drifted_objects"
REFUSED = "refused_deletions"
ORPHANED = "orphaned_users"
_MANAGED = "managed_objects"
LOCKED = "lock_held_seconds"

METRICS: Mapping[str, Metric] = {
    SUCCESS: Metric("When the last run that compared everything and told it ended, in seconds since 1970."),
    LAST_RUN: Metric("When the last run ended, in seconds since 1970."),
    EXIT_CODE: Metric("The exit code of the last run: 0 no drift, 2 drift, others an error."),
    DURATION: Metric("How long the last run took, by phase.", ("phase",)),
    PENDING: Metric("Changes of the files that wait to be applied.", ("kind", "action")),
    DRIFTED: Metric("Objects that were changed or deleted behind our back, told before or not.", ("kind",)),
    REFUSED: Metric("Deletions that the files ask for and a guard refuses.", ("kind",)),
    ORPHANED: Metric("Users of something that is not there."),
    _MANAGED: Metric("Objects that this project manages.", ("kind",)),
    LOCKED: Metric("Seconds since an apply began that has not ended; 0 if there is none."),
    BUILD: Metric(
        "Always 1; the labels tell which reconciler runs, and the format of its plans.", ("version", "schema")
    ),
}
OF_THE_RUN = frozenset({LAST_RUN, EXIT_CODE, BUILD, DURATION})
"""What a run that failed says itself; the rest is kept as it was, for a failure is no all-clear."""


class Sample(NamedTuple):
    """One line of the file: the name without its prefix, and the values of its labels in the declared order."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What no plan tells. `orphans`: users of something that is not live; `locked`: seconds since an apply began that
    has not ended."""

    orphans: int = 0
    locked: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended. `time`: seconds since 1970; `phases`: name → seconds."""

    target: str
    code: int
    time: float
    version: str
    phases: Mapping[str, float] = field(default_factory=dict)


def run_samples(ended: Ended) -> list[Sample]:
    """What every run says, also one that failed."""
    return [
        Sample(LAST_RUN, (), ended.time),
        Sample(EXIT_CODE, (), ended.code),
        Sample(BUILD, (ended.version, FORMAT_VERSION), 1),
        *(Sample(DURATION, (phase,), seconds) for phase, seconds in ended.phases.items()),
    ]


def drift_samples(plan: Plan, traces: Iterable[DriftedField], watched: Watched, vocabulary: Vocabulary) -> list[Sample]:
    """What the comparison says. Every kind has its line, also where there is nothing, so that no series comes and
    goes."""
    undone = (Create, Update)
    waiting = [change for change in plan.changes if not (isinstance(change, undone) and change.cause in UNDONE)]
    pending = Counter((change.ref.kind, change.operation) for change in waiting)
    drifted = Counter(ref.kind for ref in {trace.ref for trace in traces})
    blocked = {finding.ref for finding in plan.blocked}
    refused = Counter(c.ref.kind for c in plan.changes if isinstance(c, Delete) and c.ref in blocked)
    samples = [Sample(ORPHANED, (), watched.orphans), Sample(LOCKED, (), watched.locked)]
    for kind in vocabulary.kinds:
        samples += [Sample(PENDING, (kind, each), pending[kind, each]) for each in Operation]
        samples.append(Sample(DRIFTED, (kind,), drifted[kind]))
        samples.append(Sample(REFUSED, (kind,), refused[kind]))
        samples.append(Sample(_MANAGED, (kind,), plan.managed.get(kind, 0)))
    return samples


def succeeded(ended: Ended) -> Sample:
    """The key metric of a job that runs now and then."""
    return Sample(SUCCESS, (), ended.time)


def earlier(text: str) -> dict[str, list[Sample]]:
    """Target → what an earlier file says that a failed run leaves as it was; nothing where it is no such file."""
    from prometheus_client.parser import text_string_to_metric_families  # start-up: only a failed run reads one

    found: dict[str, list[Sample]] = {}
    try:
        for family in text_string_to_metric_families(text):
            name = family.name.removeprefix(PREFIX)
            if family.name == name or name not in METRICS:
                continue
            for sample in family.samples:
                kept = found.setdefault(sample.labels.get(TARGET, ""), [])
                if name not in OF_THE_RUN and isfinite(sample.value):
                    labels = tuple(sample.labels.get(label, "") for label in METRICS[name].labels)
                    kept.append(Sample(name, labels, sample.value))
    except (ValueError, KeyError, IndexError):
        return {}
    return found


def rendered(samples: Sequence[Sample], target: str) -> str:
    """The text of the file: no timestamps, names and labels sorted, and nothing that does anything to a terminal."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # start-up: one command alone needs it

    registry: CollectorRegistry = CollectorRegistry(auto_describe=False)
    gauges: dict[str, Gauge] = {}
    for sample in sorted(samples):
        metric = METRICS[sample.name]
        if sample.name not in gauges:
            names = (TARGET, *metric.labels)
            gauges[sample.name] = Gauge(PREFIX + sample.name, metric.help, names, registry=registry)
        gauges[sample.name].labels(*map(safe_text, (target, *sample.labels))).set(sample.value)
    return generate_latest(registry).decode("utf-8")
