"""Every reference leads somewhere: from code and tests into docs/, between the pages, and from rules to their tests."""

from __future__ import annotations

import ast
import itertools
import posixpath
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support import REPOSITORY

RULES = "docs/rules.md"
ADR = "docs/adr"

MORE = r"(?:,|\s+to|\s+and)\s+#[\w-]+"
IN_CODE = re.compile(rf"(?<![\w./-])(?P<page>docs/[\w./-]+?\.md)(?P<anchors>#[\w-]+(?:{MORE})*)?")
DECISION = re.compile(r"\bADR (?P<number>\d{3})\b")
NO_PAGE = re.compile(r"\b(?:RULES|DESIGN|VOCABULARY|RELIABILITY|ECOSYSTEM|STYLE|HOUSE)[ \t\n#]+\d")
"""How rules were named before they had a page."""
NAMED = re.compile(r'<a (?:name|id)="(?P<name>[\w-]+)"></a>')
RULE = re.compile(r'<a name="rule-(?P<name>\d+)"></a>\n## (?P<number>\d+)\. .+')
TEST = re.compile(r"(?P<file>\w+\.py)::(?P<function>test_\w+)")


@cache
def tracked() -> tuple[str, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()))


@cache
def text_of(name: str) -> str:
    return (REPOSITORY / name).read_bytes().decode("utf-8", "replace")


def pages() -> list[str]:
    return [name for name in tracked() if name.endswith(".md")]


def with_references() -> list[str]:
    """Files of any sort but pages, golden files and this one, which holds wrong references on purpose."""
    here = Path(__file__).relative_to(REPOSITORY).as_posix()
    golden = re.compile(r"tests/cases/.*/(?:desired/.*|plan\.\w+)")
    return [name for name in tracked() if not name.endswith(".md") and name != here and not golden.fullmatch(name)]


@cache
def parsed(text: str) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(text))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def words(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in ("text", "code_inline"))


@cache
def anchors(page: str) -> frozenset[str]:
    """Where one can go on a page: its headings, and what it names itself."""
    text = text_of(page)
    found = set(NAMED.findall(text))
    tokens = parsed(text)
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            plain = again = slug(words(inline))
            number = 0
            while again in found:
                number += 1
                again = f"{plain}-{number}"
            found.add(again)
    return frozenset(found)


def links(text: str) -> Iterator[tuple[str, str]]:
    """(words, target) of each link."""
    for token in parsed(text):
        children = token.children or []
        for number, child in enumerate(children):
            if child.type == "link_open":
                said = "".join(each.content for each in children[number + 1 : number + 2])
                yield said, str(child.attrs["href"])


def wrong_links(page: str, text: str) -> Iterator[str]:
    """Links to what is not there."""
    for _, target in links(text):
        if re.match(r"[a-z+]+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), place)) if place else page
        if not (REPOSITORY / path).exists():
            yield f"{page}: {target}: there is no {path}"
        elif anchor and (not path.endswith(".md") or anchor not in anchors(path)):
            yield f"{page}: {target}: {path} has no #{anchor}"


def wrong_references(name: str, text: str) -> Iterator[str]:
    """What code, tests and comments say of docs/ and of decisions, and is not there."""
    for match in IN_CODE.finditer(text):
        page = match["page"]
        if page not in tracked():
            yield f"{name}: there is no {page}"
            continue
        for anchor in re.findall(r"#([\w-]+)", match["anchors"] or ""):
            if anchor not in anchors(page):
                yield f"{name}: {page} has no #{anchor}"
    for match in DECISION.finditer(text):
        if not any(other.startswith(f"{ADR}/{match['number']}-") for other in tracked()):
            yield f"{name}: there is no decision {match['number']}"
    for match in NO_PAGE.finditer(text):
        yield f"{name}: {match[0]!r} is no link; name the page, as in {RULES}#rule-1"


@cache
def functions(name: str) -> frozenset[str]:
    return frozenset(node.name for node in ast.walk(ast.parse(text_of(name))) if isinstance(node, ast.FunctionDef))


def wrong_tests(page: str, text: str) -> Iterator[str]:
    """Tests that a page names and that are not there, or are elsewhere."""
    for said, target in links(text):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        test = TEST.fullmatch(said)
        if test and (
            Path(path).name != test["file"] or path not in tracked() or test["function"] not in functions(path)
        ):
            yield f"{page}: {said} is not in {path}"
        elif (
            not test
            and path.startswith("tests/cases/")
            and (path != f"tests/cases/{said}" or f"{path}/live.yaml" not in tracked())
        ):
            yield f"{page}: {said} is no case in {path}"


def test_code_and_tests_refer_to_what_is_there() -> None:
    assert [wrong for name in with_references() for wrong in wrong_references(name, text_of(name))] == []


def test_pages_refer_to_what_is_there() -> None:
    assert [wrong for page in pages() for wrong in wrong_references(page, text_of(page))] == []
    assert [wrong for page in pages() for wrong in wrong_links(page, text_of(page))] == []


def test_the_tests_that_pages_name_are_there() -> None:
    assert [wrong for page in pages() for wrong in wrong_tests(page, text_of(page))] == []


def test_rules_are_numbered_and_each_of_their_sentences_is_proven() -> None:
    text = text_of(RULES)
    rules = RULE.findall(text)
    assert [number for _, number in rules] == [str(n) for n in range(1, len(rules) + 1)]
    assert all(name == number for name, number in rules)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(rules)
    for _, *sentences in (part.split("\n- ") for part in RULE.split(text)[3::3]):
        assert sentences
        for sentence in sentences:
            assert re.search(r"\n  Tests: \[", sentence), sentence


def test_every_decision_has_a_number_a_status_and_a_line_in_the_list() -> None:
    decisions = [name for name in pages() if re.match(rf"{ADR}/\d", name)]
    assert [Path(name).name[:3] for name in decisions] == [f"{n:03}" for n in range(1, len(decisions) + 1)]
    listed = re.findall(r"^\| \[(\d{3})\]\((.+?)\) \| (.+?) \| (.+?) \|$", text_of(f"{ADR}/README.md"), re.MULTILINE)
    told = []
    for name in decisions:
        head = re.match(r"# (\d{3}): (.+)\n\n\*\*Status\.\*\* (.+)\.\n", text_of(name))
        assert head, f"{name} has to begin with `# NNN: title` and `**Status.** Accepted.`"
        told.append((head[1], Path(name).name, head[2], head[3].lower()))
    assert listed == told


def test_the_index_names_every_page() -> None:
    index = "docs/README.md"
    named = {posixpath.normpath(posixpath.join("docs", target)) for _, target in links(text_of(index))}
    apart = re.compile(rf"{re.escape(index)}|{ADR}/\d.*")
    assert [
        page for page in pages() if page.startswith("docs/") and not apart.fullmatch(page) and page not in named
    ] == []


def test_every_concept_says_where_it_is_told_exactly() -> None:
    concepts = re.findall(r"^\*\*(.+?)\*\* (.+)$", text_of("docs/concepts.md"), re.MULTILINE)
    assert len(concepts) > 50
    assert [name for name, told in concepts if "](" not in told] == []


@pytest.mark.parametrize(
    "text",
    [
        "# (docs/nowhere.md)",
        '"""Something (docs/rules.md#rule-999)."""',
        '"""Something (docs/rules.md#rule-1, #rule-999)."""',
        '"""Something (docs/rules.md#rule-1 to\n#rule-999)."""',
        "# see ADR 999",
        '"""As it was said (RULES 4)."""',
        "# … (RULES\n# 4)",
    ],
)
def test_a_wrong_reference_is_found(text: str) -> None:
    assert len(list(wrong_references("some.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    ["[x](nowhere.md)", "[x](rules.md#rule-999)", "[x](#nowhere)", "[x](../docs/architecture.md#Floors)"],
)
def test_a_wrong_link_is_found(text: str) -> None:
    assert len(list(wrong_links("docs/concepts.md", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[test_wheel.py::test_nothing](../tests/cli/packaging/test_wheel.py)",
        "[test_other.py::test_the_installed_command_runs](../tests/cli/packaging/test_wheel.py)",
        "[test_wheel.py::test_the_installed_command_runs](../tests/test_wheel.py)",
        "[delete/nothing](../tests/cases/delete/nothing)",
        "[delete/in_use](../tests/cases/delete/unused)",
    ],
)
def test_a_test_that_is_not_there_is_found(text: str) -> None:
    assert len(list(wrong_tests(RULES, text))) == 1


def test_headings_have_the_anchors_of_github() -> None:
    assert {"the-five-of-them", "whats-new-a-b--c", "code-here"} == {
        slug("The five of them"),
        slug("What's new: a, b & c"),
        slug("`code` here"),
    }
