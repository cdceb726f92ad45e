"""What YAML means here, and what of it is refused: the strict reader alone, without folders and kinds."""

from __future__ import annotations

import math
from typing import Any

import pytest

from reconciler.config.yaml import Limits, parse, read
from reconciler.model.errors import FileErrors

MEANING: list[tuple[str, Any]] = [
    # words that YAML 1.1 takes for booleans
    ("no", "no"),
    ("No", "No"),
    ("NO", "NO"),
    ("yes", "yes"),
    ("on", "on"),
    ("Off", "Off"),
    ("y", "y"),
    ("n", "n"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("tRue", "tRue"),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ('"true"', "true"),
    # whole numbers
    ("0", 0),
    ("-0", 0),
    ("+5", 5),
    ("-1", -1),
    ("010", 10),
    ("00123", 123),
    ("0o10", 8),
    ("0x1F", 31),
    ("0X1F", "0X1F"),
    ("-0x1F", "-0x1F"),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("1,000", "1,000"),
    ("9223372036854775808", 2**63),
    ("'12'", "12"),
    ('"12"', "12"),
    # sexagesimal, dates, versions
    ("12:30", "12:30"),
    ("190:20:30", "190:20:30"),
    ("2026-01-31", "2026-01-31"),
    ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
    ("1.2.3", "1.2.3"),
    # other numbers
    ("1.10", 1.1),
    ("1e3", 1000.0),
    ("1E-2", 0.01),
    (".5", 0.5),
    ("5.", 5.0),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    ("+.inf", math.inf),
    ("1e999", math.inf),
    (".", "."),
    ("+", "+"),
    ("-.", "-."),
    ("e3", "e3"),
    # text
    ("plain text", "plain text"),
    ("a # comment", "a"),
    ("a#b", "a#b"),
    ("a:b", "a:b"),
    ("it's", "it's"),
    ("'it''s'", "it's"),
    ('"a\\tb\\u00e9"', "a\tbé"),
    ("=", "="),
    ("x & y", "x & y"),
    ("contacts.*", "contacts.*"),
    ("é", "é"),
    ("😀", "😀"),
    ("nUll", "nUll"),
    ("''", ""),
    ("|\n  one\n  two\n", "one\ntwo\n"),
    (">-\n  one\n  two\n", "one two"),
    ("one\n  two", "one two"),
    # collections
    ("{}", {}),
    ("[]", []),
    ("[a, 1, true]", ["a", 1, True]),
    ("{b: 1, c: {d: no}}", {"b": 1, "c": {"d": "no"}}),
    ("\n- a\n- b", ["a", "b"]),
    ("[&x [1], *x]", [[1], [1]]),
]


@pytest.mark.parametrize(("written", "value"), MEANING)
def test_meaning(written: str, value: Any) -> None:
    document, complaints = parse(f"a: {written}".encode())
    assert not complaints
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(parse(b"a: .nan")[0].data["a"])


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"---\n", b"---\n# nothing\n...\n", b"\n\n", b"~"])
def test_an_empty_file_declares_nothing(content: bytes) -> None:
    assert read(content, "x.yaml").data == {}


def test_line_ends_of_another_system() -> None:
    assert parse(b"a: 1\r\nb:\r\n  c: 2\r\n")[0].data == {"a": 1, "b": {"c": 2}}


REFUSED = [
    ("null", "a: null", "refused-yaml", 1),
    ("tilde", "a: ~", "refused-yaml", 1),
    ("no value", "b: 1\na:", "refused-yaml", 2),
    ("null in a list", "a:\n  - b\n  -\n", "refused-yaml", 3),
    ("tag", "a: !!str 5", "refused-yaml", 1),
    ("own tag", "a: !thing 5", "refused-yaml", 1),
    ("bare tag", "a: ! 5", "refused-yaml", 1),
    ("tagged mapping", "a: !!map {b: 1}", "refused-yaml", 1),
    ("tagged key", "!!str a: 1", "refused-yaml", 1),
    ("object of Python", "a: !!python/object/apply:os.system [ls]", "refused-yaml", 1),
    ("merge key", "a: &x {b: 1}\nc:\n  <<: *x", "refused-yaml", 3),
    ("two documents", "a: 1\n---\nb: 2", "refused-yaml", 2),
    ("duplicate key", "a: 1\nb: 2\na: 3", "duplicate", 3),
    ("duplicate in quotes", 'a: 1\n"a": 2', "duplicate", 2),
    ("duplicate below", "a:\n  b: 1\n  b: 2", "duplicate", 3),
    ("number as key", "1: x", "type", 1),
    ("float as key", "1.5: x", "type", 1),
    ("boolean as key", "true: x", "type", 1),
    ("null as key", "~: x", "type", 1),
    ("no key", "?\n: x", "type", 1),
    ("nothing before the colon", ": x", "syntax", 1),
    ("list as key", "? [a, b]\n: c", "type", 1),
    ("mapping as key", "{a: b}: c", "type", 1),
    ("alias as key", "a: &x b\n*x : c", "type", 2),
    ("endless number as key", f"{'9' * 50}: x", "type", 1),
    ("endless number", f"a: {'9' * 5000}", "range", 1),
    ("byte order mark", "\ufeffa: 1", "syntax", 1),
    ("tab", "a:\n\tb: 1", "syntax", 2),
    ("control character", "a: 1\nb: \x01", "syntax", 2),
    ("delete", "a: \x7f", "syntax", 1),
    ("next line", "a: b\x85c", "syntax", 1),
    ("line separator", "a: b\u2028c", "syntax", 1),
    ("no character", "a: \uffff", "syntax", 1),
    ("surrogate", 'a: "\\ud800"', "syntax", 1),
    ("reserved sign", "a: 1\nb: @x", "syntax", 2),
    ("backtick", "a: `x`", "syntax", 1),
    ("second colon", "a: b: c", "syntax", 1),
    ("open quote", 'a: "b', "syntax", 1),
    ("open bracket", "a: [b\nc: d\n", "syntax", 1),
    ("wrong indent", "a:\n  b: 1\n c: 2", "syntax", 3),
    ("line without colon", "a: 1\nb\n", "syntax", 2),
    ("alias of nothing", "a: *x", "syntax", 1),
    ("alias inside its anchor", "a: &x [*x]", "syntax", 1),
    ("alias alone", "*x", "syntax", 1),
    ("other version", "%YAML 3.0\n---\na: 1", "syntax", 1),
]


@pytest.mark.parametrize(("content", "code", "line"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(content: str, code: str, line: int) -> None:
    with pytest.raises(FileErrors) as caught:
        read(content.encode(), "x.yaml")
    (finding,) = caught.value.findings
    assert finding.code == code
    assert finding.message
    assert finding.remedy
    assert finding.at_files
    assert finding.origin is not None
    assert str(finding.origin) == f"x.yaml:{line}"


def test_not_utf8_names_the_line() -> None:
    with pytest.raises(FileErrors) as caught:
        read(b"a: 1\nb: \xff\n", "x.yaml")
    assert str(caught.value.findings[0].origin) == "x.yaml:2"


def test_utf16_is_not_utf8() -> None:
    assert parse("a: 1".encode("utf-16"))[1][0].code == "syntax"


def test_all_complaints_at_once_and_the_rest_is_read() -> None:
    document, complaints = parse(b"a: ~\nb: !!str x\nc: 1\nc: 2\n3: d\ne: [~, f]\n")
    assert [complaint.code for complaint in complaints] == [
        "refused-yaml",
        "refused-yaml",
        "duplicate",
        "type",
        "refused-yaml",
    ]
    assert document.data == {"b": "x", "c": 1, "e": ["f"]}


def test_what_is_under_a_refused_key_is_thrown_away() -> None:
    document, complaints = parse(b"a: 1\na:\n  b: {c: [1, {d: 2}]}\n  ? [x]\n  : y\ne: 5\n")
    assert document.data == {"a": 1, "e": 5}
    assert [complaint.code for complaint in complaints] == ["duplicate", "type"]


def test_a_duplicate_names_both_lines() -> None:
    (complaint,) = parse(b"a: 1\n\na: 2")[1]
    assert "line 1" in complaint.message
    assert complaint.line == 3


def test_lines_of_everything() -> None:
    lines = parse(b"# c\na:\n  b: 1\n  c:\n    - x\n    - {d: 2}\n")[0].lines
    assert lines == {
        (): 1,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 4,
        ("a", "c", "0"): 5,
        ("a", "c", "1"): 6,
        ("a", "c", "1", "d"): 6,
    }


def test_aliases_carry_values() -> None:
    assert parse(b"a: &x {b: 1}\nc: *x\n&k d: &s 7\ne: *s\nf: *k\n")[0].data == {
        "a": {"b": 1},
        "c": {"b": 1},
        "d": 7,
        "e": 7,
        "f": "d",
    }


def over(content: str, limits: Limits) -> str:
    return parse(content.encode(), limits)[1][-1].code


def test_limits_hold_at_their_edge() -> None:
    limits = Limits(file_bytes=100, depth=4, aliases=2)
    assert not parse(b"a: [[[1]]]", limits)[1]
    assert over("a: [[[[1]]]]", limits) == "too-large"
    assert not parse(b"a: &x 1\nb: [*x, *x]", limits)[1]
    assert over("a: &x 1\nb: [*x, *x, *x]", limits) == "too-large"
    assert not parse(b"a" * 100, limits)[1]
    assert over("a" * 101, limits) == "too-large"


def test_aliases_count_into_the_depth() -> None:
    limits = Limits(depth=5)
    assert not parse(b"a: &x [[1]]\nb: [*x]", limits)[1]
    assert over("a: &x [[1]]\nb: [[[*x]]]", limits) == "too-large"


def bomb(levels: int, width: int) -> str:
    rows = ["a0: &a0 [x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(rows)


def test_bombs() -> None:
    assert over(bomb(9, 9), Limits()) == "too-large"
    assert over(bomb(25, 2), Limits()) == "too-large"
    assert over("a: " + "[" * 100_000, Limits()) == "too-large"
    assert over("- " * 100_000, Limits()) == "too-large"
    assert over("a: " + "{a: " * 100_000, Limits()) == "too-large"
