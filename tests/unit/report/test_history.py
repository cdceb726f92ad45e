"""History in words and as a document: every sort of entry, masks, and what the vocabulary does not have any more."""

from __future__ import annotations

import json

from reconciler.kinds import KINDS
from reconciler.model.memory import HistoryEntry, Run, RunRow
from reconciler.model.ref import Ref
from reconciler.report.history import run_document, run_text, runs_document, runs_text
from reconciler.report.masking import Masking

RUN = Run(
    id="0a1b2c3d",
    project="shop",
    actor="ops",
    host="h1",
    started="2026-01-02T03:04:05.678901Z",
    plan="f" * 64,
    commit="ab12cd3ef",
)
ROW = RunRow(run=RUN, outcome="done", finished="2026-01-02T03:04:06Z", changes=8)
OPEN_ROW = RunRow(
    run=Run(id="00", project="shop", actor="ops", host="h1", started="2026", plan="", command="seed"),
    outcome="running",
    finished=None,
    changes=0,
)
MASK = Masking(personal=frozenset({"tenant"}), declared=frozenset({"ops@acme.example"}))
ENTRIES = (
    HistoryEntry(ref=Ref("role", "Help"), action="rename", before={"name": "Support"}, after={"name": "Help"}),
    HistoryEntry(
        ref=Ref("package", "Scale"),
        action="create",
        before=None,
        after={"role": "Help", "lifecycle": "active", "options": {"a": "me@x.example"}, "gone.field": 3},
    ),
    HistoryEntry(
        ref=Ref("package", "Growth"),
        action="update",
        before={"sending.daily_limit": 25_000, "quota.move_to": "Scale", "assets.sending_nodes": ("a@x.example",)},
        after={"sending.daily_limit": 30_000, "assets.sending_nodes": "off"},
    ),
    HistoryEntry(
        ref=Ref("package", "Legacy"),
        action="reassign",
        before=None,
        after={"to": "Growth", "moved": 13},
        raw={"members": {"tenant": ["ops@acme.example", *(f"user{n}@x.example" for n in range(12))]}},
    ),
    HistoryEntry(ref=Ref("package", "Old"), action="reassign", before=None, after={"to": "Growth", "moved": "x"}),
    HistoryEntry(
        ref=Ref("package", "Legacy"),
        action="delete",
        before={"sending.daily_limit": 100},
        after=None,
        raw={"esp_package": [{"id": 3, "secret": "canary"}], "esp_package_options": [{}, {}]},
    ),
    HistoryEntry(ref=Ref("tenant", "solo@x.example"), action="forget", before={"name": "Solo"}, after=None),
    HistoryEntry(ref=Ref("planet", "Mars"), action="exploded", before=None, after={"x": 1}),
    HistoryEntry(ref=Ref("planet", "Venus"), action="create", before=None, after={"x": 1}),
    HistoryEntry(
        ref=Ref("tenant", ""),
        action="memory",
        before=None,
        after=None,
        raw={"remembered": {"a": None, "b": ["{}", "f"]}},
    ),
    HistoryEntry(ref=Ref("tenant", ""), action="memory", before=None, after=None, raw={"dropped": {"c": None}}),
)


def test_runs_as_a_table() -> None:
    header, first, second, last = runs_text([ROW, OPEN_ROW]).splitlines()
    assert first.split() == ["0a1b2c3d", "2026-01-02T03:04:05Z", "ops", "h1", "apply", "done", "8", "ab12cd3"]
    assert second.split() == ["00", "2026", "ops", "h1", "seed", "running", "0"]
    assert last == "2 runs"
    assert header in runs_text([ROW, OPEN_ROW], colour=True)
    assert runs_text([]).endswith("0 runs")


def test_one_run_in_words() -> None:
    text = run_text(ROW, ENTRIES, vocabulary=KINDS, masking=MASK)
    for said in (
        "run 0a1b2c3d · apply · started 2026-01-02T03:04:05Z · done 2026-01-02T03:04:06Z",
        "project shop · by ops on h1 · commit ab12cd3 · plan ffffffffffff",
        'renamed; was "Support"',
        "role Help · options a m…@x.example · gone.field 3",
        "25,000 → 30,000 (+20 %)",
        "Scale → not set",
        "a…@x.example → off",
        "13 users → Growth",
        "ops@acme.example",
        "3 more",
        "0 users → Growth",
        "deleted; 3 rows kept",
        "tenant/s…@x.example",
        "no longer managed",
        "exploded",
        "8 changes, 2 remembered, 1 no longer remembered.",
    ):
        assert said in text, said
    assert "solo@x.example" not in text
    assert "canary" not in text
    assert "lifecycle" not in text  # as every package has it
    assert "planet/Venus" in text


def test_a_run_that_is_not_over() -> None:
    text = run_text(OPEN_ROW, (), vocabulary=KINDS)
    assert text.splitlines() == [
        "run 00 · seed · started 2026 · running",
        "project shop · by ops on h1",
        "",
        "0 changes.",
    ]


def test_one_run_as_a_document() -> None:
    document = run_document(ROW, ENTRIES, masking=MASK)
    text = json.dumps(document)
    assert "solo@x.example" not in text
    assert "canary" not in text
    assert document["memory"] == {"remembered": 2, "dropped": 1}
    by_operation = {change["operation"]: change for change in reversed(document["changes"])}
    assert by_operation["rename"]["before"] == {"name": "Support"}
    assert by_operation["update"]["before"]["assets.sending_nodes"] == ["a…@x.example"]
    assert by_operation["create"]["after"]["options"] == {"a": "m…@x.example"}
    assert by_operation["reassign"]["members"][1:3] == ["tenant/u…@x.example", "tenant/u…@x.example"]
    assert by_operation["reassign"]["members"][0] == "tenant/ops@acme.example"
    assert by_operation["delete"]["after"] is None
    assert runs_document([ROW])[0]["commit"] == "ab12cd3ef"


def test_nobody_is_masked_where_everybody_may_be_seen() -> None:
    assert "solo@x.example" in run_text(ROW, ENTRIES, vocabulary=KINDS)
    assert "solo@x.example" in json.dumps(run_document(ROW, ENTRIES))
