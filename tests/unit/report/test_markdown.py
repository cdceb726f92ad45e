"""The comment on a pull request, read back with a parser of markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.kinds import KINDS
from reconciler.model.change import Create, Delete, Effect
from reconciler.model.finding import Finding
from reconciler.model.plan import Allowance, Source
from reconciler.model.ref import Origin, Ref
from reconciler.model.visible import safe_text
from reconciler.report.formats.markdown import MOST, code, escaped, fenced, marker, report
from reconciler.report.topic import VALIDATE, Frame, Topic, topic_of_drift, topic_of_plan
from tests.support.hostile_names import PIECES, hostile_names
from tests.support.report_plans import ACME, LEGACY, delta, every_operation, plan, the_design_plan, update

FRAME = Frame(vocabulary=KINDS, masked=False)
OURS = re.compile(r"</?code>|<br>|<!-- -->")
"""The markup that we put into a line."""
NOT_OURS = re.compile(r'@[\w"]|#\d|!\d|%\d|://|\bwww\.\w|\bGH-\d|:[a-z]+:|\$\w')
"""What GitHub or GitLab would make a link, a mention, a formula or a picture of, outside of code."""


@dataclass
class Read:
    """A comment as a parser reads it: the lines of each cell, the folded blocks, all that is shown outside of code."""

    rows: list[list[list[str]]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    html: list[str] = field(default_factory=list)


def read(comment: str) -> Read:
    found = Read()
    cell = False
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(comment):
        found.types.add(token.type)
        match token.type:
            case "tr_open":
                found.rows.append([])
            case "th_open" | "td_open":
                cell = True
            case "th_close" | "td_close":
                cell = False
            case "fence":
                found.blocks.append(token.content)
            case "html_block":
                found.html.append(token.content)
            case "inline":
                lines = seen(token.children or [], found)
                if cell:
                    found.rows[-1].append(lines)
    return found


def seen(tokens: list[Token], found: Read) -> list[str]:
    """The lines that a reader sees; what is not code is kept in `loose`."""
    lines, inside = [""], False
    for token in tokens:
        found.types.add(token.type)
        if token.type == "html_inline":
            assert OURS.fullmatch(token.content), token.content
            inside = {"<code>": True, "</code>": False}.get(token.content, inside)
            if token.content == "<br>":
                lines.append("")
        else:
            lines[-1] += token.content
            if token.type == "text" and not inside:
                found.loose.append(token.content)
    return lines


def test_the_design_plan():
    comment = report(topic_of_plan(the_design_plan()), Frame(vocabulary=KINDS))
    assert comment.splitlines()[:10] == [
        "<!-- reconciler:plan:production -->",
        "## ⛔ Blocked: an apply is refused",
        "",
        "**Plan: 1 to create, 3 to update, 1 to delete (1 blocked); "
        "57 unchanged, 12 unmanaged, 2 adopted, 1 released.** And 1 left out, 1 warning, see below.",
        "",
        "reconciler plan · `production` · `ab12cd3`",
        "",
        "- allowed: `too-much`, because: OPS-9",
        "",
        "| change | who is affected | guard |",
    ]
    found = read(comment)
    assert found.rows[1:3] == [
        [
            ["delete package/Legacy"],
            ["30 tenants", "ops@acme.example, e…@beta.example, k…@corp.example, 27 more"],
            ["in-use 30 users are still on it (28 active, 2 suspended)"],
        ],
        [
            ["update package/Professional", "sending.monthly_quota 250,000 → 200,000 (−20 %)"],
            [
                "201 tenants: 184 change, 17 keep an override · over the new limit now: 3 · within 10 %: 11",
                "ops@acme.example 231,400 (116 %)",
                "e…@beta.example 208,112 (104 %)",
            ],
            [""],
        ],
    ]
    assert len(found.rows) == 6
    assert next(line for line in found.html if "summary" in line) == "<details><summary>Blocked · 1</summary>\n"
    assert len(found.blocks) == 7
    assert "      to delete it: lifecycle: removed, reassign_to: Starter Plan" in found.blocks[0]


@pytest.mark.parametrize(
    ("topic", "verdict"),
    [
        (topic_of_plan(the_design_plan()), "⛔ Blocked: an apply is refused"),
        (topic_of_plan(every_operation()), "🟠 Changes, and some reduce service"),
        (topic_of_plan(plan(Create(ref=ACME, after={}, defaults=frozenset()))), "🟢 Changes"),
        (topic_of_plan(plan()), "⚪ No changes"),
        (topic_of_drift(the_design_plan(), KINDS), "🟠 Drift: the database was changed behind our back"),
        (topic_of_drift(plan(), KINDS), "⚪ No drift"),
        (Topic(command=VALIDATE, verdict="1 error", findings=(Finding(code="syntax", message="no"),)), "⛔ The files"),
        (Topic(command=VALIDATE, verdict="valid", findings=()), "🟢 The files are valid"),
    ],
)
def test_the_verdict_comes_first(topic, verdict):
    assert report(topic, FRAME).splitlines()[1].startswith(f"## {verdict}")


def test_identical_changes_are_one_row_and_every_name_is_in_the_details():
    names = [f"t{number:03}@t.example" for number in range(200)]
    changes = [
        update(Ref("tenant", name), delta("status", "active", "suspended", effect=Effect.LESS)) for name in names
    ]
    found = read(report(topic_of_plan(plan(*changes)), FRAME))
    assert found.rows[1:] == [
        [
            [
                "update tenant × 200",
                "t000@t.example, t001@t.example, t002@t.example, 197 more",
                "status active → suspended",
            ],
            ["200 tenants"],
            [""],
        ]
    ]
    assert all(name in found.blocks[0] for name in names)


def test_complaints_about_files_alone():
    complaint = Finding(
        code="dangling", message='there is no package "Growht"', ref=ACME, origin=Origin("t.yaml", 2), remedy="write it"
    )
    found = read(report(Topic(command=VALIDATE, verdict="1 error", findings=(complaint,)), FRAME))
    assert found.rows[1] == [["tenant/ops@acme.example"], [""], ['dangling there is no package "Growht"']]
    assert found.blocks == [
        '! tenant/ops@acme.example\n    ! dangling: there is no package "Growht"\n      write it\n    at t.yaml:2\n'
    ]


@pytest.mark.parametrize("piece", PIECES)
def test_a_hostile_piece_is_only_words_everywhere(piece):
    source = Source(commit=piece, only=(piece,), allowances=(Allowance(code="too-much", reason=piece),))
    finding = Finding(code="in-use", message=piece, ref=Ref("package", piece), remedy=piece, names=(piece,))
    whole = plan(
        Delete(ref=Ref("package", piece), before={}, origin=Origin(piece, 1)),
        update(Ref("role", piece), delta("description", piece, piece + "x"), note=piece),
        findings=(finding,),
        source=source,
    )
    found = read(report(topic_of_plan(replace(whole, target=piece)), FRAME))
    shown = safe_text(piece)
    assert [[line.strip() for line in cell] for cell in found.rows[1]] == [
        [f"delete package/{shown}".strip()],
        ["1 tenant", shown.strip()],
        [f"in-use {shown}".strip()],
    ]
    assert found.rows[2][0][0] == f"update role/{shown}"
    assert {"link_open", "image", "s_open", "blockquote_open"}.isdisjoint(found.types)
    assert not [words for words in found.loose if NOT_OURS.search(words)]
    assert len(found.rows) == 3


@pytest.mark.parametrize("count", [100, pytest.param(2_000, marks=pytest.mark.torture)])
def test_hostile_names_are_read_back(count):
    """Ten at a time, so that none is cut away: each stands in its row and in its folded lines, letter by letter."""
    names = hostile_names(count)
    assert len(set(names)) == count
    for start in range(0, count, 10):
        few = names[start : start + 10]
        changes = [hostile_change(name, start + at) for at, name in enumerate(few)]
        found = read(report(topic_of_plan(plan(*changes)), FRAME))
        assert [row[0][0] for row in found.rows[1:]] == [f"update package/{safe_text(name)}" for name in few]
        assert [row[0][1] for row in found.rows[1:]] == [
            f'note "{safe_text(name)}" → "{start + at} {safe_text(name)}"' for at, name in enumerate(few)
        ]
        headlines = [line for block in found.blocks for line in block.splitlines() if line.startswith("~")]
        assert headlines == [f"~ package/{safe_text(name)}" for name in few]
        assert {"link_open", "image", "s_open"}.isdisjoint(found.types)
        assert not [words for words in found.loose if NOT_OURS.search(words)]


@pytest.mark.parametrize("count", [100, pytest.param(2_000, marks=pytest.mark.torture)])
@pytest.mark.parametrize("length", [1, 30])
def test_a_comment_of_many_hostile_names_is_cut_and_says_so(count, length):
    names = [(name * length)[:250] for name in hostile_names(count)]
    comment = report(topic_of_plan(plan(*(hostile_change(name, at) for at, name in enumerate(names)))), FRAME)
    assert len(comment) <= MOST
    found = read(comment)
    rows = [row for row in found.rows[1:] if not row[0][0].startswith("cut here")]
    assert [row[0][0] for row in rows] == [f"update package/{safe_text(name)}" for name in names[: len(rows)]]
    if len(rows) < count:
        lost = f"{count - len(rows):,} of {count:,} rows"
        assert found.rows[-1][0] == [f"cut here: {lost} are not shown"]
        assert f"> **Cut: {lost} of the table" in comment
    if count * length > 1_000:
        assert len(rows) < count
    shown = sum(block.count("\n~ ") + block.startswith("~ ") for block in found.blocks)
    assert shown == count or "lines of the details" in comment


def test_a_comment_uses_the_room_it_has():
    changes = [hostile_change(f"Package {number}", number) for number in range(2_000)]
    assert MOST - 2_000 < len(report(topic_of_plan(plan(*changes)), FRAME)) <= MOST


def test_a_name_of_backticks_alone_does_not_open_the_fence():
    name = "`" * 255
    found = read(report(topic_of_plan(plan(hostile_change(name, 1))), FRAME))
    assert found.rows[1][0][0] == f"update package/{name}"
    assert found.blocks[0].startswith(f"~ package/{name}\n")


def test_a_line_of_backticks_does_not_close_the_fence():
    assert read(fenced(["```", "````x", "@all"], "diff")).blocks == ["```\n````x\n@all\n"]


def test_long_values_do_not_take_the_room_of_others():
    long = tuple(f"permission.{number}" for number in range(5_000))
    whole = plan(update(Ref("role", "Marketing"), delta("permissions", (), long)))
    comment = report(topic_of_plan(whole), FRAME)
    assert len(comment) < MOST
    assert "characters)" in read(comment).rows[1][0][1]


def test_the_marker_ends_where_it_should():
    assert marker("plan", "production") == "<!-- reconciler:plan:production -->"
    assert marker("plan", "a --> <b>") == "<!-- reconciler:plan:a%20--%3E%20%3Cb%3E -->"


def test_people_whom_no_file_names_are_masked():
    comment = report(topic_of_plan(the_design_plan()), Frame(vocabulary=KINDS))
    assert "eva@beta.example" not in comment
    assert "twin@acme.example" not in comment


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("a_b", "a_b"),
        ("_a_", "&#95;a&#95;"),
        ("a@b", "a&#64;<!-- -->b"),
        ("−20 %)", "−20 %)"),
        ("tenants.d/eu.yaml:12", "tenants.d/eu.yaml:12"),
        ("x\ny", "x&#92;x0ay"),
    ],
)
def test_sentences_are_escaped_where_it_is_needed(words, written):
    assert escaped(words) == written


def test_names_are_in_a_span_where_that_is_safe():
    assert (code("Growth"), code("a|b"), code("")) == ("`Growth`", "<code>a&#124;b</code>", "")


def test_the_same_plan_gives_the_same_comment():
    assert report(topic_of_plan(the_design_plan()), FRAME) == report(topic_of_plan(the_design_plan()), FRAME)


def hostile_change(name: str, number: int):
    return update(Ref("package", name), delta("note", name, f"{number} {name}"))


def test_who_blocks_is_said_of_the_refused():
    assert str(LEGACY) in report(topic_of_plan(the_design_plan()), FRAME)
