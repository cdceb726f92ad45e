"""`completion` as a shell uses it: bash is run, the others are asked as their scripts ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.completion import OFFERED, SHELLS
from tests.support.repository import Cli, Place

BASH = shutil.which("bash")


def offered(place: Place, *words: str, shell: str = "zsh") -> list[str]:
    """What is offered for the last word."""
    typed = " ".join(["reconciler", *(f"'{word}'" for word in words)])
    asked = {"_RECONCILER_COMPLETE": f"{shell}_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words))}
    if shell == "fish":
        asked["COMP_CWORD"] = words[-1]
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler"],
        cwd=place.folder,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stderr == ""
    lines = ended.stdout.splitlines()
    return lines[1::3] if shell == "zsh" else [line.partition(",")[2].split("\t")[0] for line in lines]


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_a_script(cli: Cli, shell: str) -> None:
    ended = cli("completion", shell)
    assert ended.code == 0
    assert f"_RECONCILER_COMPLETE={shell}_complete" in ended.out
    assert cli("completion", "csh").code == 64


def test_words_come_from_the_files_and_the_settings(bare: Place) -> None:
    assert offered(bare, "plan", "--only", "package/") == ["package/Growth", "package/Starter Plan"]
    assert offered(bare, "apply", "--target", "") == ["esp"]
    assert offered(bare, "list", "") == ["role", "package", "tenant", "platform"]
    assert offered(bare, "plan", "--allow", "dr") == ["drift"]
    assert "json" in offered(bare, "plan", "--output", "")
    assert offered(bare, "fm") == ["fmt"]
    assert not (bare.folder / "esp.db").exists(), "no live system was asked"


@pytest.mark.torture
def test_fish_and_another_config(bare: Place, tmp_path: Path) -> None:
    assert offered(bare, "plan", "--only", "tenant/o", shell="fish") == ["tenant/ops@acme.example"]
    elsewhere = tmp_path / "elsewhere" / "reconciler.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text("project: other\ntargets: {there: {type: native}}\n", encoding="utf-8")
    assert offered(bare, "plan", "-c", str(elsewhere), "-t", "") == ["there"]


@pytest.mark.torture
@pytest.mark.parametrize("spoiled", ["{", "project: [\n", ""])
def test_silent_where_nothing_can_be_read(bare: Place, spoiled: str) -> None:
    bare.write("reconciler.yaml", spoiled)
    assert offered(bare, "plan", "--only", "") == []
    assert offered(bare, "plan", "--target", "") == []
    (bare.folder / "reconciler.yaml").unlink()
    assert offered(bare, "plan", "--only", "") == []


@pytest.mark.torture
def test_files_with_errors_still_give_names(bare: Place) -> None:
    bare.write("roles.d/wrong.yaml", "Support: {descripton: Helps}\n")
    assert "package/Growth" in offered(bare, "plan", "--only", "")


@pytest.mark.torture
def test_nobody_is_flooded(bare: Place) -> None:
    bare.write("packages.d/many.yaml", "\n".join(f"P{number}: {{role: Marketing}}" for number in range(OFFERED + 50)))
    assert len(offered(bare, "plan", "--only", "package/P")) == OFFERED


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_bash_gets_one_word_that_no_name_can_break(bare: Place) -> None:
    bare.write("packages.d/odd.yaml", "\"a $(touch broken) `b`; 'c' & d\": {role: Marketing}\n")
    script = f"""
        reconciler() {{ {sys.executable} -m reconciler "$@"; }}
        eval "$(reconciler completion bash)"
        COMP_WORDS=(reconciler plan --only package/a); COMP_CWORD=3
        _reconciler_completion {bare.folder}/reconciler
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    here = bare.write("reconciler", f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    here.chmod(0o755)
    assert BASH is not None
    ended = subprocess.run(
        [BASH, "--norc", "-c", script], cwd=bare.folder, capture_output=True, text=True, check=False, timeout=60
    )
    (word,) = ended.stdout.splitlines()
    spoken = subprocess.run(
        [BASH, "--norc", "-c", f"printf %s {word}"], cwd=bare.folder, capture_output=True, text=True, check=True
    )
    assert spoken.stdout == "package/a $(touch broken) `b`; 'c' & d"
    assert not (bare.folder / "broken").exists()
