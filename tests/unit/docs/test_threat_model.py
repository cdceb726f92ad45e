"""The threat model: each claim names the tests that show it, and they are there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support import REPOSITORY

PAGE = REPOSITORY / "docs" / "threat-model.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ACTORS = (
    "The author of a pull request",
    "A fork",
    "Somebody with push rights",
    "Somebody with the plan artifact",
    "Somebody with the planning account",
    "Somebody with the database",
)


def rows(section: str) -> list[str]:
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return lines[1:]  # below the head


@pytest.mark.parametrize("path", sorted({found[1] for found in NAMED.finditer(TEXT)}))
def test_every_test_that_is_named_exists(path: str) -> None:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    there = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert {found[2] for found in NAMED.finditer(TEXT) if found[1] == path} <= there


@pytest.mark.parametrize("actor", ACTORS)
def test_every_claim_names_a_test(actor: str) -> None:
    (section,) = re.findall(rf"^## {actor}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert rows(section)
    assert [row for row in rows(section) if not NAMED.search(row)] == []
    assert all(NAMED.sub("", row.rsplit(" | ", 1)[-1]).strip(" ,|") == "" for row in rows(section))


def test_it_is_found_from_where_one_looks() -> None:
    assert "docs/threat-model.md" in (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    assert "docs/threat-model.md" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
