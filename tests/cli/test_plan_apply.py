"""validate, plan, show, apply and drift on a real SQLite database: output, exit codes, files."""

from __future__ import annotations

import json
import sqlite3
import stat

import pytest

from tests.support.repository import Cli, Place

HAND_EDIT = "UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Growth'"


def test_nothing_to_do(cli: Cli, place: Place) -> None:
    ended = cli("plan", "--detailed-exitcode")
    assert ended.code == 0
    assert ended.err == ""
    assert "Plan: no changes" in ended.out


def test_validate_says_what_is_right(cli: Cli, bare: Place) -> None:
    ended = cli("validate")
    assert (ended.code, ended.err) == (0, "")
    assert "2 packages" in ended.out


def test_validate_tells_every_complaint_at_once(cli: Cli, bare: Place) -> None:
    bare.replace("packages.d/packages.yaml", "daily_limit: 5000", "daily_limit: -5")
    bare.replace("tenants.d/eu.yaml", "package: Growth", "package: Growht")
    ended = cli("validate", "--schemas")
    assert ended.code == 1
    assert "error[range] package/Starter Plan: sending.daily_limit" in ended.out
    assert 'did you mean "Growth"' in ended.out
    assert "packages.d/packages.yaml:4" in ended.out
    found = json.loads(cli("validate", "--json").out)["findings"]
    assert {(finding["code"], finding["file"]) for finding in found} == {
        ("range", "packages.d/packages.yaml"),
        ("dangling", "tenants.d/eu.yaml"),
    }


def test_validate_by_the_schemas_alone_agrees(cli: Cli, bare: Place) -> None:
    assert cli("validate", "--schemas").code == 0
    bare.replace("packages.d/packages.yaml", "daily_limit: 5000", "daily_limit: soon")
    ended = cli("validate", "--schemas")
    assert ended.out.count("packages.d/packages.yaml:4") == 2
    assert "the schema refuses it" in ended.out


def test_wrong_files_end_a_plan_before_the_database_is_touched(cli: Cli, bare: Place) -> None:
    bare.replace("packages.d/packages.yaml", "daily_limit: 5000", "daily_limit: -5")
    ended = cli("plan")
    assert (ended.code, ended.out) == (1, "")
    assert "error[range]" in ended.err
    assert not (bare.folder / "esp.db").exists()


def test_a_dangling_reference_shows_the_plan_and_exits_1(cli: Cli, place: Place) -> None:
    place.replace("tenants.d/eu.yaml", "package: Growth", "package: Growht")
    ended = cli("plan")
    assert ended.code == 1
    assert "dangling" in ended.out
    assert "Plan:" in ended.out


def test_a_change_is_planned_kept_shown_and_applied(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    planned = cli("plan", "--detailed-exitcode", "--out", "plan.json")
    assert planned.code == 2
    assert "25,000 → 30,000" in planned.out
    kept = place.folder / "plan.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    shown = cli("show", "plan.json")
    assert shown.code == 0
    assert shown.out.splitlines()[-1] == planned.out.splitlines()[-1]
    assert cli("show", "plan.json", "--detailed-exitcode").code == 2
    applied = cli("apply", "plan.json")
    assert applied.code == 0
    assert "Applied: 1 updated" in applied.out
    assert place.live_limit() == 30000
    assert cli("plan", "--detailed-exitcode").code == 0


def test_the_json_of_plan_is_the_plan_file(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = cli("plan", "--json")
    document = json.loads(ended.out)
    assert document["resource_changes"][0]["address"] == "package/Growth"
    (place.folder / "piped.json").write_text(ended.out)
    assert cli("apply", "piped.json").code == 0


def test_several_outputs_at_once(cli: Cli, place: Place) -> None:
    ended = cli("plan", "--output", "text", "--output", "json=a.json", "--output", "text=a.txt")
    assert ended.code == 0
    assert (place.folder / "a.txt").read_text().rstrip("\n") == ended.out.rstrip("\n")
    assert json.loads((place.folder / "a.json").read_text())["format_version"]


@pytest.mark.parametrize(("typed", "code", "limit"), [("y\n", 0, 30000), ("n\n", 1, 25000), ("", 130, 25000)])
def test_apply_shows_the_plan_and_asks(cli: Cli, place: Place, typed: str, code: int, limit: int) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = cli("apply", types=typed)
    assert ended.code == code
    assert "25,000 → 30,000" in ended.out
    assert place.live_limit() == limit


def test_apply_with_json_keeps_stdout_for_the_document(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    ended = cli("apply", "--yes", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["done"] == ["package/Growth"]
    assert "25,000 → 30,000" in ended.err


def test_apply_without_a_difference_asks_nothing_and_remembers(cli: Cli, place: Place) -> None:
    place.sql("DELETE FROM reconciler_managed")
    assert cli("apply", types="").code == 0
    assert place.sql("SELECT count(*) FROM reconciler_managed") == [(5,)]


def test_a_blocked_plan_is_shown_whole_and_changes_nothing(cli: Cli, place: Place) -> None:
    place.write("packages.d/packages.yaml", "Growth:\n  sending:\n    daily_limit: 25000\n")
    for arguments in (["plan", "--out", "plan.json"], ["apply", "--yes"], ["apply", "plan.json"]):
        ended = cli(*arguments)
        assert ended.code == 3
        assert "in-use" in ended.out + ended.err
    assert place.live_limit("Starter Plan") == 5000


def test_a_class_is_lifted_by_name_and_reason(cli: Cli, place: Place) -> None:
    place.write(
        "reconciler.yaml", (place.folder / "reconciler.yaml").read_text() + "safety:\n  block: [limit-decrease]\n"
    )
    place.replace("packages.d/packages.yaml", "25000", "20000")
    assert cli("plan").code == 3
    ended = cli("apply", "--yes", "--allow", "limit-decrease", "--reason", "OPS-1: agreed")
    assert ended.code == 0
    assert place.live_limit() == 20000


def test_a_plan_may_be_limited(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    place.replace("packages.d/packages.yaml", "5000\n", "7000\n")
    assert cli("apply", "--yes", "--only", "package/Growth").code == 0
    assert (place.live_limit(), place.live_limit("Starter Plan")) == (30000, 5000)


def test_drift_is_found_and_its_document_has_it(cli: Cli, place: Place) -> None:
    assert cli("drift").code == 0
    place.sql(HAND_EDIT)
    ended = cli("drift")
    assert ended.code == 2
    assert "package/Growth" in ended.out
    assert json.loads(cli("drift", "--json").out)["resource_drift"]


def test_a_pause_refuses_every_apply_and_no_plan(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("pause", "--reason", "audit").code == 0
    assert cli("plan").code == 0
    ended = cli("apply", "--yes")
    assert ended.code == 3
    assert "audit" in ended.err
    assert cli("resume").out.count("run again") == 1
    assert cli("resume").out.count("were not paused") == 1
    assert cli("apply", "--yes").code == 0


def test_people_whom_no_file_names_are_masked_but_for_a_terminal(cli: Cli, place: Place) -> None:
    place.write("tenants.d/eu.yaml", "crm@beta.example:\n  name: Beta\n  package: Starter Plan\n")
    place.write("packages.d/packages.yaml", "Starter Plan:\n  role: Marketing\n")
    ended = cli("plan")
    assert ended.code == 3
    assert "o…@acme.example" in ended.out
    assert "ops@acme.example" not in ended.out


def test_an_other_apply_holds_the_lock(cli: Cli, place: Place) -> None:

    place.replace("packages.d/packages.yaml", "25000", "30000")
    holder = sqlite3.connect(place.folder / "esp.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    ended = cli("apply", "--yes", "--lock-timeout", "0.2s")
    holder.close()
    assert ended.code == 5
    assert cli("apply", "--yes").code == 0
