"""Plan files that somebody has forged, and plans that time has overtaken: the settings of now hold, what is shown is
what is written, a signature is never given up by accident, and nothing is carried out again that was taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.plan import Policy
from reconciler.report import plan_file
from reconciler.workflow import plan_file as plan_files
from tests.support.repository import Cli, Place

KEY = "RECONCILER_PLAN_KEY"
Forge = Callable[[Callable[[dict[str, Any]], None]], None]


@pytest.fixture
def plan(cli: Cli, place: Place) -> Path:
    """A plan that lowers a limit, gives headers and an override, and makes a role."""
    place.write(
        "packages.d/packages.yaml",
        """
        Starter Plan:
          role: Marketing
          sending: {daily_limit: 5000}
        Growth:
          role: Marketing
          sending: {daily_limit: 24000}
          headers: {X-Tier: growth}
        """,
    )
    place.replace("tenants.d/eu.yaml", "daily_limit: 6000", "daily_limit: 7000")
    place.write("roles.d/more.yaml", "Fresh: {description: New}\n")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    return place.folder / "plan.json"


@pytest.fixture
def forge(plan: Path) -> Forge:
    """Changes the document and seals it again, as somebody would who has no key. What is told twice is told alike."""

    def forged(change: Callable[[dict[str, Any]], None]) -> None:
        found = json.loads(plan.read_text())
        change(found)
        made = plan_file.plan_document(plan_file._plan(found), meta={})
        plan.write_text(plan_file.dumps(plan_file.seal(made, None)))

    return forged


def row(found: dict[str, Any], address: str) -> dict[str, Any]:
    return next(each for each in found["resource_changes"] if each["address"] == address)


def field(found: dict[str, Any], address: str, name: str) -> dict[str, Any]:
    return next(each for each in row(found, address)["fields"] if each["name"] == name)


GROWTH, BETA, LIMIT = "package/Growth", "tenant/crm@beta.example", "sending.daily_limit"


def hides_a_field(found: dict[str, Any]) -> None:
    told = row(found, GROWTH)["fields"]
    told.remove(field(found, GROWTH, LIMIT))


def says_another_value(found: dict[str, Any]) -> None:
    field(found, GROWTH, LIMIT)["after"] = 25500


def says_another_value_before(found: dict[str, Any]) -> None:
    field(found, GROWTH, LIMIT)["before"] = 23000


def writes_another_value(found: dict[str, Any]) -> None:
    row(found, GROWTH)["change"]["after"][LIMIT] = 1


def writes_what_is_not_shown(found: dict[str, Any]) -> None:
    row(found, GROWTH)["change"]["after"]["limits.contacts"] = 1


def calls_a_reduction_more(found: dict[str, Any]) -> None:
    field(found, GROWTH, LIMIT)["effect"] = "more"


def shows_a_field_twice(found: dict[str, Any]) -> None:
    row(found, GROWTH)["fields"].append(field(found, GROWTH, LIMIT))


def hides_an_item(found: dict[str, Any]) -> None:
    field(found, GROWTH, "headers")["items"] = []


def says_another_item(found: dict[str, Any]) -> None:
    field(found, GROWTH, "headers")["items"][0]["after"] = "starter"


def adds_an_item(found: dict[str, Any]) -> None:
    items = field(found, GROWTH, "headers")["items"]
    items.append(items[0] | {"item": "X-Two", "after": None, "before": "2"})


def says_another_override(found: dict[str, Any]) -> None:
    field(found, BETA, "overrides")["items"][0]["after"] = 9000


def calls_an_override_less(found: dict[str, Any]) -> None:
    told = field(found, BETA, "overrides")
    told["effect"] = told["items"][0]["effect"] = "less"


def calls_a_change_drift(found: dict[str, Any]) -> None:
    row(found, GROWTH)["action_reason"] = "conflict"


def calls_a_stated_field_a_default_of_nothing(found: dict[str, Any]) -> None:
    row(found, "role/Fresh")["defaults"] = ["nothing"]


def has_a_field_that_does_not_exist(found: dict[str, Any]) -> None:
    row(found, "role/Fresh")["change"]["after"]["nothing"] = 1


LIES = [
    hides_a_field,
    says_another_value,
    says_another_value_before,
    writes_another_value,
    writes_what_is_not_shown,
    calls_a_reduction_more,
    shows_a_field_twice,
    hides_an_item,
    says_another_item,
    adds_an_item,
    says_another_override,
    calls_an_override_less,
    calls_a_change_drift,
    calls_a_stated_field_a_default_of_nothing,
    has_a_field_that_does_not_exist,
]


@pytest.mark.parametrize("lie", LIES)
def test_a_plan_that_shows_something_else_than_it_writes_is_refused(
    cli: Cli, place: Place, forge: Forge, lie: Callable[[dict[str, Any]], None]
) -> None:
    forge(lie)
    for command in (("show", "plan.json"), ("apply", "plan.json")):
        ended = cli(*command)
        assert (ended.code, place.live_limit()) == (4, 25000), ended
        assert "it shows one thing and would write another" in ended.err


def test_the_forger_s_hand_is_not_what_is_refused(cli: Cli, place: Place, forge: Forge) -> None:
    """Or the tests above would see anything refused."""
    forge(lambda found: None)
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 24000


def test_rows_that_history_did_not_keep_are_not_put_back(cli: Cli, place: Place, forge: Forge) -> None:
    """Columns that no field speaks of are seen by nobody who reads the plan."""
    forge(lambda found: row(found, "role/Fresh").update(raw={"esp_role": [{"name": "Fresh", "created_at": "x"}]}))
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "the rows to be put back are not those that history kept" in ended.err


def deleted_and_reverted(cli: Cli, place: Place) -> Path:
    """The plan that takes the deletion of a role back."""
    place.write("roles.d/more.yaml", "Fresh: {description: New}\n")
    assert cli("apply", "--yes").code == 0
    (place.folder / "roles.d/more.yaml").unlink()
    assert cli("apply", "--yes").code == 0
    run = json.loads(cli("history", "--json").out)[0]["id"]
    assert cli("revert", run, "--out", "back.json").code == 0
    return place.folder / "back.json"


@pytest.mark.parametrize("forged", ["nothing", "the rows", "the run"])
def test_a_revert_puts_back_what_history_kept_and_nothing_else(cli: Cli, place: Place, forged: str) -> None:
    file = deleted_and_reverted(cli, place)
    found = json.loads(file.read_text())
    if forged == "the rows":
        row(found, "role/Fresh")["raw"]["esp_role"][0]["id"] = 4711
    if forged == "the run":
        found["source"]["reverts"] = "0" * 16
    made = plan_file.plan_document(plan_file._plan(found), meta={})
    file.write_text(plan_file.dumps(plan_file.seal(made, None)))
    ended = cli("apply", "back.json")
    assert ended.code == (0 if forged == "nothing" else 4), ended
    assert place.sql("SELECT count(*) FROM esp_role WHERE name = 'Fresh'") == [(int(forged == "nothing"),)]


def doubled(text: str, name: str, value: str) -> str:
    """The same file with a key before the one of the same name that is there."""
    assert f'"{name}":' in text
    return text.replace(f'"{name}":', f'"{name}":{value},"{name}":', 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("policy", "{}"), ("daily", "1"), ("mode", '"additive"'), ("resource_changes", "[]"), ("meta", "{}")],
)
@pytest.mark.parametrize("signed", [False, True])
def test_a_key_that_stands_twice_is_refused(
    cli: Cli, place: Place, plan: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, signed: bool
) -> None:
    """We would read the last one, a policy engine perhaps the first."""
    if signed:
        monkeypatch.setenv(KEY, "k1")
        assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    name = LIMIT if name == "daily" else name
    plan.write_text(doubled(plan.read_text(), name, value))
    ended = cli("apply", "plan.json")
    assert (ended.code, place.live_limit()) == (4, 25000), ended
    assert "a key stands twice" in ended.err


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "is set and empty"),
        (" ", "has white space at its ends"),
        ("k1\n", "has white space at its ends"),
        ("\tk1", "has white space at its ends"),
        ("k1\u00a0", "has white space at its ends"),
    ],
)
@pytest.mark.parametrize(
    "command", [("apply", "plan.json"), ("show", "plan.json"), ("plan", "--out", "new.json"), ("plan", "--json")]
)
def test_a_key_that_is_none_is_an_error(
    cli: Cli, place: Place, plan: Path, monkeypatch: pytest.MonkeyPatch, key: str, says: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv(KEY, key)
    ended = cli(*command)
    assert (ended.code, place.live_limit()) == (1, 25000), ended
    assert f"{KEY} {says}" in ended.err
    assert not (place.folder / "new.json").exists()


def test_a_signature_that_was_taken_away_is_missed(
    cli: Cli, place: Place, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "k1")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    found = json.loads(plan.read_text())
    for signature in (None, "", 1, "0" * 64):
        found["signature"] = signature
        if signature is None:
            del found["signature"]
        plan.write_text(plan_file.dumps(found))
        assert (cli("apply", "plan.json").code, place.live_limit()) == (4, 25000)


def test_settings_may_want_every_plan_file_signed(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline that has lost its key then applies nothing."""
    place.replace("reconciler.yaml", "project: test", "project: test\nsafety: {signed_plans: required}")
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("plan", "--out", "unsigned.json", "--quiet").code == 0
    ended = cli("apply", "unsigned.json")
    assert (ended.code, place.live_limit()) == (1, 25000)
    assert "safety.signed_plans" in ended.err
    monkeypatch.setenv(KEY, "k1")
    assert cli("apply", "unsigned.json").code == 4
    assert cli("plan", "--out", "signed.json", "--quiet").code == 0
    assert cli("apply", "signed.json").code == 0
    assert place.live_limit() == 30000


OLDER = {
    "mode": ("mode: authoritative", "mode: additive"),
    "block": ("safety: {block: [too-much]}", "safety: {block: [too-much, limit-decrease]}"),
    "max_change_percent": ("safety: {max_change_percent: 100}", "safety: {max_change_percent: 0}"),
    "min_sample": ("safety: {min_sample: 3}", "safety: {min_sample: 0}"),
    "max_tenants_affected": ("safety: {max_tenants_affected: off}", "safety: {max_tenants_affected: 0}"),
    "growth_percent": ("safety: {growth: 20 %}", "safety: {growth: 0 %}"),
    "over_limit": ("safety: {over_limit: off}", "safety: {over_limit: block}"),
    "hands_off": ("hands_off: []", "hands_off: [package/Growth]"),
    "external": ("external: [package/Other]", "external: [package/Growth]"),
}
"""Field of the policy → what the settings say of it when the plan is made, and what when it is applied."""


def test_every_field_of_the_policy_is_tried() -> None:
    assert OLDER.keys() == {each.name for each in fields(Policy)} - plan_files.OWN
    assert OLDER.keys() == plan_files.SETTINGS.keys()


@pytest.mark.parametrize("name", OLDER)
def test_a_plan_of_an_older_policy_is_stale_and_what_differs_is_named(cli: Cli, place: Place, name: str) -> None:
    before, now = OLDER[name]
    place.replace("reconciler.yaml", "project: test", f"project: test\n{before}")
    place.replace("packages.d/packages.yaml", "25000", "24000")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    place.replace("reconciler.yaml", before, now)
    ended = cli("apply", "plan.json")
    assert (ended.code, place.live_limit()) == (4, 25000), ended
    assert "error[other-policy]" in ended.err
    assert f"{plan_files.SETTINGS[name]} was " in ended.err
    place.replace("reconciler.yaml", now, before)
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 24000


def test_a_forged_policy_is_no_policy(cli: Cli, place: Place, plan: Path, forge: Forge) -> None:
    """The plan says that it was made under settings that were never there."""
    place.replace("reconciler.yaml", "project: test", "project: test\nsafety: {max_tenants_affected: 0}")
    forge(lambda found: found["policy"].update(max_tenants_affected=1000))
    assert (cli("apply", "plan.json").code, place.live_limit()) == (4, 25000)


def test_findings_about_files_that_are_errors_by_now_stop_the_plan(cli: Cli, place: Place) -> None:
    place.write("roles.d/roles.yaml", "Marketing: {description: Sends, permissions: ['*']}\n")
    place.sql("INSERT INTO esp_permission (name) VALUES ('reports.view')")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    place.replace("reconciler.yaml", "project: test", "project: test\nlint: {wildcard: error}")
    assert cli("plan").code == 1
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "error[wildcard]" in ended.err


def test_other_settings_of_the_target_are_named(cli: Cli, place: Place) -> None:
    place.replace("packages.d/packages.yaml", "25000", "24000")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    place.replace("reconciler.yaml", "type: native", "type: native\n    app_moves: revert")
    ended = cli("apply", "plan.json")
    assert (ended.code, place.live_limit()) == (4, 25000), ended
    assert "targets.esp.app_moves was " in ended.err


@pytest.mark.parametrize("stated", ["privacy: full", "safety: {max_lock_time: 5 s}"])
def test_what_judges_nothing_may_have_changed(cli: Cli, place: Place, plan: Path, stated: str) -> None:
    place.replace("reconciler.yaml", "project: test", f"project: test\n{stated}")
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 24000


def newest_run(cli: Cli) -> str:
    found: str = json.loads(cli("history", "--json").out)[0]["id"]
    return found


def test_a_plan_is_not_carried_out_again_after_its_revert(cli: Cli, place: Place, plan: Path) -> None:
    assert cli("apply", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0  # all of it is so already
    assert cli("revert", "--yes", json.loads(cli("history", "--json").out)[1]["id"]).code == 0
    ended = cli("apply", "plan.json")
    assert (ended.code, place.live_limit()) == (4, 25000), ended
    assert "carried out and taken back since" in ended.err
    assert cli("plan", "--out", "again.json", "--quiet").code == 0  # the files still ask for it
    assert cli("apply", "again.json").code == 0
    assert place.live_limit() == 24000
    assert cli("revert", "--yes", newest_run(cli)).code == 0
    assert (cli("apply", "again.json").code, place.live_limit()) == (4, 25000)


def test_a_revert_that_was_taken_back_is_not_carried_out_again(cli: Cli, place: Place, plan: Path) -> None:
    assert cli("apply", "plan.json").code == 0
    assert cli("revert", newest_run(cli), "--out", "back.json").code == 0
    assert cli("apply", "back.json").code == 0
    assert cli("revert", "--yes", newest_run(cli)).code == 0
    assert (cli("apply", "back.json").code, place.live_limit()) == (4, 24000)


def test_the_revert_of_something_else_makes_no_plan_stale(cli: Cli, place: Place, plan: Path) -> None:
    place.write("roles.d/others.yaml", "Other: {}\n")
    assert cli("apply", "--yes", "--only", "role/Other").code == 0
    (place.folder / "roles.d/others.yaml").unlink()
    assert cli("revert", "--yes", newest_run(cli)).code == 0
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 24000
