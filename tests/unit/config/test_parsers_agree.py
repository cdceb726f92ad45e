"""Two readers, one meaning: a file says the same whether the strict reader reads it, or the fast one, because it is
padded. Documents are drawn from a grammar of what YAML parsers are known to read differently."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st

from reconciler.config import fast_yaml
from reconciler.config.yaml import LONGEST_NUMBER, Limits, parse
from tests.support.properties import tried
from tests.unit.config.yaml_oddities import document, mutated

PADDING = f"# {'x' * fast_yaml.SMALLEST}\n"


def typed(data: Any) -> Any:
    """The data with the types of its scalars, for `1 == True`, and with the order of its keys."""
    match data:
        case dict():
            return [(key, typed(value)) for key, value in data.items()]
        case list():
            return [typed(value) for value in data]
        case _:
            return type(data), data


def differs(text: str) -> str:
    """How the fast reader's answer about a padded text differs from the strict one's about the bare one; empty: not at
    all, or there is no answer."""
    complaints = None
    for padded in (PADDING + text, f"{text}\n{PADDING}"):
        data = fast_yaml.parse_fast(padded.encode("utf-8", "replace"), Limits())
        if data is None or not fast_yaml.certain(data):
            continue
        if complaints is None:
            said, complaints = parse(text.encode("utf-8", "replace"))
        if complaints:
            return f"accepted, and refused below {fast_yaml.SMALLEST} bytes: {complaints[0].message}"
        if typed(said.data) != typed(data):
            return f"{data} above {fast_yaml.SMALLEST} bytes, {said.data} below"
    return ""


@tried(st.integers(min_value=0), examples=1_500)
def test_a_file_says_the_same_above_and_below_the_threshold(seed: int) -> None:
    chance = Random(seed)
    text = document(chance)
    if chance.random() < 0.3:
        text = mutated(text, chance)
    assert not differs(text), text


@tried(st.text(alphabet="ab0 \n:-?,[]{}#'\"._", max_size=24), examples=1_500)
def test_short_texts_of_what_means_something(text: str) -> None:
    assert not differs(f"z:\n  - k\na: {text}"), text


SIBLINGS = (
    f"a: {'0' * LONGEST_NUMBER}1",
    f"a: -{'0' * LONGEST_NUMBER}",
    f"a: +{'0' * (LONGEST_NUMBER - 1)}7",
    f"a: [{'0' * 60}]",
    f"a: 0x{'0' * 40}1F",
    f"a: 0o{'0' * 40}7",
    "a: {?b: c}",
    "a: {?: c}",
    "a: [?b]",
    "a: [x, ?b]",
    "a: [x,?b]",
    "a: {:b: c}",
    "a: [:b]",
    "a: [x, :b]",
    "a: {b: :c}",
    "a: [{b: :c}]",
    "a: [ :b]",
    "a: {b: ?c}",
    "a: {'b':?c}",
    "a: {'b'::c}",
    "a: {'b':!!str c}",
    "a: {'b':&c d}",
)


@pytest.mark.parametrize("text", SIBLINGS)
def test_what_was_accepted_in_a_large_file_only(text: str) -> None:
    assert not differs(text)
    assert fast_yaml.parse_fast((PADDING + text).encode(), Limits()) is None


def test_enough_of_what_is_drawn_reaches_the_fast_lane() -> None:
    """Else nothing is compared."""
    texts = [document(Random(seed)) for seed in range(2_000)]
    taken = [fast_yaml.parse_fast((PADDING + text).encode("utf-8", "replace"), Limits()) for text in texts]
    assert sum(data is not None and fast_yaml.certain(data) for data in taken) > 100


@pytest.mark.parametrize("text", ["[0:?]", "[a:?, 1]", "[-:?]", "{a:?}", "[0:? ]", "{a:? , b}"])
def test_a_question_mark_after_a_colon_in_a_flow_collection(text: str) -> None:
    assert not differs(f"z:\n  - k\na: {text}"), text
