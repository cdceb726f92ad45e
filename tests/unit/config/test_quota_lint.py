"""Quotas that are legal and rarely meant, and what a package does not inherit: said by `validate`, heeding comments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reconciler.config.load import load
from reconciler.engine.globs import Globs
from reconciler.engine.references import dangling
from reconciler.kinds import KINDS
from reconciler.model.finding import CODES, Finding, Severity
from reconciler.workflow import plan
from reconciler.workflow.site import Choices, open_site
from tests.unit.config.desired_state import loaded, written

MONTHLY = "emails: 100, time_value: 1, time_unit: month"


def found(root: Path, quota: str, *, platform: bool = False) -> list[tuple[str, Severity, str]]:
    """(code, severity, field) of all that is said of one object with this quota."""
    files = {"packages.d/t.yaml": "Target: {quota: {notify: true}}\n"}
    if platform:
        files["platform.d/p.yaml"] = f"default:\n  quota: {{{quota}}}\n"
    else:
        files["packages.d/p.yaml"] = f"A:\n  quota: {{{quota}}}\n"
    findings = loaded(root, files).findings
    return [(each.code, each.severity, each.field) for each in findings if each.code != "no-inheritance"]


STAYS = ("stays-blocked", Severity.NOTE, "quota.action")
NEVER_ACTS = ("stays-blocked", Severity.WARNING, "quota.action")
SHORT = ("short-period", Severity.NOTE, "quota.time_unit")

CASES = [
    # a month that comes again
    (f"{MONTHLY}, action: reset", []),
    (f"{MONTHLY}, wait_for_expiry: false, action: move, move_to: Target", []),
    ("emails: unlimited, time_value: unlimited, action: none", []),
    ("action: none", []),
    ("notify: true", []),
    # never ends
    (f"{MONTHLY}, wait_for_expiry: false, action: reset", [("never-ends", Severity.ERROR, "quota.wait_for_expiry")]),
    # stays blocked
    (f"{MONTHLY}, action: none", [STAYS]),
    (f"{MONTHLY}, wait_for_expiry: false, action: none", [STAYS]),
    (MONTHLY, [STAYS]),
    ("time_value: 1, action: none", [STAYS]),
    ("emails: 100", []),
    ("emails: 100, time_value: unlimited, action: reset", [NEVER_ACTS]),
    ("emails: 100, action: reset", [NEVER_ACTS]),
    ("emails: 100, action: move, move_to: Target", [NEVER_ACTS]),
    ("emails: 100, wait_for_expiry: false, action: move, move_to: Target", []),
    # blocks all
    ("emails: 0", [("blocks-all", Severity.WARNING, "quota.emails")]),
    ("time_value: 0", [("blocks-all", Severity.WARNING, "quota.time_value")]),
    ("emails: 0, time_value: 1, action: none", [("blocks-all", Severity.WARNING, "quota.emails")]),
    (
        "emails: 0, time_value: 0",
        [("blocks-all", Severity.WARNING, "quota.emails"), ("blocks-all", Severity.WARNING, "quota.time_value")],
    ),
    # short periods
    ("emails: 9, time_value: 1, time_unit: minute, action: reset", [SHORT]),
    ("emails: 9, time_value: 1, time_unit: hour, action: reset", [SHORT]),
    ("emails: 9, time_value: 1, time_unit: day, action: reset", [SHORT]),
    ("emails: 9, time_value: 3, time_unit: week, action: reset", [SHORT]),
    ("emails: 9, time_value: 4, time_unit: week, action: reset", []),
    ("emails: 9, time_value: 90, time_unit: day, action: reset", []),
    ("emails: 9, time_value: 1, time_unit: year, action: reset", []),
    ("time_value: 1, time_unit: day, action: reset", []),
    ("time_unit: day", []),
    # moves to nowhere
    (f"{MONTHLY}, action: move", [("move-nowhere", Severity.WARNING, "quota.action")]),
    ("action: move", [("move-nowhere", Severity.WARNING, "quota.action")]),
]


@pytest.mark.parametrize("platform", [False, True], ids=["package", "platform"])
@pytest.mark.parametrize(("quota", "said"), CASES, ids=[quota for quota, _ in CASES])
def test_what_is_said_of_a_quota(
    tmp_path: Path, quota: str, said: list[tuple[str, Severity, str]], platform: bool
) -> None:
    assert found(tmp_path, quota, platform=platform) == said


def test_an_action_that_no_file_states_is_said_to_be_so(tmp_path: Path) -> None:
    (stated,) = loaded(tmp_path / "a", {"packages.d/p.yaml": f"A: {{quota: {{{MONTHLY}, action: none}}}}\n"}).findings
    (silent,) = loaded(tmp_path / "b", {"packages.d/p.yaml": f"A: {{quota: {{{MONTHLY}}}}}\n"}).findings
    assert stated.message == "a customer at the quota stays blocked, also when the period is over"
    assert silent.message.startswith("not stated: what is new gets `none`")


def test_a_package_that_is_to_go_gets_no_advice(tmp_path: Path) -> None:
    files = {
        "packages.d/p.yaml": "A: {lifecycle: removed, quota: {emails: 0, action: move}}\nB: {lifecycle: removed}\n",
        "platform.d/p.yaml": f"default: {{quota: {{{MONTHLY}, action: reset}}}}\n",
    }
    assert loaded(tmp_path, files).findings == ()


def johns(root: Path, *, platform: str, group: str) -> tuple[Finding, ...]:
    files = {
        "platform.d/p.yaml": f"default: {{quota: {{{platform}}}}}\n",
        "packages.d/p.yaml": f"100 emails Group: {{{group}}}\n",
        "tenants.d/t.yaml": (
            "john.nogroup@a.example: {package: none}\njohn.withgroup@a.example: {package: 100 emails Group}\n"
        ),
    }
    return loaded(root, files).findings


def test_john_with_a_group_inherits_nothing(tmp_path: Path) -> None:
    (finding,) = johns(tmp_path, platform="emails: 1000, time_value: 1, action: reset", group="sending: {}")
    assert (finding.code, finding.severity, str(finding.ref)) == (
        "no-inheritance",
        Severity.NOTE,
        "package/100 emails Group",
    )
    assert finding.message == (
        "states no quota and inherits none: the platform's is only for tenants without a package "
        "(1,000 emails a month from the first send); where this package is new, its tenants have no quota at all"
    )
    assert finding.remedy == "state the package's own quota, or quota.emails: unlimited"


@pytest.mark.parametrize(
    ("platform", "group"),
    [
        ("emails: 1000, time_value: 1, action: reset", f"quota: {{{MONTHLY}, action: reset}}"),
        ("emails: 1000, time_value: 1, action: reset", "quota: {emails: unlimited}"),
        ("emails: unlimited", "sending: {}"),
        ("notify: true", "sending: {}"),
    ],
)
def test_where_nobody_could_think_so_nothing_is_said(tmp_path: Path, platform: str, group: str) -> None:
    assert johns(tmp_path, platform=platform, group=group) == ()


@pytest.mark.parametrize(
    ("quota", "code"),
    [
        (f"{MONTHLY}, action: none", "stays-blocked"),
        ("emails: 100, action: reset", "stays-blocked"),
        ("emails: 0", "blocks-all"),
        ("emails: 9, time_value: 1, time_unit: day, action: reset", "short-period"),
        ("action: move", "move-nowhere"),
    ],
)
def test_a_comment_takes_advice_back(tmp_path: Path, quota: str, code: str) -> None:
    line = f"A: {{quota: {{{quota}}}}}"
    said = loaded(tmp_path / "a", {"packages.d/p.yaml": f"{line}\n"}).findings
    assert [finding.code for finding in said] == [code]
    assert loaded(tmp_path / "b", {"packages.d/p.yaml": f"{line}  # nolint: {code} agreed\n"}).findings == ()
    assert loaded(tmp_path / "c", {"packages.d/p.yaml": f"{line}  # nolint: wildcard agreed\n"}).findings == said


def test_a_comment_takes_the_missing_inheritance_back(tmp_path: Path) -> None:
    files = {
        "platform.d/p.yaml": "default: {quota: {emails: 1000, time_value: 1, action: reset}}\n",
        "packages.d/p.yaml": "# nolint: no-inheritance for our own staff\nA: {}\nB: {}\n",
    }
    assert [str(finding.ref) for finding in loaded(tmp_path, files).findings] == ["package/B"]


def validated(root: Path, lint: Mapping[str, str]) -> list[tuple[str, Severity]]:
    settings = {"project": "test", "lint": dict(lint), "targets": {"esp": {"type": "native", "url": "sqlite:///x.db"}}}
    written(
        root,
        {
            "reconciler.yaml": yaml.safe_dump(settings),
            "packages.d/p.yaml": "A: {quota: {emails: 0}}\nB: {quota: {time_value: 1, action: none}}\n",
        },
    )
    _, findings = plan.validated(open_site(Choices(config=root / "reconciler.yaml"), {}, root))
    return [(finding.code, finding.severity) for finding in findings]


def test_the_settings_weigh_advice(tmp_path: Path) -> None:
    assert validated(tmp_path, {}) == [("blocks-all", Severity.WARNING), ("stays-blocked", Severity.NOTE)]
    assert validated(tmp_path, {"blocks-all": "error", "stays-blocked": "off"}) == [("blocks-all", Severity.ERROR)]


RINGS = [
    ({"A": "A"}, None, [("A", "A → A")]),
    ({"A": "B", "B": "A"}, "A", [("A", "A → B → A")]),
    ({"A": "B", "B": "C", "C": "B"}, "A", [("B", "B → C → B")]),
    ({"A": "A", "B": "C", "C": "B"}, "C", [("A", "A → A"), ("B", "B → C → B")]),
    ({"A": "B", "B": "C"}, "A", []),
]


@pytest.mark.parametrize(("moves", "platform", "rings"), RINGS)
def test_circles_of_moves(
    tmp_path: Path, moves: dict[str, str], platform: str | None, rings: list[tuple[str, str]]
) -> None:
    named = {name: {"quota": {"action": "move", "move_to": to}} for name, to in moves.items()}
    files = {"packages.d/p.yaml": yaml.safe_dump({"C": {}, **named})}
    if platform:
        first = {"default": {"quota": {"action": "move", "move_to": platform}}}
        files["platform.d/p.yaml"] = yaml.safe_dump(first)
    found = [finding for finding in loaded(tmp_path, files).findings if finding.code == "move-cycle"]
    assert [(each.ref.key, each.message.partition(": ")[2]) for each in found if each.ref] == rings
    assert all(finding.blocks for finding in found)


def test_a_move_to_what_nobody_declares_is_dangling(tmp_path: Path) -> None:
    move = "quota: {action: move, move_to: Growht}"
    files = {"packages.d/p.yaml": f"Growth: {{}}\nA: {{{move}}}\n", "platform.d/p.yaml": f"default: {{{move}}}\n"}
    desired = load(written(tmp_path, files), KINDS)
    findings = list(dangling(desired, KINDS, Globs(())))
    assert [(str(each.ref), each.code, each.field) for each in findings] == [
        ("package/A", "dangling", "quota.move_to"),
        ("platform/default", "dangling", "quota.move_to"),
    ]


def test_every_code_of_advice_is_registered() -> None:
    used = {advice.code for resource in KINDS for advice in resource.advice}
    used |= {resource.fallback.code for resource in KINDS if resource.fallback}
    assert used == {"blocks-all", "short-period", "stays-blocked", "move-nowhere", "no-inheritance"}
    assert used <= CODES.keys()


def test_declarations_read_the_same_in_every_process() -> None:
    """What was read from files is kept under their text: an address of a function in it would never be met again."""
    assert not re.search(r" at 0x[0-9a-f]+|<function", repr(KINDS.resources))
