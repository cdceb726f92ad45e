"""`history` and `revert` as a person calls them."""

from __future__ import annotations

import json

import pytest

from tests.support.repository import Cli, Place

EVIL = "\x1b[31mred\u202e"


def newest(cli: Cli, position: int = 0) -> str:
    return str(json.loads(cli("history", "--json").out)[position]["id"])


def raised(cli: Cli, place: Place) -> str:
    """Apply a change; the run's id."""
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("apply", "--yes").code == 0
    return newest(cli)


def test_history_lists_runs_newest_first(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    ended = cli("history")
    assert ended.code == 0
    header, first, second, last = ended.out.splitlines()
    assert header.split() == ["Run", "Started", "By", "Host", "Command", "Outcome", "Changes", "Commit"]
    assert first.startswith(run)
    assert first.split()[-2:] == ["done", "1"]
    assert second.split()[-2:] == ["done", "5"]
    assert last == "2 runs"
    assert len(cli("history", "--limit", "1").out.splitlines()) == 3
    assert cli("history", "--limit", "0").code == 64


def test_history_without_memory_is_empty(cli: Cli, place: Place) -> None:
    place.replace("reconciler.yaml", "project: test", "project: other")
    assert cli("history").out.splitlines()[-1] == "0 runs"
    assert cli("history", "abc").code == 1


def test_one_run_shows_before_and_after(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    ended = cli("history", run[:6])
    assert ended.code == 0
    assert "25,000 → 30,000 (+20 %)" in ended.out
    assert f"run {run} · apply" in ended.out
    (change,) = json.loads(cli("history", run, "--json").out)["changes"]
    assert change == {
        "address": "package/Growth",
        "type": "package",
        "name": "Growth",
        "operation": "update",
        "before": {"sending.daily_limit": 25000},
        "after": {"sending.daily_limit": 30000},
    }


def test_what_is_shown_can_do_nothing_to_a_terminal(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = ? WHERE name = 'Growth'", EVIL)
    run = raised(cli, place)
    for words in (("history", run), ("history", run, "--json"), ("revert", run)):
        told = cli(*words)
        assert told.code == 0
        assert not {"\x1b", "\u202e"} & set(told.out + told.err)
    assert "\\x1b" in cli("history", run).out


def test_people_whom_no_file_names_are_masked(cli: Cli, place: Place) -> None:
    place.sql("INSERT INTO esp_tenant (email, package_id) SELECT 'solo@free.example', id FROM esp_package "
              "WHERE name = 'Growth'")  # fmt: skip
    place.replace("tenants.d/eu.yaml", "package: Growth", "package: Starter Plan")
    place.write("packages.d/packages.yaml", """
        Starter Plan: {role: Marketing, sending: {daily_limit: 5000}}
        Growth: {lifecycle: removed, reassign_to: Starter Plan}
    """)  # fmt: skip
    assert cli("apply", "--yes").code == 0
    run = newest(cli)
    for words in (("history", run), ("history", run, "--json"), ("revert", run)):
        told = cli(*words)
        assert "solo@free.example" not in told.out + told.err
        assert "ops@acme.example" in told.out
    assert "s…@free.example" in cli("history", run).out
    place.write("reconciler.yaml", (place.folder / "reconciler.yaml").read_text() + "privacy: full\n")
    assert "solo@free.example" in cli("history", run, "--json").out


@pytest.mark.parametrize("run", ["zzz", "", "%", "_", "' OR 1=1 --", EVIL])
def test_a_run_that_is_not_there_is_1(cli: Cli, place: Place, run: str) -> None:
    words = ("revert", run) if run == "" else ("history", run)
    for ended in (cli(*words), cli("revert", run)):
        assert ended.code == 1
        assert "internal" not in ended.err
        assert "\x1b" not in ended.err


def test_a_beginning_that_two_runs_share_is_1(cli: Cli, place: Place) -> None:
    place.sql("UPDATE reconciler_run SET id = 'ab' || id")
    raised(cli, place)
    place.sql("INSERT INTO reconciler_run SELECT 'abcd', project, actor, host, command, plan, \"commit\", started, "
              "finished, outcome FROM reconciler_run LIMIT 1")  # fmt: skip
    ended = cli("history", "ab")
    assert ended.code == 1
    assert "more than one run begins with" in ended.err
    assert cli("history", "abcd").code == 0


def test_a_run_that_changed_nothing_cannot_be_reverted(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    place.sql("UPDATE reconciler_run SET outcome = 'failed' WHERE id = ?", run)
    ended = cli("revert", run)
    assert ended.code == 1
    assert "it is failed" in ended.err


def test_revert_shows_a_plan_and_changes_nothing(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    ended = cli("revert", run[:8])
    assert ended.code == 0
    assert f"revert of run {run}" in ended.out
    assert "30,000 → 25,000 (−17 %)" in ended.out
    assert "git still declares the other state" in ended.out
    assert "--out plan.json" in ended.err
    assert place.live_limit() == 30000
    assert cli("revert", run, "--quiet").err == ""


def test_revert_is_an_ordinary_plan_file(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    assert cli("revert", run, "--out", "plan.json").code == 0
    assert (place.folder / "plan.json").stat().st_mode & 0o777 == 0o600
    assert "30,000 → 25,000" in cli("show", "plan.json").out
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 25000
    table = cli("history").out
    assert f"revert {run}" in table
    next_plan = cli("plan").out
    assert "25,000 → 30,000" in next_plan
    assert "git 30,000" not in next_plan  # memory is as it was, so it is a change and no drift


def test_revert_at_once(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    ended = cli("revert", run, "--yes")
    assert ended.code == 0
    assert "updated package Growth" in ended.out
    assert place.live_limit() == 25000
    assert "no changes" in cli("revert", run).out
    assert cli("revert", run, "--yes", "--out", "x.json").code == 64
    assert set(json.loads(cli("revert", newest(cli), "--yes", "--json").out)) == {
        "run",
        "done",
        "already",
        "allowances",
    }
    assert place.live_limit() == 30000


def test_wrong_files_are_no_hindrance(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    place.write("packages.d/packages.yaml", "Growth: {role: [}\n")
    assert cli("revert", run, "--out", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 25000


def test_guards_hold_for_a_revert(cli: Cli, place: Place) -> None:
    first = newest(cli)
    ended = cli("revert", first)
    assert ended.code == 3
    assert "in-use" in ended.out
    before = place.sql("SELECT count(*) FROM esp_package")
    assert cli("revert", first, "--yes").code == 3
    assert place.sql("SELECT count(*) FROM esp_package") == before
    assert cli("revert", first, "--out", "plan.json").code == 3
    assert cli("apply", "plan.json").code == 3


def test_an_allowance_lifts_what_may_be_lifted(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    with (place.folder / "reconciler.yaml").open("a") as settings:
        settings.write("safety: {block: [limit-decrease]}\n")
    assert cli("revert", run).code == 3
    ended = cli("revert", run, "--allow", "limit-decrease", "--reason", "OPS-1", "--yes")
    assert ended.code == 0
    assert "allowed: limit-decrease (OPS-1)" in ended.out
    assert place.live_limit() == 25000
    last = newest(cli)
    assert "allowed: limit-decrease (OPS-1)" in cli("history", last).out
    told = json.loads(cli("history", last, "--json").out)
    assert told["allowances"] == [{"code": "limit-decrease", "reason": "OPS-1"}]
    assert (told["changed"], len(told["changes"])) == (1, 1)
    assert cli("revert", last, "--yes").code == 0, "what was lifted is no change that a revert stumbles over"
    assert place.live_limit() == 30000
    assert json.loads(cli("history", newest(cli), "--json").out)["allowances"] == []


def test_what_was_changed_since_is_left_and_said(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    place.sql("UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Growth'")
    ended = cli("revert", run)
    assert ended.code == 0
    assert "the run wrote 30,000, live now 40,000, before the run 25,000" in ended.out
    assert "moved-on" in ended.out
    assert cli("revert", run, "--yes").code == 0
    assert place.live_limit() == 40000


def test_a_saved_revert_goes_stale_like_any_plan(cli: Cli, place: Place) -> None:
    run = raised(cli, place)
    cli("revert", run, "--out", "plan.json")
    place.sql("UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Growth'")
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "planned from 30,000, live now 40,000, wanted 25,000" in ended.err
