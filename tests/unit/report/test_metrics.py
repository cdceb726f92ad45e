"""Metrics of a run of drift: the text that Prometheus reads, and what a failed run keeps of it."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from reconciler.kinds import KINDS
from reconciler.report.metrics import (
    METRICS,
    PREFIX,
    Ended,
    Watched,
    drift_samples,
    earlier,
    rendered,
    run_samples,
    succeeded,
)
from reconciler.report.traces import drifted_fields
from tests.support.report_plans import every_operation, the_design_plan

ENDED = Ended(target="esp", code=2, time=1_800_000_000.5, version="1.2.3", phases={"read": 0.25})


def text(plan, target="esp"):
    looked = drift_samples(plan, drifted_fields(plan), Watched(orphans=3, locked=12.5), KINDS)
    return rendered([*run_samples(ENDED), *looked, succeeded(ENDED)], target)


def read(said):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(said)
        for sample in family.samples
    }


def value(said, name, **labels):
    return read(said)[(PREFIX + name, *sorted({"target": "esp", **labels}.items()))]


def test_every_declared_metric_is_written_and_none_besides():
    assert {family.name for family in text_string_to_metric_families(text(the_design_plan()))} == {
        PREFIX + name for name in METRICS
    }


def test_it_counts_what_the_plan_says():
    said = text(the_design_plan())
    assert value(said, "pending_changes", kind="package", action="delete") == 1
    assert value(said, "pending_changes", kind="package", action="update") == 1
    assert value(said, "pending_changes", kind="tenant", action="update") == 1, "the drifted one waits for nothing"
    assert value(said, "drifted_objects", kind="tenant") == 1
    assert value(said, "refused_deletions", kind="package") == 1
    assert value(said, "orphaned_users") == 3
    assert value(said, "lock_held_seconds") == 12.5
    assert value(said, "last_run_exit_code") == 2
    assert value(said, "run_duration_seconds", phase="read") == 0.25
    assert value(said, "build_info", version="1.2.3", schema="1.0") == 1


def test_every_operation_has_its_action():
    said = text(every_operation())
    assert {name[1][1] for name, held in read(said).items() if name[0] == f"{PREFIX}pending_changes" and held} == {
        "rename",
        "create",
        "update",
        "reassign",
        "delete",
        "forget",
    }


def test_no_person_is_in_a_label():
    assert "@" not in text(the_design_plan())


def test_the_same_run_gives_the_same_bytes_without_timestamps():
    said = text(the_design_plan())
    assert said == text(the_design_plan())
    assert said.endswith("\n")
    assert all(len(line.rpartition("}")[2].split()) == 1 for line in said.splitlines() if not line.startswith("#"))


def test_names_and_units_are_prometheus_own():
    assert all(re.fullmatch("[a-z][a-z_]*[a-z]", name) for name in METRICS)
    assert not [name for name in METRICS if name.endswith("_total")], "each run writes the file anew: all are gauges"


def test_a_hostile_name_of_a_target_stays_inside_its_quotes():
    said = text(the_design_plan(), target='esp"} 1\nevil{a="\\\x1b]0;owned\x07\u202e')
    shown = 'esp"} 1\\x0aevil{a="\\\\x1b]0;owned\\x07\\u202e'
    assert {labels["target"] for labels in map(dict, (key[1:] for key in read(said)))} == {shown}
    assert "\nevil" not in said
    assert said.replace("\n", "").isprintable()


def test_a_failed_run_keeps_what_was_found_and_when_it_last_worked():
    kept = earlier(text(the_design_plan()))
    assert set(kept) == {"esp"}
    said = rendered([*run_samples(ENDED), *kept["esp"]], "esp")
    assert value(said, "last_success_timestamp_seconds") == 1_800_000_000.5
    assert value(said, "drifted_objects", kind="tenant") == 1
    assert not {sample.name for sample in kept["esp"]} & {"last_run_exit_code", "build_info", "run_duration_seconds"}


def test_what_is_no_such_file_is_worth_nothing():
    for other in ("", "evil 1\n", "reconciler_drifted_objects{", "node_load1 3\nreconciler_nonsense 1\n", "\x00"):
        assert earlier(other) == {}
    nan = 'reconciler_orphaned_users{target="esp"} NaN\n'
    assert earlier(nan) == {"esp": []}
