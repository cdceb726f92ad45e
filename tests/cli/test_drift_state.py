"""`drift --state FILE --only-new`: what was told is not told again, and nothing new is kept back."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support.repository import Cli, Place

WATCH = ("drift", "--state", "told.json", "--only-new")


def by_hand(place: Place, limit: int, package: str = "Growth") -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = ? WHERE name = ?", limit, package)


def test_drift_is_told_once(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    first, again = cli(*WATCH), cli(*WATCH)
    assert (first.code, again.code) == (2, 0)
    assert "package/Growth" in first.out
    assert "package/Growth" not in again.out
    assert "1 difference told before" in again.out


def test_without_only_new_everything_is_told_every_time(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    for _ in range(2):
        ended = cli("drift", "--state", "told.json")
        assert ended.code == 2
        assert "package/Growth" in ended.out
    assert cli(*WATCH).code == 0, "what was told without --only-new is told all the same"


def test_another_value_of_the_same_field_is_new(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    cli(*WATCH)
    by_hand(place, 8)
    assert cli(*WATCH).code == 2


def test_only_the_new_field_of_a_known_object_is_told(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_tenant SET name = 'Beta Inc' WHERE email = 'crm@beta.example'")
    cli(*WATCH)
    place.sql("UPDATE esp_tenant_override SET sending_daily_limit = 9000")
    ended = cli(*WATCH)
    assert ended.code == 2
    assert "9,000" in ended.out
    assert "Beta Inc" not in ended.out


def test_drift_that_was_put_right_is_new_when_it_comes_back(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    assert cli(*WATCH).code == 2
    by_hand(place, 25000)
    assert cli(*WATCH).code == 0
    by_hand(place, 7)
    assert cli(*WATCH).code == 2


def test_a_commit_makes_no_drift_new(cli: Cli, place: Place) -> None:
    """Both sides have moved then, but the database has not moved again."""
    by_hand(place, 7)
    cli(*WATCH)
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli(*WATCH).code == 0
    assert cli("drift").code == 2


def test_the_same_edit_after_an_apply_is_new(cli: Cli, place: Place) -> None:
    """The last apply wrote another value, and somebody undid it."""
    by_hand(place, 7)
    cli(*WATCH)
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("apply", "--yes").code == 0
    by_hand(place, 7)
    assert cli(*WATCH).code == 2


def test_an_object_deleted_by_hand_is_told_once(cli: Cli, place: Place) -> None:
    place.sql("DELETE FROM esp_tenant WHERE email = 'crm@beta.example'")
    first, again = cli(*WATCH), cli(*WATCH)
    assert (first.code, again.code) == (2, 0)
    assert "crm@beta.example" in first.out
    assert "beta" not in again.out


def test_the_plan_file_stays_whole(cli: Cli, place: Place) -> None:
    """It is a plan, and a part of a plan is another one."""
    by_hand(place, 7)
    cli(*WATCH)
    ended = cli(*WATCH, "--json")
    assert ended.code == 0
    assert [row["address"] for row in json.loads(ended.out)["resource_drift"]] == ["package/Growth"]


def test_the_state_names_nobody_and_is_the_owner_s(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_tenant SET name = 'Eve' WHERE email = 'ops@acme.example'")
    cli(*WATCH)
    path = place.folder / "told.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "acme" not in path.read_text()
    assert "Eve" not in path.read_text()


@pytest.mark.parametrize("content", ["{}", "[1]", "project: x\n", '{"format": "reconciler-drift-state"}', "[" * 9999])
def test_a_file_that_is_no_state_is_not_overwritten(cli: Cli, place: Place, content: str) -> None:
    place.write("told.json", content)
    ended = cli(*WATCH)
    assert ended.code == 1
    assert "is no state of drift" in ended.err
    assert (place.folder / "told.json").read_text() == content


def test_a_state_that_is_no_file_is_refused(cli: Cli, place: Place) -> None:
    (place.folder / "told.json").mkdir()
    ended = cli(*WATCH)
    assert ended.code == 1
    assert "not a regular file" in ended.err


def test_the_state_of_another_target_is_refused(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    cli(*WATCH)
    place.replace("reconciler.yaml", "project: test", "project: other")
    ended = cli(*WATCH)
    assert ended.code == 1
    assert 'of the project "test"' in ended.err


def test_an_empty_state_is_a_new_one(cli: Cli, place: Place) -> None:
    place.write("told.json", "")
    assert cli(*WATCH).code == 0
    assert json.loads((place.folder / "told.json").read_text())["seen"] == []


def test_only_new_needs_to_know_what_was_told(cli: Cli, place: Place) -> None:
    ended = cli("drift", "--only-new")
    assert ended.code == 64
    assert "--state" in ended.err


def test_a_run_that_fails_forgets_nothing(cli: Cli, place: Place) -> None:
    by_hand(place, 7)
    cli(*WATCH)
    before = (place.folder / "told.json").read_text()
    place.write("packages.d/wrong.yaml", "X: [")
    assert cli(*WATCH).code == 1
    assert (place.folder / "told.json").read_text() == before


def test_what_was_told_and_the_metrics_do_not_share_a_file(cli: Cli, place: Place) -> None:
    ended = cli(*WATCH, "--textfile", "./told.json")
    assert ended.code == 64
    assert not (place.folder / "told.json").exists()
