"""Apply a plan file as it is, and see whether it was carried out."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass

import pytest

from reconciler.cli.main import run as command
from reconciler.model.errors import ReconcilerError
from reconciler.workflow import plan_file
from reconciler.workflow.plan import applied
from tests.support.esp import quiet
from tests.torture.stale_world import Saved, World


@dataclass(frozen=True)
class Ended:
    """How an apply ended: `told` is all that it complained of."""

    code: int
    told: str
    already: tuple[str, ...] = ()


def apply(world: World, content: bytes, *, by_command: bool = False, key: str = "") -> Ended:
    """Run this plan file. `key`: of signatures. Only what a command would catch is caught."""
    file = world.esp.folder / "plan.json"
    file.write_bytes(content)
    environ = {plan_file.KEY: key} if key else {}
    if by_command:
        with pytest.MonkeyPatch.context() as patch:
            if key:
                patch.setenv(plan_file.KEY, key)
            code, out, err = commanded("apply", str(file), "--json", "-c", str(world.esp.folder / "reconciler.yaml"))
        assert "internal error" not in err
        return Ended(code, err, tuple(json.loads(out)["already"]) if code == 0 else ())
    try:
        site = world.esp.site()
        found = plan_file.read_plan_file(file, environ)
        plan_file.check_plan(site, found)
        outcome = applied(site, found, quiet)
    except ReconcilerError as error:
        told = [error.message, *(f"{finding.ref} {finding.message}" for finding in error.findings)]
        return Ended(error.exit_code, "\n".join(told))
    return Ended(0, "", tuple(str(change.ref) for change in outcome.already))


def commanded(*arguments: str) -> tuple[int, str, str]:
    """A command line in this process: its code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command(arguments)
    return code, out.getvalue(), err.getvalue()


def arrived(world: World, plan: Saved) -> None:
    """The plan is carried out: what it changes is so, what it deletes is gone."""
    with world.esp.site().target.reader() as reader:
        live = reader.snapshot().sheets
    for address, of_object in plan.rows.items():
        kind, _, key = address.partition("/")
        if "forget" in of_object:
            continue  # whatever becomes of it
        assert (key in live[kind]) == ("delete" not in of_object), address
        for row in of_object.values():
            for name, value in ((row["change"] or {}).get("after") or {}).items():
                now = live[kind][key].values.get(name)
                assert now == (tuple(value) if isinstance(value, list) else value) or name == "options", (address, name)
