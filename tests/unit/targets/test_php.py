"""PHP's own form of values: plain ones are read, lists known for what they are, everything else left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.targets.sql.php import is_structure, php_text

PLAIN = [
    ("i:0;", "0"),
    ("i:-1;", "-1"),
    ("d:0.5;", "0.5"),
    ("b:1;", "1"),
    ("b:0;", ""),
    ("N;", None),
    ('s:3:"yes";', "yes"),
    ('s:2:"é";', "é"),
    ('s:0:"";', ""),
    ('s:5:"a"b"c";', 'a"b"c'),
]
AS_IT_IS = [
    "",
    "yes",
    "i:5",
    "i:five;",
    's:9:"short";',
    's:1:"é";',
    "a:0:{}",
    'O:8:"stdClass":0:{}',
    "i:1;i:2;",
    "\x00",
]
LISTS = ["a:0:{}", 'a:1:{i:0;s:4:"smtp";}', 'a:2:{i:0;s:4:"smtp";i:1;a:1:{s:2:"é";b:1;}}', "a:1:{i:0;N;}"]
NO_LISTS = [
    *("", "a:", "a:1", "a:1:{}", "a:0:{}x", 'a:1:{i:0;s:5:"smtp";}', 'a:1:{i:0;s:4:"smtp";', "a:99999:{}", "i:5;"),
    *('a:1:{i:0;O:8:"stdClass":0:{}}', "a:-1:{}", "a:1:{i:0;" * 400, "a:2:{i:0;i:1;}"),
]


@pytest.mark.parametrize(("stored", "text"), PLAIN)
def test_plain_values_are_read(stored: str, text: str | None) -> None:
    assert php_text(stored) == text


@pytest.mark.parametrize("stored", AS_IT_IS)
def test_everything_else_is_left_as_it_is(stored: str) -> None:
    assert php_text(stored) == stored


@pytest.mark.parametrize("stored", LISTS)
def test_a_whole_list_is_known(stored: str) -> None:
    assert is_structure(stored)
    assert php_text(stored) == stored


@pytest.mark.parametrize("stored", NO_LISTS)
def test_what_is_no_whole_list_is_text(stored: str) -> None:
    assert not is_structure(stored)


@given(st.text(alphabet='aisbdN:;{}"0123456789é', max_size=60))
def test_no_text_stops_it(stored: str) -> None:
    assert php_text(stored) is None or isinstance(php_text(stored), str)
    assert is_structure(stored) in (True, False)
