"""Who can run Rego here: conftest, opa, or an interpreter in Python. None of them is needed for the other tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Said = tuple[list[str], list[str]]
"""What `deny` and `warn` say, sorted."""


def by_conftest(policy: Path, plan: Path) -> Said:
    (found,) = _json("conftest", "test", "--output", "json", "--policy", str(policy), str(plan))
    texts = {key: sorted(each["msg"] for each in found.get(key) or ()) for key in ("failures", "warnings")}
    return texts["failures"], texts["warnings"]


def by_opa(policy: Path, plan: Path) -> Said:
    found = _json("opa", "eval", "--format", "json", "--data", str(policy), "--input", str(plan), "data.main")
    said = found["result"][0]["expressions"][0]["value"]
    return sorted(said["deny"]), sorted(said["warn"])


def by_regopy(policy: Path, plan: Path) -> Said:
    import regopy

    interpreter = regopy.Interpreter()
    for path in sorted(policy.glob("*.rego")):
        interpreter.add_module(path.name, path.read_text(encoding="utf-8"))
    interpreter.set_input(json.loads(plan.read_text(encoding="utf-8")))
    deny, warn = (
        json.loads(str(interpreter.query(f"data.main.{rule}")))["expressions"][0] for rule in ("deny", "warn")
    )
    return sorted(deny), sorted(warn)


ENGINES: Mapping[str, Callable[[Path, Path], Said]] = {"conftest": by_conftest, "opa": by_opa, "regopy": by_regopy}


def installed(engine: str) -> bool:
    return shutil.which(engine) is not None or (engine == "regopy" and find_spec(engine) is not None)


def _json(*command: str) -> Any:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout)
