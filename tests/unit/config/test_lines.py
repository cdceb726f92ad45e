"""Where things stand: every field of an object has its line, however the file is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.lines import KEPT_FILES, Locator
from reconciler.config.load import load
from reconciler.config.yaml import Limits
from reconciler.kinds import KINDS
from reconciler.model.ref import Origin
from tests.unit.config.desired_state import loaded, written

PACKAGES = """\
# yaml-language-server: $schema=../schemas/package.schema.json

Starter Plan:
  role: Marketing
  sending:
    daily_limit: 5000

    # between
    hourly_speed: 500
  headers:
    X-Tier: starter
    X-Team:
      blue
  assets:
    sending_nodes:
      - smtp-1
      - smtp-2
"It's \\u00e9":
  note: |
    Growth: not a key
    at all
'Bob''s':   # comment
  note: x
-odd: {note: y}
Growth: {sending: {daily_limit: 5}}
"""


def test_lines_of_a_package(tmp_path: Path) -> None:
    sheet = loaded(tmp_path, {"packages.d/p.yaml": PACKAGES}).sheets["package"]
    assert sheet["Starter Plan"].lines == {
        "": 3,
        "role": 4,
        "sending": 5,
        "sending.daily_limit": 6,
        "sending.hourly_speed": 9,
        "headers": 10,
        "headers.X-Tier": 11,
        "headers.X-Team": 12,
        "assets": 14,
        "assets.sending_nodes": 15,
        "assets.sending_nodes.smtp-1": 16,
        "assets.sending_nodes.smtp-2": 17,
    }
    assert sheet["It's é"].lines == {"": 18, "note": 19}
    assert sheet["Bob's"].lines == {"": 22, "note": 23}
    assert sheet["-odd"].lines == {"": 24, "note": 24}
    assert sheet["Growth"].where("sending.daily_limit") == Origin("packages.d/p.yaml", 25)
    assert sheet["Growth"].where("role") == Origin("packages.d/p.yaml", 25)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("{A: {note: x},\n B: {note: y}}\n", {"": 2, "note": 2}),
        ("---\nA: {note: &n x}\nB:\n  note: *n\n", {"": 3, "note": 4}),
        ("? A\n: {note: x}\n? B\n:\n  note: y\n", {"": 3, "note": 5}),
        ("&a A: {note: x}\n&b B:\n  note: y\n", {"": 2, "note": 3}),
        ('A: {note: "x\nB: y"}\nB: {note: y}\n', {"": 2}),
        ("A: {}\nB   :\n  note: x\n", {"": 2, "note": 3}),
        ("A: {}\r\nB:\r\n  note: x\r\n", {"": 2, "note": 3}),
        ("  A: {}\n  B:\n    note: x\n", {"": 2, "note": 3}),
    ],
)
def test_unusual_files(tmp_path: Path, content: str, lines: dict[str, int]) -> None:
    desired = loaded(tmp_path, {"packages.d/p.yaml": content})
    assert desired.findings == ()
    found = desired.sheets["package"]["B"].lines
    assert {name: found.get(name) for name in lines} == lines


def test_overrides_have_lines_inside(tmp_path: Path) -> None:
    content = "a@x.example:\n  overrides:\n    sending:\n      daily_limit: 5\n      hourly_speed: inherit\n"
    record = loaded(tmp_path, {"tenants.d/t.yaml": content}).sheets["tenant"]["a@x.example"]
    assert record.values == {"overrides": {"sending.daily_limit": 5}}
    assert record.where("overrides.sending.daily_limit").line == 4


def test_a_large_file_is_cut_at_its_keys(tmp_path: Path) -> None:
    content = "".join(f"t{n}@x.example:\n  name: T{n}\n  status: active\n" for n in range(3000))
    sheet = loaded(tmp_path, {"tenants.d/t.yaml": content}).sheets["tenant"]
    assert sheet["t2999@x.example"].lines == {"": 8998, "name": 8999, "status": 9000}
    assert sheet["t0@x.example"].lines == {"": 1, "name": 2, "status": 3}


def test_a_file_that_changed_meanwhile_has_no_lines(tmp_path: Path) -> None:
    desired = loaded(tmp_path, {"packages.d/p.yaml": "A: {note: x}\n", "packages.d/q.yaml": "B: {note: x}\n"})
    (tmp_path / "packages.d/p.yaml").write_text("C: [")
    (tmp_path / "packages.d/q.yaml").unlink()
    for key in "AB":
        record = desired.sheets["package"][key]
        assert record.lines == {}
        assert record.origin.line is None
        assert record.values == {"note": "x"}


def test_only_some_texts_are_kept(tmp_path: Path) -> None:
    written(tmp_path, {f"packages.d/p{n}.yaml": f"A{n}: {{note: x}}\n" for n in range(KEPT_FILES * 2)})
    sheet = load(tmp_path, KINDS).sheets["package"]
    assert all(record.origin.line == 1 for record in sheet.values())
    locate = Locator(tmp_path, Limits())
    assert locate("packages.d/p1.yaml", "A1") == {"": 1, "note": 1}
    assert locate("packages.d/p1.yaml", "nobody") == {}
