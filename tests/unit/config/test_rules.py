"""Complaints that need more than one field, object or file."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.rules import complaints as rules
from reconciler.kinds import KINDS
from reconciler.model.finding import Severity
from reconciler.model.record import Sheet
from tests.unit.config.desired_state import codes, complaints, loaded

RULES = [
    (
        "successor without its tombstone",
        "A: {reassign_to: B}\nB: {}\n",
        "[only-with] package/A: reassign_to: makes sense only with lifecycle: removed; "
        "write lifecycle: removed, or take reassign_to out  packages.d/p.yaml:1",
    ),
    (
        "target without its action",
        "A: {quota: {action: reset, move_to: B}}\nB: {}\n",
        "[only-with] package/A: quota.move_to: makes sense only with quota.action: move; "
        "write quota.action: move, or take quota.move_to out  packages.d/p.yaml:1",
    ),
    (
        "a quota that limits nothing",
        "A:\n  quota:\n    wait_for_expiry: false\n    action: reset\n",
        "[never-ends] package/A: quota.wait_for_expiry: a quota that resets at once never limits anything; "
        "write quota.wait_for_expiry: true, or another quota.action  packages.d/p.yaml:3",
    ),
    (
        "its own successor",
        "A: {lifecycle: removed, reassign_to: A}\n",
        "[referenced] package/A: reassign_to: an object cannot take over from itself; "
        "name one that stays  packages.d/p.yaml:1",
    ),
    (
        "a successor that goes too",
        "A:\n  lifecycle: removed\n  reassign_to: B\nB: {lifecycle: removed}\n",
        '[referenced] package/A: reassign_to: "B" is removed as well; name one that stays  packages.d/p.yaml:3',
    ),
    (
        "a former name that is declared",
        "A: {previously: [B]}\nB: {}\n",
        '[duplicate] package/A: previously: "B" is declared itself; take one of them out  packages.d/p.yaml:1',
    ),
    (
        "its own former name",
        "A: {previously: [A]}\n",
        '[duplicate] package/A: previously: "A" is declared itself; take one of them out  packages.d/p.yaml:1',
    ),
    (
        "a former name of two",
        "A: {previously: [C]}\nB: {previously: [C, D]}\n",
        '[duplicate] package/B: previously: "C" is a former name of "A" too; name it once  packages.d/p.yaml:2',
    ),
    (
        "a ring of one",
        "A: {quota: {action: move, move_to: A}}\n",
        "[move-cycle] package/A: quota.move_to: leads round in a circle: A → A; break the circle  packages.d/p.yaml:1",
    ),
    (
        "a ring of three with a way in",
        "".join(f"{a}: {{quota: {{action: move, move_to: {b}}}}}\n" for a, b in ("AB", "BC", "CD", "DB")),
        "[move-cycle] package/B: quota.move_to: leads round in a circle: B → C → D → B; "
        "break the circle  packages.d/p.yaml:2",
    ),
]


@pytest.mark.parametrize(("content", "told"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_rule(tmp_path: Path, content: str, told: str) -> None:
    assert complaints(tmp_path, {"packages.d/p.yaml": content}) == [told]


ALLOWED = [
    "A: {lifecycle: removed}\n",
    "A: {lifecycle: removed, reassign_to: B}\nB: {}\n",
    "A: {lifecycle: removed, reassign_to: Elsewhere}\n",
    "A: {quota: {action: move, move_to: B}}\nB: {quota: {action: move, move_to: C}}\nC: {}\n",
    "A: {upgrade_to: B}\nB: {upgrade_to: A}\n",
    "A: {quota: {wait_for_expiry: false, action: none}}\n",
    "A: {quota: {wait_for_expiry: false}}\n",
    "A: {previously: [Old, Older]}\nB: {previously: [old]}\n",
]


@pytest.mark.parametrize("content", ALLOWED)
def test_allowed(tmp_path: Path, content: str) -> None:
    assert codes(tmp_path, {"packages.d/p.yaml": content}) == []


def test_credits_and_an_own_allowance_exclude_each_other(tmp_path: Path) -> None:
    content = (
        "a@x.example: {credits: {monthly: 5}, overrides: {allowance: {emails: 5}}}\n"
        "b@x.example: {credits: {monthly: 5}, overrides: {allowance: {sms: 5, emails: inherit}}}\n"
        "c@x.example: {credits: {monthly: 5}, overrides: none}\n"
        "d@x.example: {overrides: {allowance: {emails: 5}}}\n"
    )
    assert complaints(tmp_path, {"tenants.d/t.yaml": content}) == [
        "[exclusive] tenant/a@x.example: credits.monthly: credits.monthly and overrides.allowance.emails "
        "exclude each other; take one of them out  tenants.d/t.yaml:1"
    ]


def test_no_complaint_follows_from_another(tmp_path: Path) -> None:
    assert codes(tmp_path, {"packages.d/p.yaml": "A: {lifecycle: remove, reassign_to: B}\n"}) == ["choice"]


def test_a_star_alone_is_a_warning(tmp_path: Path) -> None:
    (finding,) = loaded(tmp_path, {"roles.d/r.yaml": "R:\n  permissions: ['*', contacts.*]\n"}).findings
    assert finding.code == "wildcard"
    assert finding.severity is Severity.WARNING
    assert str(finding.origin) == "roles.d/r.yaml:2"


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ("R:\n  permissions: ['*']  # nolint: wildcard the owner's role\n", 0),
        ("R:\n  # nolint: wildcard the owner's role\n  permissions: ['*']\n", 0),
        ("R:\n  # nolint: wildcard the owner's role\n  # and more words\n\n  permissions: ['*']\n", 0),
        ("R:  # nolint: wildcard the owner's role\n  description: x\n  permissions: ['*']\n", 0),
        ("# nolint: wildcard the owner's role\nR:\n  permissions: ['*']\n", 0),
        ("R:\n  permissions: ['*']  # nolint: wildcard\n", 1),
        ("R:\n  permissions: ['*']  # nolint: in-use no such thing here\n", 1),
        ("R:\n  permissions: ['*']\n  description: x  # nolint: wildcard too late\n", 1),
        ("# nolint: wildcard another\nQ: {}\nR:\n  permissions: ['*']\n", 1),
        ("R: {permissions: ['*'], description: 'x # nolint: wildcard no comment'}\n", 1),
        ("R: {permissions: ['*'], description: \"x # nolint: wildcard no comment\"}\n", 1),
        ("R: {permissions: ['*'], description: 'x'} # nolint: wildcard a comment\n", 0),
        ("'R # nolint: wildcard no comment': {permissions: ['*']}\n", 1),
        ("R:\n  description: 'x\n    # nolint: wildcard no comment\n    y'\n  permissions: ['*']\n", 1),
        ("R:\n  description: |-\n    # nolint: wildcard no comment\n  permissions: ['*']\n", 1),
        ("R:\n  description: |- # nolint: wildcard on another line\n    x\n  permissions: ['*']\n", 1),
        ("R:\n  description: é # 'é' # nolint: x of another\n  permissions: ['*'] # nolint: wildcard é\n", 0),
    ],
)
def test_a_comment_takes_a_warning_back(tmp_path: Path, content: str, left: int) -> None:
    assert codes(tmp_path, {"roles.d/r.yaml": content}) == ["wildcard"] * left


def test_a_comment_takes_no_error_back(tmp_path: Path) -> None:
    content = "R:\n  permissions: [con*]  # nolint: wildcard please\n"
    assert codes(tmp_path, {"roles.d/r.yaml": content}) == ["wildcard"]


def test_nothing_declared_is_nothing_wrong() -> None:
    assert list(rules({kind: Sheet(kind) for kind in KINDS.kinds}, KINDS)) == []


def test_there_is_one_platform(tmp_path: Path) -> None:
    found = rules(loaded(tmp_path, {"platform.d/p.yaml": "default: {}\nother: {}\n"}).sheets, KINDS)
    assert [(f.code, str(f.ref), f.remedy) for f in found] == [("name", "platform/other", "write `default:`")]
