"""The benchmark's own arithmetic: a wrong ratio would be worse than none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from benchmarks import goals, ours, peers, world
from benchmarks.literal import block
from benchmarks.measure import Broken, Case, Sample, measure
from benchmarks.page import page
from benchmarks.results import Results


def results_of(**samples: list[float]) -> Results:
    results = Results()
    for name, seconds in samples.items():
        for each in seconds:
            results.add(10, name, Sample(each, 20.0))
    return results


def test_a_tenant_has_the_documented_length() -> None:
    lines = "".join(text for _, text in world.tenant_files(20_000, changed=False)).splitlines()
    assert len(lines) / 20_000 == pytest.approx(5.45, abs=0.05)


def test_the_same_numbers_give_the_same_files() -> None:
    assert list(world.tenant_files(500, changed=False)) == list(world.tenant_files(500, changed=False))


@pytest.mark.parametrize("tenants", [1, 99, 100, 1_000, 1_050])
def test_every_tenant_is_in_one_file_and_one_per_cent_differs(tenants: int) -> None:
    before, after = (
        {
            key: fields
            for _, text in world.tenant_files(tenants, changed=changed)
            for key, fields in yaml.safe_load(text).items()
        }
        for changed in (False, True)
    )
    assert len(before) == len(after) == tenants
    assert sum(before[key] != after[key] for key in before) == -(-tenants // world.CHANGED_EVERY)


def test_the_three_sets_of_files_are_told_apart_by_their_settings(tmp_path: Path) -> None:
    world.write(tmp_path, 200)
    assert {path.name: yaml.safe_load(path.read_text())["root"] for path in tmp_path.glob("*.yaml")} == {
        "base.yaml": "base",
        "changed.yaml": "changed",
        "repriced.yaml": "repriced",
    }
    texts = {root: (tmp_path / root / "packages.d" / "packages.yaml").read_text() for root in ("base", "changed")}
    assert texts["base"] == texts["changed"]
    assert "monthly_quota: 249000" in (tmp_path / "repriced" / "packages.d" / "packages.yaml").read_text()


def test_medians_and_ratios_of_the_same_round() -> None:
    results = results_of(slow=[10.0, 40.0, 9.0], fast=[1.0, 2.0, 3.0])
    assert results.seconds(10, "slow") == 10.0
    assert results.ratio((10, "slow"), (10, "fast")) == 10.0  # of 10, 20 and 3
    assert results.rounds(10, "fast") == 3
    assert not results.has((10, "slow"), (10, "never run"))


def test_a_goal_is_judged_only_by_figures_that_are_there() -> None:
    results = Results()
    assert list(goals.judged(results)) == []
    results.add(10_000, ours.COLD, Sample(0.5, 58.0))
    assert [(verdict.measured, verdict.word) for verdict in goals.judged(results)] == [("58 MB", "met")]
    results.add(10_000, peers.OCTODNS, Sample(10.0, 120.0))
    assert [(verdict.measured, verdict.word) for verdict in goals.judged(results)] == [
        ("20.0 times", "missed"),
        ("58 MB", "met"),
    ]


def test_every_goal_can_be_judged() -> None:
    results = Results()
    names = (ours.COLD, ours.WARM, ours.ONE_FILE, ours.ONE_PERCENT, ours.REPRICED, ours.APPLY, ours.CREATE_ALL)
    rivals = (ours.PARSER, goals.BARE_INSERT, peers.AS_WRITTEN, peers.FASTEST, peers.OCTODNS)
    for tenants in (1_000, 10_000, 100_000, 1_000_000):
        for name in (*names, *rivals, ours.PYTHON):
            results.add(tenants, name, Sample(tenants / 1_000, tenants / 1_000))
    for name in (ours.PYTHON, ours.HELP, ours.VALIDATE):
        results.add(goals.START_UP, name, Sample(0.1, 10.0))
    verdicts = list(goals.judged(results))
    assert len(verdicts) == 19
    assert len({verdict.goal for verdict in verdicts}) == 19


def test_the_page_shows_goals_and_figures(tmp_path: Path) -> None:
    results = results_of(**{ours.COLD: [1.5, 2.5, 2.0]})
    results.add(10_000, ours.COLD, Sample(0.25, 61.4))
    text = page(results, tuple(goals.judged(results)), command="make bench", peers=[])
    assert "| memory of a plan, 10,000 tenants: at most 60 MB | 61 MB    | missed |" in text
    assert "| 10      | plan, nothing changed, no cache | 2.000   | 0.000     | 20 MB  | 3     |" in text
    assert "No peer was measured" in text
    assert "Left out" not in text
    results.left_out.append(100_000)
    assert "because the time was up: 100,000." in page(results, (), command="make bench", peers=["octoDNS 1.22.0"])
    assert str(Path.home()) not in text


def test_a_child_is_measured_whole(tmp_path: Path) -> None:
    held = "import time; kept = bytearray(64 * 1024 * 1024); time.sleep(0.2)"
    sample = measure(Case(name="sleeper", argv=(sys.executable, "-c", held), folder=tmp_path))
    assert 0.2 <= sample.seconds < 30
    assert sample.peak_mib > 64
    assert 0 < sample.busy < sample.seconds


def test_a_child_that_fails_is_no_measurement(tmp_path: Path) -> None:
    failing = Case(name="failing", argv=(sys.executable, "-c", "import sys; sys.exit('no such luck')"), folder=tmp_path)
    with pytest.raises(Broken, match=r"failing: exit code 1, expected 0\nno such luck"):
        measure(failing)


def test_a_tenant_as_a_literal_block() -> None:
    assert block(7, {"name": "Acme", "overrides": {"limits": {"contacts": 5}}}) == (
        'resource "terraform_data" "tenant_7" {\n'
        '  input = {"name": "Acme", "overrides": {"limits": {"contacts": 5}}}\n'
        "}\n"
    )
