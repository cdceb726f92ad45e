"""The guides are played as a reader would: every command in them runs, and answers what the page shows."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tools"))

import guides

GUIDES = guides.PAGES
PAGES = [*GUIDES, REPOSITORY / "README.md"]


def test_there_is_a_guide_for_each_use() -> None:
    assert [path.name for path in GUIDES] == ["ci.md", "drift.md", "pull-requests.md", "targets.md"]


@pytest.mark.torture
@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("git")), reason="needs bash and git")
@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_answers_as_it_shows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert guides.refreshed(text) == text, "run `make generate`, and read what changed"


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_shows_no_command_that_is_not_run(path: Path) -> None:
    for block in guides.BLOCK.finditer(path.read_text(encoding="utf-8")):
        if block["language"] != "console":
            assert not re.search(r"^\$ ", block["body"], re.MULTILINE), block[0]
            kept_equal = guides.FILE.search(block["about"]) or guides.FROM.search(block["about"])
            assert kept_equal, "a block is run, or it is a file that the commands use or that is shown"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_link_leads_to_a_file(path: Path) -> None:
    for place in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / place).exists(), place


def test_a_wrong_answer_is_found() -> None:
    right = "```text file=a/b.txt\nhello\n```\n\n```console\n$ cd a\n$ cat b.txt\nhello\n$ false\n[exit 1]\n```\n"
    assert guides.refreshed(right) == right
    assert guides.refreshed(right.replace("$ cat b.txt\nhello", "$ cat b.txt\nbye")) == right
    assert guides.refreshed(right.replace("[exit 1]\n", "")) == right


def test_the_shell_goes_on_where_it_was() -> None:
    text = '```console\n$ export A=1\n$ mkdir d && cd d\n$ echo $A \\\n  "$(basename "$PWD")"\n1 d\n```\n'
    assert guides.refreshed(text) == text
