"""The fast reader gives the strict reader's values or none: a differential test over ordinary and peculiar texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example
from hypothesis import strategies as st

from reconciler.config import fast_yaml
from reconciler.config.yaml import Limits, parse
from tests.support.properties import tried

PADDING = "# " + "x" * fast_yaml.SMALLEST + "\n"

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "Acme Ltd",
        "no",
        "true",
        "off",
        "unlimited",
        "0",
        "-1",
        "+5",
        "010",
        "0x1F",
        "0X1F",
        "0o7",
        "-0o7",
        "0b1",
        "1_000",
        "_1",
        "1_",
        "1._5",
        "4e_8",
        "12:30",
        "2026-01-31",
        "1.5",
        "1e3",
        ".5",
        "~",
        "null",
        "",
        "''",
        '"x"',
        '"x',
        "'it''s'",
        "x # y",
        "x#y",
        "x & y",
        "&x",
        "*x",
        "&x 1",
        "!!str 1",
        "! 1",
        "!x",
        "[a, b]",
        "[[a]]",
        "[[[a]]]",
        "[a",
        "{b: 1}",
        "{b: {c: 1}}",
        "{b: {c: {d: 1}}}",
        "{b:1}",
        "{",
        "|",
        ">-",
        "<<",
        "<<: x",
        "%x",
        "@x",
        "`x`",
        "? x",
        "?x",
        "- x",
        "- - x",
        "-x",
        "---",
        "...",
        "é",
        "日本",
        "😀",
        "\x85",
        "\u2028",
        "\ufeff",
        "\uffff",
        "a\tb",
        "\t",
        "a\r",
        "\x01",
        "${HOME}",
        "$HOME",
        "a\\b",
        '"a\\tb"',
        "a: b",
        "a:b",
        "a :b",
        ":",
        "a,b",
        "(a)",
        "ops1_2@x.example",
        "9" * 30,
    ]
)
INDENTS = st.sampled_from(["", "  ", "  ", "    ", "      ", " ", "\t", " " * 30])
KEYS = st.sampled_from(
    ["a: ", "b: ", "c: ", "a:", "Starter Plan: ", '"q": ', "'r': ", "1: ", "true: ", "é: ", "- ", "? ", ""]
)
LINES = st.tuples(INDENTS, KEYS, WORDS).map("".join)
PIECES = st.lists(LINES, max_size=12).map("\n".join)
NUMBERS = st.text(alphabet="0123456789+-.eExXoObB_infaNAF", max_size=7).map(lambda word: f"a: {word}")


def plain(data: Any) -> bool:
    """Whether it holds nothing that the types would send to the strict reader anyway."""
    match data:
        case dict():
            return all(isinstance(key, str) for key in data) and all(map(plain, data.values()))
        case list():
            return all(map(plain, data))
        case _:
            return isinstance(data, (str, int))


def typed(data: Any) -> Any:
    """The data with the types of its scalars, for `1 == True`."""
    match data:
        case dict():
            return {key: typed(value) for key, value in data.items()}
        case list():
            return [typed(value) for value in data]
        case _:
            return type(data), data


@tried(st.one_of(PIECES, NUMBERS, st.text(max_size=30).map(lambda text: f"a: {text}")), examples=500)
@example("a: |\n  x\n")
def test_same_values_as_the_strict_reader(text: str) -> None:
    content = (PADDING + text).encode("utf-8", "replace")
    data = fast_yaml.parse_fast(content, Limits())
    if data is None or not plain(data):
        return
    document, complaints = parse(content)
    assert not complaints
    assert typed(document.data) == typed(data)


PECULIAR = [
    "a: 1\n---\nb: 2",
    "---\na: 1",
    "a: 1\n...",
    "\ufeffa: 1",
    "a: !!str 1",
    "a: &x 1\nb: *x",
    "<<: {a: 1}",
    "a: ~x\n\tb: 1",
    "a: |\n  x",
    "a: >\n  x",
    '"a\\n": 1',
    "a: 1\r\nb: 2",
    "? a\n: b",
    "a: 1_000",
    "a: 0X1F",
    "a: -0o7",
    "a: [[[1]]]",
    "a: [b,\n  c]",
    "a: {b: {c: {d: 1}}}",
    "- - a",
    "a: \x7f",
    "a: ${HOME}",
    "a: \x85",
    "a: \u2028",
    "a: " + " " * 30 + "b",
    "a: `b",
    "a: %b",
    "a: _1",
    "a: 7_.",
    "a: ._0",
]


@pytest.mark.parametrize("text", PECULIAR)
def test_peculiar_texts_are_for_the_strict_reader(text: str) -> None:
    assert fast_yaml.parse_fast((PADDING + text).encode(), Limits()) is None or not fast_yaml.ordinary(text.encode())
    assert not fast_yaml.ordinary(text.encode())


ORDINARY = [
    "# yaml-language-server: $schema=../schemas/tenant.schema.json\na: 1",
    "# ---- Europe ----\na: 1",
    "a:\n  b: [x, y]\n  c: {d: {e: 1}}",
    "Smith & Sons: {name: 'R&D!', note: x * y}",
    "ops1_2@x.example: {}\nname_1: x\n",
    "Käse: Crème brûlée – 日本 😀",
    "a: contacts.*",
    "a: what?",
    "a: x < y",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_are_fast(text: str) -> None:
    content = (PADDING + text).encode()
    assert fast_yaml.parse_fast(content, Limits()) == parse(content)[0].data


def test_only_larger_files_within_the_limit_are_fast() -> None:
    assert fast_yaml.parse_fast(b"a: 1", Limits()) is None
    assert fast_yaml.parse_fast((PADDING + "a: 1").encode(), Limits(file_bytes=100)) is None


@pytest.mark.parametrize("text", ["- a", "a", "# nothing", "a: 1\na: 2", "a: [", "a: \xff"])
def test_what_it_cannot_read_is_for_the_strict_reader(text: str) -> None:
    assert fast_yaml.parse_fast((PADDING + text).encode("latin-1"), Limits()) is None
