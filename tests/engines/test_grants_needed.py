"""The printed grants are the least: whichever one is taken back, some command of the journey fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support.engines import SERVERS
from tests.support.esp import FILES, MUCH, Objects, changed
from tests.support.figures import record
from tests.support.least_privilege import OWNER, Operator, operator
from tests.support.server_pool import ServerPool

EVERYTHING: Objects = {
    "package": {
        "Legacy": {
            "assets.bounce_addresses": ["bounce@mail.example"],
            "assets.sending_domains": ["mail.example"],
            "assets.sending_node_groups": ["eu-pool"],
            "headers": {"X-Tier": "legacy"},
            "options": {"trial.days": "3"},
        }
    }
}
AFTER: Objects = {
    "package": {
        "Growth": {
            "assets.bounce_addresses": ["bounce@mail.example"],
            "assets.sending_domains": ["mail.example"],
            "assets.sending_node_groups": ["eu-pool"],
        }
    }
}
PLATFORM: Objects = {"platform": {"default": {"quota.emails": 1_000}}}
FIRST = {**changed(FILES, EVERYTHING), **PLATFORM}
THEN = changed(changed(changed(FIRST, MUCH), AFTER), {"platform": {"default": {"quota.emails": 2_000}}})

REFUSALS = "may not do this|may not see all tables|denied|not an ESP database of ours"
"""MariaDB shows a table only to those who may do something with it."""


def failure(shop: Operator, planning: str, applying: str) -> str:
    """What the first command of the journey says that ends otherwise than with every grant; empty: none does."""
    plan = str(shop.esp.folder / "plan.json")
    lifted = ("--allow", "too-much", "--reason", "a test")
    try:
        shop.esp.declare(FIRST)
        shop.cli(planning, "plan", "--out", plan, *lifted)
        shop.cli(applying, "apply", plan)
        shop.esp.declare(THEN)
        shop.cli(planning, "plan", "--out", plan, *lifted)
        shop.cli(applying, "apply", plan)
        run = next(line.split()[0] for line in shop.cli(planning, "history").out.splitlines() if "apply" in line)
        shop.cli(planning, "history", run)
        shop.esp.sql("UPDATE esp_tenant SET package_id = NULL WHERE email = 'new@gamma.example'")
        shop.cli(applying, "revert", run, "--yes", *lifted)
        shop.cli(applying, "pause", "--reason", "a test")
        shop.cli(applying, "resume")
    except AssertionError as ended:
        return str(ended)
    return ""


@pytest.mark.torture
@pytest.mark.parametrize("engine", SERVERS)
def test_every_printed_grant_is_needed(engine: str, pool: ServerPool, tmp_path: Path) -> None:
    with operator(engine, pool, tmp_path) as shop:
        statements = shop.grant(shop.cli(OWNER, "doctor").out)
        rows = shop.esp.place.dump()
        assert failure(shop, PLANNING, APPLYING) == ""
        needed = 0
        for privilege, where, whom in granted(statements):
            shop.esp.place.put(rows)
            shop.owner(f"REVOKE {privilege} ON {where} FROM {whom}")
            accounts = (PLANNING, OWNER) if shop.name(PLANNING) in whom else (APPLYING, APPLYING)
            said = failure(shop, *accounts)
            assert re.search(REFUSALS, said), (privilege, where, whom, said)
            shop.owner(f"GRANT {privilege} ON {where} TO {whom}")
            needed += 1
        shop.esp.place.put(rows)
        assert failure(shop, PLANNING, APPLYING) == ""
    record(f"printed grants, {engine}", f"{needed} taken back one by one: {needed} missed")


def granted(statements: list[str]) -> Iterator[tuple[str, str, str]]:
    """(privilege, where, whom), one by one; without what PostgreSQL gives to everybody anyway."""
    for statement in statements:
        match = re.fullmatch(r"GRANT (.*) ON (.*) TO (.*);", statement)
        assert match
        privileges, where, whom = match.groups()
        if not where.startswith(("DATABASE", "SCHEMA public")):
            for privilege in re.findall(r"[A-Z]+(?: [A-Z]+)?(?: \([^)]*\))?", privileges):
                yield privilege, where, whom
