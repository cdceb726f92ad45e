"""Saved plans, sentence by sentence: what makes one stale, what does not, and what is refused
(docs/rules.md#rule-30, #rule-31, #rule-36)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.report import plan_file
from tests.support.repository import Cli, Place


@pytest.fixture
def saved(cli: Cli, place: Place) -> Path:
    """A plan that raises a limit."""
    place.replace("packages.d/packages.yaml", "25000", "30000")
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    return place.folder / "plan.json"


def test_it_is_for_its_owner_alone(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_relevant_edit_says_planned_live_and_wanted(cli: Cli, place: Place, saved: Path) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 26000 WHERE name = 'Growth'")
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert "planned from 25,000, live now 26,000, wanted 30,000" in ended.err
    assert place.live_limit() == 26000


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO esp_tenant (email, package_id) SELECT 'n@free.example', id FROM esp_package WHERE name = 'Growth'",
        "UPDATE esp_tenant SET package_id = NULL",
        "UPDATE esp_package SET sending_daily_limit = 1 WHERE name = 'Starter Plan'",
        "UPDATE esp_package SET limits_contacts = 7 WHERE name = 'Growth'",  # no file states it
    ],
)
def test_an_unrelated_edit_has_no_effect(cli: Cli, place: Place, saved: Path, statement: str) -> None:
    place.sql(statement)
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 30000


def test_what_is_so_already_is_said(cli: Cli, place: Place, saved: Path) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = 30000 WHERE name = 'Growth'")
    ended = cli("apply", "plan.json")
    assert ended.code == 0
    assert "1 already so" in ended.out
    assert cli("apply", "plan.json").code == 0
    assert json.loads(cli("apply", "plan.json", "--json").out)["already"] == ["package/Growth"]


def _told(saved: Path, field: str, value: str) -> None:
    """The same file with another value, sealed again, as another tool would make it."""
    found = json.loads(saved.read_text())
    part = found if field in found else found["source"] if field in found["source"] else found["target"]
    part[field] = value
    saved.write_text(plan_file.dumps(plan_file.seal(found, None)))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "other", "target"),
        ("type", "mailwizz", "type of target"),
        ("project", "other", "project"),
        ("instance", "0" * 32, "another database"),
        ("version", "0.0.9", "version of the reconciler"),
        ("files", "0" * 64, "the files have changed"),
    ],
)
def test_a_plan_of_elsewhere_is_refused(cli: Cli, place: Place, saved: Path, field: str, value: str, says: str) -> None:
    _told(saved, field, value)
    ended = cli("apply", "plan.json")
    assert ended.code == 4
    assert says in ended.err
    assert place.live_limit() == 25000


def test_a_changed_value_is_refused_and_another_layout_is_not(cli: Cli, place: Place, saved: Path) -> None:
    text = saved.read_text()
    saved.write_text(text.replace("30000", "30001"))
    assert cli("apply", "plan.json").code == 4
    saved.write_text(json.dumps(json.loads(text), indent=7))
    assert cli("apply", "plan.json").code == 0
    assert place.live_limit() == 30000


@pytest.mark.parametrize("key", ["", "k1"])
def test_every_flipped_byte_is_refused_or_harmless(
    cli: Cli, place: Place, saved: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """A file of a good 3 kB; harmless is what leaves the plan as it was. Applied for real where it is let through."""
    if key:
        monkeypatch.setenv("RECONCILER_PLAN_KEY", key)
    assert cli("plan", "--out", "plan.json", "--quiet").code == 0
    content = saved.read_bytes()
    signing = key.encode() or None
    plan = plan_file.parse_plan(content, signing)
    let_through = []
    for position in range(len(content)):
        spoiled = bytearray(content)
        spoiled[position] ^= 1 << position % 8
        try:
            if plan_file.parse_plan(bytes(spoiled), signing) != plan:
                let_through.append(position)
        except Exception as error:
            assert getattr(error, "exit_code", 0) in (1, 4), (position, repr(error))
    assert let_through == []
    for position in range(0, len(content), 97):
        spoiled = bytearray(content)
        spoiled[position] ^= 1
        saved.write_bytes(bytes(spoiled))
        ended = cli("apply", "plan.json")
        assert ended.code in (0, 1, 4)
        assert "internal" not in ended.err
        assert place.live_limit() == (30000 if ended.code == 0 else 25000)
        place.sql("UPDATE esp_package SET sending_daily_limit = 25000 WHERE name = 'Growth'")


def test_a_revert_is_sealed_and_signed_alike(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("packages.d/packages.yaml", "Starter Plan: {role: Marketing}\n")
    place.write("tenants.d/eu.yaml", "crm@beta.example: {package: Starter Plan}\n")
    place.sql("UPDATE esp_tenant SET package_id = NULL WHERE email = 'ops@acme.example'")
    assert cli("apply", "--yes").code == 0
    run = json.loads(cli("history", "--json").out)[0]["id"]
    assert cli("revert", run, "--out", "unsigned.json").code == 0
    unsigned = place.folder / "unsigned.json"
    row = next(r for r in json.loads(unsigned.read_text())["resource_changes"] if r["operation"] == "create")
    assert row["raw"]["esp_package"][0]["name"] == "Growth"
    spoiled = unsigned.read_text().replace('"created_at":"2', '"created_at":"1')
    (place.folder / "spoiled.json").write_text(spoiled)
    assert cli("apply", "spoiled.json").code == 4
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "k1")
    assert cli("apply", "unsigned.json").code == 4
    assert cli("revert", run, "--out", "signed.json").code == 0
    assert cli("apply", "signed.json").code == 0
    assert place.live_limit() == 25000


@pytest.mark.parametrize("option", [("--allow", "delete", "--reason", "x"), ("--only", "package/Growth")])
def test_a_plan_file_takes_no_allowances(cli: Cli, place: Place, saved: Path, option: tuple[str, ...]) -> None:
    ended = cli("apply", *option, "plan.json")
    assert ended.code == 64
    assert "word for word" in ended.err
    assert place.live_limit() == 25000
