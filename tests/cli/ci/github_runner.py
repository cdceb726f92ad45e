"""A stand-in for the runner of GitHub Actions: runs the steps of a composite action as the runner does.

Real are the shell, the scripts and the reconciler. Steps that use other actions are not run; what they were given is
kept. Of expressions it knows paths, strings, `==`, `!=` and `&&`, and refuses the rest.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TERM = re.compile(r"^(?:'(?P<text>[^']*)'|(?P<path>[a-z_]+(?:\.[\w-]+)+))$")


@dataclass
class Ended:
    """How a use of the action ended. `used`: the steps of other actions, by name, with what they were given."""

    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    used: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Runner:
    """One job. `folder`: its checkout; `temp`: RUNNER_TEMP; `github`: the context of that name, dotted;
    `skip`: names of steps that are not run."""

    folder: Path
    temp: Path
    github: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()

    def use(self, action: Path, **given: str) -> Ended:
        """Run the action with these inputs (`_` stands for `-`)."""
        told = yaml.safe_load(action.read_text(encoding="utf-8"))
        known = {"runner.temp": str(self.temp), **{f"github.{name}": each for name, each in self.github.items()}}
        known["github.token"] = "token-of-the-job"
        wanted = {name.replace("_", "-"): each for name, each in given.items()}
        assert set(wanted) <= set(told["inputs"]), "there is no such input"
        for name, each in told["inputs"].items():
            known[f"inputs.{name}"] = wanted.get(name, filled(str(each.get("default", "")), known))
        ended = Ended()
        for step in told["runs"]["steps"]:
            if step["name"] in self.skip or ("if" in step and not holds(step["if"], known)):
                continue
            if "uses" in step:
                ended.used[step["name"]] = {n: filled(str(each), known) for n, each in step["with"].items()}
                continue
            self._run(step, known, action.parent, ended)
            if ended.code:
                break
        ended.outputs = {name: filled(each["value"], known) for name, each in told["outputs"].items()}
        return ended

    def _run(self, step: Mapping[str, Any], known: dict[str, str], action: Path, ended: Ended) -> None:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input would become part of the script"
        outputs, summary = self.temp / "outputs", self.temp / "summary"
        outputs.write_text("", encoding="utf-8")
        summary.write_text("", encoding="utf-8")
        environ = {
            **os.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(action),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
            **self.environ,
            **{name: filled(str(each), known) for name, each in step.get("env", {}).items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / filled(step.get("working-directory", "."), known),
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        ended.code = done.returncode
        ended.log += done.stdout
        ended.summary += summary.read_text(encoding="utf-8")
        if "id" in step:
            told = outputs_in(outputs.read_text(encoding="utf-8"))
            known.update({f"steps.{step['id']}.outputs.{name}": each for name, each in told.items()})


def outputs_in(text: str) -> dict[str, str]:
    """A file of outputs as the runner reads it."""
    lines, found = iter(text.splitlines()), {}
    for line in lines:
        name, joint, rest = line.partition("<<") if "<<" in line.partition("=")[0] else line.partition("=")
        assert joint, f"no output: {line!r}"
        found[name] = rest if joint == "=" else "\n".join(iter(lambda end=rest: next(lines), rest))
    return found


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with its expressions in place; what is not known is empty."""
    return _EXPRESSION.sub(lambda found: _term(found[1], known), text)


def holds(condition: str, known: Mapping[str, str]) -> bool:
    """Whether a step is run."""
    results = []
    for part in condition.split("&&"):
        left, sign, right = re.split(r"\s(==|!=)\s", part.strip())
        results.append((_term(left, known) == _term(right, known)) is (sign == "=="))
    return all(results)


def _term(text: str, known: Mapping[str, str]) -> str:
    found = _TERM.match(text.strip())
    assert found, f"this expression is not known here: {text}"
    return found["text"] if found["text"] is not None else known.get(found["path"], "")
