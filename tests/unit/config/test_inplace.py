"""What people wrote around a value outlives the value."""

from typing import Any

import pytest

from reconciler.config.edit import TRUSTED, Edit, edited
from reconciler.config.render import scalar
from reconciler.config.yaml import parse

TEXT = """\
# top
Growth:
  role: 'Marketing'   # r
  sending:
    daily_limit: 010   # why

    # about threads
    max_threads: off

  # perms
  permissions:
    # zero
    - a  # first
    # between
    - b
    # before c

    - c.*  # eol

  # before overrides
  overrides:
    sending:
      x: 1  # one
      # about y
      y: 2

    # about limits
    limits:
      z: 3

# tail
Other: {}

Flow: {a: 1, b: [x, y], c: {d: 1}}   # flow
# end
"""


@pytest.mark.parametrize(
    ("key", "path", "value", "gone", "come"),
    [
        ("Growth", "role", "No", ["role: 'Marketing'   # r"], ["role: 'No'          # r"]),
        ("Growth", "role", "a\nb", ["role: 'Marketing'   # r"], ['role: "a\\nb"        # r']),
        ("Growth", "role", "a\u202e b", ["role: 'Marketing'   # r"], ['role: "a\\u202E b"   # r']),
        ("Growth", "note", "a\U000e0041", [], ['note: "a\\U000E0041"']),
        ("Growth", "note", "é\xa0€", [], ['note: "é\xa0€"']),
        ("Growth", "sending.daily_limit", 5000, ["daily_limit: 010   # why"], ["daily_limit: 5000  # why"]),
        ("Growth", "sending.max_threads", 4, ["max_threads: off"], ["max_threads: 4"]),
        ("Growth", "permissions", ["b", "c.*"], ["- a  # first"], []),
        ("Growth", "permissions", ["a", "c.*"], ["- b"], []),
        ("Growth", "permissions", ["a", "b"], ["- c.*  # eol"], []),
        ("Growth", "permissions", ["a", "b", "c", "d"], ["- c.*  # eol"], ["- c", "- d"]),
        ("Growth", "permissions", ["a", "b", "c.*", "zz"], [], ["- zz"]),
        ("Growth", "overrides.sending.x", None, ["x: 1  # one"], []),
        ("Growth", "overrides.sending.y", None, ["y: 2"], []),
        ("Growth", "overrides.limits.z", None, ["limits:", "z: 3"], []),
        ("Growth", "setup_guide", False, [], ["setup_guide: false"]),
        ("Growth", "sending.hourly_speed", 1, [], ["hourly_speed: 1"]),
        ("Growth", "require.dkim", True, [], ["require:", "dkim: true"]),
        ("Other", "a.b", 1, ["Other: {}"], ["Other:", "a:", "b: 1"]),
        (
            "Flow",
            "b",
            ["x", "z"],
            ["Flow: {a: 1, b: [x, y], c: {d: 1}}   # flow"],
            ["Flow: {a: 1, b: [x, z], c: {d: 1}}   # flow"],
        ),
    ],
)
def test_all_other_lines_stay(key: str, path: str, value: Any, gone: list[str], come: list[str]) -> None:
    after = edited(TEXT, {key: [Edit(path=tuple(path.split(".")), value=value)]})
    before, now = [line.strip() for line in TEXT.splitlines()], [line.strip() for line in after.splitlines()]
    for line in gone:
        before.remove(line)
    for line in come:
        now.remove(line)
    assert now == before
    assert not parse(after.encode())[1]


def test_comments_of_what_is_replaced_as_a_whole_go_with_it() -> None:
    after = edited(TEXT, {"Growth": [Edit(path=("overrides",), value="none")]})
    assert "  # before overrides\n  overrides: none\n\n# tail\n" in after


def test_comments_around_the_first_of_two_items_find_a_new_place() -> None:
    text = "M:\n  permissions:\n    - a  # gone\n    # about b\n    - b\n"
    after = edited(text, {"M": [Edit(path=("permissions",), value=["b"])]})
    assert after == "M:\n  permissions:\n    # about b\n    - b\n"


@pytest.mark.parametrize(
    ("hidden", "shown"), [("\u202e", "\\u202e"), ("\xa0", "\\u00a0"), ("\U000e0041", "\\U000e0041")]
)
def test_what_nobody_sees_is_written_out_in_a_new_file(hidden: str, shown: str) -> None:
    assert scalar(f"a{hidden}b") == f'"a{shown}b"'
    document, complaints = parse(f'"a{shown}b": 1\n'.encode(), TRUSTED)
    assert (list(document.data), complaints) == ([f"a{hidden}b"], [])
