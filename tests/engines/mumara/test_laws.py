"""The laws on a Mumara: apply, then the plan is empty; twice is once; apply, then revert is before; an apply that is
killed leaves all or nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from reconciler.model.plan import Allowance, Plan
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.faults import Moments, watched
from tests.support.mumara import Mumara, quiet, target

LIFTED = ("unguarded", "too-much", "empty")
KILLED = 9

ROLES = """\
Marketing: {description: Other, permissions: ["campaigns.*"]}
Assistants: {previously: [Spare], permissions: [contacts.view]}
Fresh: {permissions: ["contacts / Make a copy"]}
"""
PACKAGES = """\
Growth:
  role: Assistants
  sending: {hourly_speed: 0, daily_limit: unlimited, max_threads: 3}
  limits: {segments: 0, trigger_actions_monthly: 0, contacts: 50000}
  commercial: {suppressed_domains: 0, bounce_rate_stop: 5, credits: true}
  assets: {sending_nodes: [smtp-eu-2], sending_node_groups: off, bounce_addresses: [return@mail.example]}
  headers: {X-Tier: "grün", X-Empty: ""}
  sender: {custom: false}
  require: {dkim: true, bounce_domain: true}
Starter: {previously: [Starter Plan], role: Fresh, sender: {custom: true}, require: {dkim: false}}
Legacy: {lifecycle: removed, reassign_to: Growth}
Roleless: {lifecycle: removed}
Scale: {role: Fresh, sending: {daily_limit: 100000}}
"""
TENANTS = """\
ops@acme.example: {name: Acme Ltd, package: Scale, overrides: {sending: {hourly_speed: 5, max_threads: 9}}}
crm@beta.example: {overrides: none, status: suspended}
solo@free.example: {package: Starter, status: active, overrides: {limits: {contacts: 3}}}
nobody@free.example: {package: Growth}
"""


@pytest.fixture
def busy(mumara: Mumara) -> Mumara:
    """A repository that changes something of everything. Ids that name nothing are gone: no revert could bring them
    back."""
    mumara.sql("UPDATE packages SET sending_domains = '[\"3\"]' WHERE id = 3")
    mumara.sql("DELETE FROM role_permissions WHERE permission_id = 999")
    mumara.sql("INSERT INTO role_permissions (role_id, permission_id) VALUES (3, 17)")  # a route means all its rows
    mumara.settings("external: []")
    mumara.write("role", ROLES)
    mumara.write("package", PACKAGES)
    mumara.write("tenant", TENANTS)
    return mumara


def state(mumara: Mumara) -> dict[str, Any]:
    """All that matters to the application: no ids of rows that only link, no times."""
    rows: dict[str, str] = {
        "packages": "SELECT id, package_name, role_id, user_id, modules, oversending_limit, created_at FROM packages",
        "roles": "SELECT id, name, is_staff, type, user_id FROM roles",
        "links": "SELECT DISTINCT role_id, permission_id FROM role_permissions",
        "users": "SELECT id, email, role_id, nullif(package_id, 0), status, deleted_at, password FROM users",
    }
    found: dict[str, Any] = {name: sorted(mumara.sql(query), key=repr) for name, query in rows.items()}
    with target(mumara.place).reader() as reader:
        found["seen"] = {kind: dict(sheet) for kind, sheet in reader.snapshot().sheets.items()}
    return found


@pytest.mark.every_run
def test_after_an_apply_the_plan_is_empty_and_a_second_apply_does_nothing(busy: Mumara) -> None:
    plan = busy.plan(*LIFTED)
    assert len(plan.changes) > 10
    busy.apply(plan=plan)
    assert not busy.plan().changes
    before = state(busy)
    outcome = busy.apply(plan=plan)
    assert not outcome.done and state(busy) == before


@pytest.mark.every_run
def test_a_revert_brings_back_what_was_there(busy: Mumara) -> None:
    """The whole rows of deleted packages, their ids, who was on them, and the copies of their roles."""
    busy.sql("UPDATE packages SET modules = 'kept', oversending_limit = 9, created_at = '2019-05-04 03:02:01'")
    before = state(busy)
    busy.apply(*LIFTED)
    assert state(busy) != before
    busy.apply(plan=undone(busy))
    after = state(busy)
    for name in before:
        assert after[name] == before[name], name


def undone(mumara: Mumara) -> Plan:
    site = mumara.site()
    (last, *_) = history.list_runs(site, 1)
    wish = PlanRequest(only=(), allowances=tuple(Allowance(code=code, reason="a test") for code in (*LIFTED, "in-use")))
    plan = history.reverted(site, last.run.id, wish, quiet)
    assert not plan.blocked, plan.blocked
    return plan


def test_a_plan_is_stale_when_a_row_it_touches_was_edited(busy: Mumara) -> None:
    plan = busy.plan(*LIFTED)
    busy.sql("UPDATE packages SET daily_email_limit = 4 WHERE id = 2")
    before = state(busy)
    with pytest.raises(Exception, match=r"stale|moved|differ|changed"):
        busy.apply(plan=plan)
    assert state(busy) == before


class Killing:
    """Applies of one plan, each killed before its n-th statement; the server takes back what was not committed."""

    def __init__(self, busy: Mumara) -> None:
        self.busy = busy
        self.plan = busy.plan(*LIFTED)
        self.before = state(busy)

    def commits_before(self, number: int) -> int:
        """How many COMMITs came before the statement at which the apply was killed; ENDED where it came to its end."""
        said = self.busy.folder / "commits"
        said.unlink(missing_ok=True)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return int(said.read_text(encoding="utf-8")) if said.exists() else ENDED
        try:
            moments = Moments(at=number)

            def die() -> None:
                said.write_text(str(moments.seen[:-1].count("COMMIT")), encoding="utf-8")
                os._exit(KILLED)

            moments.stop = die
            with watched(moments):
                self.busy.apply(plan=self.plan)
        finally:
            os._exit(0)

    def leave_nothing(self, step: int) -> None:
        """Until an apply has committed: all or nothing, and then all."""
        number = 1
        while self.commits_before(number) < COMMITS:
            assert state(self.busy) == self.before, number
            number += step
        assert number > 100, "it was killed at hardly any moment"
        assert not self.busy.plan().changes


COMMITS, ENDED = 2, 3
"""The announcement's, and that of the one transaction."""


def test_an_apply_that_is_killed_leaves_nothing(busy: Mumara) -> None:
    Killing(busy).leave_nothing(step=13)


@pytest.mark.torture
def test_an_apply_that_is_killed_at_any_moment_leaves_nothing(busy: Mumara) -> None:
    Killing(busy).leave_nothing(step=1)
