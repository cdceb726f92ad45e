"""The law of names (docs/rules.md#rule-2, #rule-3)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import fault, folded


@pytest.mark.parametrize(
    ("one", "other"),
    [("Growth", "gROWTH"), (" a ", "A"), ("Café", "cafe\u0301"), ("Straße", "STRASSE"), ("\u00a0x", "X")],
)
def test_twins_fold_to_one_form(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("Café", "Cafe"), ("a b", "ab"), ("l", "1")])
def test_what_only_looks_alike_is_not_the_same(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is empty"),
        ("x" * 256, "longer than 255"),
        (" x", "blank"),
        ("x\n", "blank"),
        ("x\u00a0", "blank"),
        ("none", "a word"),
        ("a\x00b", "control"),
        ("a\x7fb", "control"),
        ("a\u202eb", "control"),
        ("a\u200db", "control"),
        ("a\u2028b", "control"),
        ("a\ud800b", "control"),
        ("e\u0301", "NFC"),
    ],
)
def test_what_the_law_refuses(name: str, says: str) -> None:
    assert says in fault(name)


@pytest.mark.parametrize("name", ["Starter Plan", "None", "ops@acme.example", "Grüne Woche", "日本", "x" * 255, "👍"])
def test_what_it_lets_pass(name: str) -> None:
    assert fault(name) == ""


@given(st.text(max_size=300))
def test_a_lawful_name_is_composed_trimmed_and_without_controls(name: str) -> None:
    if not fault(name):
        assert name == name.strip() == unicodedata.normalize("NFC", name)
        assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in name)
        assert folded(folded(name)) == folded(name)
