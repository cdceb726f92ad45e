"""Untrusted text in markdown, read by GitHub's own parser and by one that links more: nothing is made of it."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.model.visible import safe_text
from reconciler.report.formats.markdown import code, escaped
from tests.support.hostile_names import PIECES

EAGER = MarkdownIt("gfm-like", {"html": True})
assert EAGER.linkify is not None
EAGER.linkify.set({"fuzzy_link": False})  # neither GitHub nor GitLab links a bare `evil.com`
FRAMES = (
    "| {} | b |\n| --- | --- |\n| x | {} |\n",
    "**x {} y**",
    "- allowed: `drift`, because: {}",
    "x {} y",
    "`a` {}",
)
"""Where a text may stand; the words are looked for once."""
OURS = frozenset({"p", "table", "thead", "tbody", "tr", "th", "td", "strong", "ul", "li", "code"})
MADE = re.compile(
    r"""
    @[\w-] | [#!~$&%^*][\w"] | \b(?:GH|GL)-\d | :[\w+-]+: | :// | // | www\.\S
    | [0-9a-f]{7} | \[\[ | \[[-+] | \{[-+] | \[\w
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What GitHub or GitLab make a link, a mention, a reference, a picture or a formula of, in one piece of text."""

TRICKS = (
    *("pre_www.evil.example", "__b__", "_a_", "a__b__c", "(_b_)", "*_b_*", "_www.evil.example", "~www.evil.example"),
    *("@user", "x@user", "@org/team", "a@-b.example", "mail@evil.example", "mailto:a@b.example", "xmpp:a@b.example/x"),
    *("#123", "owner/repo#1", "GH-1", "_GH-1", "gh-1", "GL-1", "!12", "group/project!1", "$5", "$x$", "$`x`$", "$$x$$"),
    *(
        "~label",
        '~"a label"',
        "%milestone",
        '%"a milestone"',
        "%1",
        "&12",
        "&amp;",
        "&lt;b&gt;",
        "^alert#1",
        "[[page]]",
    ),
    *("[[page]]", ":emoji:", ":+1:", ":a:b:", '*iteration:"x"', "[issue:1]", "[vulnerability:1]", "[- x -]", "{+ x +}"),
    *("da39a3ee5e6b4b0d3255bfef95601890afd80709", "owner/repo@da39a3e", "da39a3e...5e6b4b0", "1234567", "DA39A3EE"),
    *("http://evil.example", "https://evil.example", "ftp://evil.example", "irc://evil.example", "//evil.example"),
    *(
        "[x](http://evil.example)",
        "[x][y]",
        "[^1]",
        "![x](y)",
        "<http://evil.example>",
        "<a@b.example>",
        "<b>x</b>",
        "<!-- x",
    ),
    *(
        "a | b",
        "a \\| b",
        "\\",
        "a\\",
        "``",
        "`x",
        "[ ]",
        "[x]",
        "[!NOTE]",
        "~~x~~",
        "~x~",
        "**x**",
        "*x*",
        "==x==",
        "-->",
    ),
    *(
        "---",
        "===",
        "# x",
        "> x",
        "1. x",
        "/close",
        "::include{file=x}",
        "```",
        "{{ x }}",
        "javascript://x",
        "www\u200b.x",
    ),
)
SIGNS = st.text(st.sampled_from("_*`~[]()<>!|\\@#$%&^:/.-+=\"'{} \tabwGHL019é\n"), max_size=30)
WORDS = st.lists(st.one_of(st.sampled_from([*TRICKS, *PIECES]), SIGNS, st.text(max_size=5)), max_size=6).map("".join)


class Read(HTMLParser):
    """The pieces of text of a page, as a browser and the filters of GitHub see them, and the tags around them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces = [""]
        self.tags: set[str] = set()
        self.inside_code = 0
        self.loose: list[str] = [""]
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert not attrs, (tag, attrs)
        self.tags.add(tag)
        self.inside_code += tag == "code"
        self.loose.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside_code -= tag == "code"
        self.loose.append("")

    def handle_comment(self, data: str) -> None:
        assert data == " "
        self.loose.append("")

    def handle_data(self, data: str) -> None:
        self.pieces[-1] += data
        if not self.inside_code:
            self.loose[-1] += data


def pages(frame: str, words: str) -> list[str]:
    said = frame.format(words, words)
    by_github = cmarkgfm.github_flavored_markdown_to_html(said, Options.CMARK_OPT_UNSAFE)
    return [by_github, EAGER.render(said)]


@cache
def alone(frame: str) -> list[str]:
    """What stands around the words."""
    return ["".join(Read(page).pieces) for page in pages(frame, "§")]


def settled(words: str) -> str:
    """Blanks are no words: at an end they are cut."""
    return " ".join(words.split())


def judge(made: str, words: str) -> None:
    for frame in FRAMES:
        for page, around in zip(pages(frame, made), alone(frame), strict=True):
            read = Read(page)
            assert read.tags <= OURS, page
            expected = around.replace("§", safe_text(words))
            assert settled("".join(read.pieces)) == settled(expected), page
            assert not [piece for piece in read.loose if MADE.search(piece)], page


@pytest.mark.parametrize("words", TRICKS)
def test_a_trick_is_only_words(words: str) -> None:
    judge(escaped(words), words)
    judge(code(words), words)


@settings(max_examples=200, deadline=None)
@given(WORDS)
@example("a_" + "www.x")
def test_no_text_is_more_than_words(words: str) -> None:
    judge(escaped(words), words)
    judge(code(words), words)


@pytest.mark.parametrize("words", ["30 users are still on it (28 active, 2 not)", "−20 %)", "a_b", "5 & 6", "a: b"])
def test_ordinary_words_stay_readable(words: str) -> None:
    assert "<!--" not in escaped(words)
