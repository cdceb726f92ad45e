"""What `fmt` makes of a text: the order of the declarations, every comment beside what it is about, one meaning."""

from __future__ import annotations

import random
import re
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.fields import nested
from reconciler.config.fmt import formatted
from reconciler.config.yaml import Limits, parse
from reconciler.kinds import KINDS

ABOUT = re.compile(r"# about (?P<path>\S+)")


def put_in_order(text: str, kind: str = "package") -> str:
    return formatted(dedent(text).lstrip("\n"), KINDS[kind], KINDS, Limits())


def test_objects_stand_by_name_and_fields_as_declared() -> None:
    assert put_in_order("""
        Growth:
          limits: {lists: 3, contacts: 2}
          sending:
            monthly_quota: 9
            daily_limit: 4
          role: Marketing
        Basic: {sending: {daily_limit: 1}, role: Marketing}
    """) == dedent("""\
        Basic: {role: Marketing, sending: {daily_limit: 1}}
        Growth:
          role: Marketing
          sending:
            daily_limit: 4
            monthly_quota: 9
          limits: {contacts: 2, lists: 3}
    """)  # fmt: skip


def test_comments_move_with_what_they_are_about() -> None:
    assert put_in_order("""
        # yaml-language-server: $schema=../schemas/package.schema.json
        # Our packages. Ask billing first.

        # for agencies
        Zed:
          # agreed in OPS-9
          limits: # all of them
            triggers: 1   # few
            # what is imported
            contacts: 5
            # nothing more here
          role: Marketing
          # the end of Zed

        # for shops

        # and for schools
        Alpha:
          role: Marketing
        # the end of the file
    """) == dedent("""\
        # yaml-language-server: $schema=../schemas/package.schema.json
        # Our packages. Ask billing first.

        # for shops

        # and for schools
        Alpha:
          role: Marketing

        # for agencies
        Zed:
          role: Marketing
          # agreed in OPS-9
          limits: # all of them
            # what is imported
            contacts: 5
            triggers: 1   # few
            # nothing more here
          # the end of Zed
        # the end of the file
    """)  # fmt: skip


def test_what_stands_under_the_modeline_is_about_the_file() -> None:
    text = "# yaml-language-server: $schema=x\n# Taken over in 2024.\nB: {role: R}\nA: {role: R}\n"
    assert put_in_order(text).splitlines()[1:3] == ["# Taken over in 2024.", "A: {role: R}"]


def test_overrides_stand_as_the_package_declares_them_and_maps_by_name() -> None:
    assert put_in_order("""
        ops@acme.example:
          overrides:
            limits: {lists: 3, contacts: 2}
            sending: {daily_limit: 1, hourly_speed: 2}
          package: Growth
    """, "tenant") == dedent("""\
        ops@acme.example:
          package: Growth
          overrides:
            sending: {hourly_speed: 2, daily_limit: 1}
            limits: {contacts: 2, lists: 3}
    """)  # fmt: skip
    assert put_in_order("G: {headers: {X-B: '1', X-A: '2'}}") == "G: {headers: {X-A: '2', X-B: '1'}}\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("B: {role: R}\nA:\n  note: |\n    long\n\n    # text\n  role: R\n", id="a text over lines"),
        pytest.param("B:\n  note: >-\n    folded\n    text\nA:\n  note: 'two\n    lines'\n  role: R", id="no line end"),
        pytest.param("B: {role: R}\r\nA:\r\n  note: x\r\n  role: R\r\n", id="other line ends"),
        pytest.param("B: {role: R}\nA: {headers: &h {X-B: '1', X-A: '2'}, role: R}\nC: {headers: *h}\n", id="an alias"),
        pytest.param("---\n# two\nB: {}\n? A\n: {note: x, role: R}\n", id="a marker and a long key"),
        pytest.param('"B": {note: "a, {b}: #c", role: R}\n\'A\': {}\n', id="quotes"),
        pytest.param("{B: {note: x, role: R}, A: {}}\n", id="all in one line"),
        pytest.param("B: {\n  note: x,\n  role: R }\nA: {}\n", id="flow over lines"),
    ],
)
def test_every_layout_keeps_its_meaning_and_stays_once_it_is_in_order(text: str) -> None:
    after = put_in_order(text)
    assert parse(after.encode())[0].data == parse(text.encode())[0].data
    assert not parse(after.encode())[1]
    assert put_in_order(after) == after


def test_what_would_mean_something_else_is_not_written() -> None:
    with pytest.raises(ValueError, match="would not mean the same"):
        put_in_order("B: {headers: &h {X-A: '1'}}\nA: {headers: *h}\n")


def test_a_comment_that_silences_goes_on_silencing_the_same() -> None:
    moved = put_in_order("B:\n  # nolint: wildcard agreed\n  note: x\n  role: R\nA: {role: R}\n")
    assert moved.splitlines()[-2:] == ["  # nolint: wildcard agreed", "  note: x"]
    with pytest.raises(ValueError, match="would not mean the same"):
        put_in_order("B:\n  role: R\n    # nolint: wildcard agreed\nA: {role: R}\n")


def test_a_file_that_does_not_load_is_left() -> None:
    with pytest.raises(ValueError, match="does not load"):
        put_in_order("A: {role: R\n")


def test_an_empty_file_is_in_order() -> None:
    assert put_in_order("# nothing yet\n") == "# nothing yet\n"


@given(seed=st.integers(0, 2**32))
def test_whatever_the_order_before_the_meaning_and_the_comments_stay(seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample(["Growth", "Starter Plan", "a b", "Ünï", "x", "Z"], chance.randint(1, 5))
    text = "\n".join(_written(chance, {name: _fields(chance) for name in names}, 0, ()))
    before, complaints = parse(text.encode())
    assert not complaints
    after = put_in_order(text)
    now, _ = parse(after.encode())
    assert now.data == before.data
    assert list(now.data) == sorted(now.data)
    assert all(_flat(fields) == sorted(_flat(fields), key=DECLARED.index) for fields in now.data.values())
    assert put_in_order(after) == after
    assert _comments(after, now) == _comments(text, before)


DECLARED = [field.name for field in KINDS["package"].fields]


def _fields(chance: random.Random) -> dict[str, Any]:
    some = [
        f for f in KINDS["package"].fields if f.name.split(".")[0] in ("role", "note", "sending", "limits", "quota")
    ]
    return nested({field.name: "1" for field in chance.sample(some, chance.randint(1, 6))})


def _flat(tree: Any, above: str = "") -> list[str]:
    if not isinstance(tree, dict):
        return [above]
    return [name for key, inner in tree.items() for name in _flat(inner, f"{above}.{key}" if above else key)]


def _written(chance: random.Random, tree: dict[str, Any], depth: int, path: tuple[str, ...]) -> list[str]:
    """YAML with comments, each of which says what it is about."""
    lines: list[str] = []
    for key, inner in chance.sample(list(tree.items()), len(tree)):
        indent, here = "  " * depth, "/".join((*path, key)).replace(" ", "_")
        lines += [""] * chance.choice((0, 0, 1, 2)) if lines else []
        lines += [f"{indent}# about {here}"] * chance.choice((0, 1, 2)) if lines else []
        if not isinstance(inner, dict):
            lines.append(f"{indent}{key}: {inner}{chance.choice(('', f'  # about {here}'))}")
        elif chance.random() < 0.3:
            lines.append(f"{indent}{key}: {_flow(chance, inner)}  # about {here}")
        else:
            lines += [f"{indent}{key}:", *_written(chance, inner, depth + 1, (*path, key))]
    return lines


def _flow(chance: random.Random, tree: Any) -> str:
    if not isinstance(tree, dict):
        return str(tree)
    return "{" + ", ".join(f"{key}: {_flow(chance, tree[key])}" for key in chance.sample(list(tree), len(tree))) + "}"


def _comments(text: str, document: Any) -> list[tuple[str, str]]:
    """Each comment with the key that it stands at, or over."""
    keys = {line: "/".join(path).replace(" ", "_") for path, line in reversed([*document.lines.items()]) if path}
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if about := ABOUT.search(line):
            at = min(known for known in keys if known >= number)
            assert keys[at] == about["path"], text
            found.append((about["path"], keys[at]))
    return sorted(found)
