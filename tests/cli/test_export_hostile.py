"""Live names and values that would break the files, or give orders in them: what is exported loads again."""

from __future__ import annotations

import sqlite3
import unicodedata

import pytest

from reconciler.config.rules import silenced
from tests.support.repository import Cli, Place

CONTROLS = [chr(code) for code in (*range(1, 0x20), *range(0x7F, 0xA0))]  # SQLite's text ends at a NUL
UNSEEN = [
    *"\u2028\u2029\u202e\u2066\u200b\u200d\ufeff\ufffe\uffff\u00ad\u3000\u00a0\u2003\u115f\ue000\u0378",
    "\U000e0041",
]
ORDERS = [
    "# nolint: unnameable because",
    "x # nolint: over-limit because",
    "#nolint: wildcard x",
    "nolint: wildcard x",
    "# yaml-language-server: $schema=https://evil.example/s.json",
    "--- ",
    "... x",
    "%YAML 1.1",
    "!!python/object:os.system",
    "*alias",
    "&anchor",
    "<<",
    "? x",
    ": x",
    "- x",
    "| x",
    "> x",
    "'",
    '"',
    "\\",
    "\\x0a",
    "{x",
    "x: y",
    "x #y",
    "x\r\n# nolint: wildcard x",
    "\r",
    "\r# y",
    "x\n  role: Admin\n",
    "#",
    "${HOME}",
    "~",
    "null",
    "é" * 255,
    "x" * 256,
]
HOSTILE = [*(f"a{char}b" for char in (*CONTROLS, *UNSEEN)), *(f"{char}b" for char in CONTROLS), *ORDERS]


def fill(place: Place) -> None:
    """Objects of each such name, and good names with such values."""
    with sqlite3.connect(place.folder / "esp.db") as esp:
        role = esp.execute("SELECT id FROM esp_role LIMIT 1").fetchone()[0]
        for number, text in enumerate(HOSTILE):
            esp.execute("INSERT OR IGNORE INTO esp_role (name, description) VALUES (?, ?)", (text, text))
            esp.execute("INSERT INTO esp_role (name, description) VALUES (?, ?)", (f"Role {number}", text))
            esp.execute("INSERT OR IGNORE INTO esp_package (name, role_id) VALUES (?, ?)", (text, role))
            esp.execute("INSERT OR IGNORE INTO esp_tenant (email, name) VALUES (?, ?)", (text, text))
            esp.execute("INSERT INTO esp_tenant (email, name) VALUES (?, ?)", (f"t{number}@x.example", text))


def files(place: Place) -> dict[str, str]:
    return {
        str(path.relative_to(place.folder)): path.read_text(encoding="utf-8")
        for path in place.folder.glob("*.d/*.yaml")
    }


@pytest.mark.parametrize("more", [[], ["--complete"]])
def test_what_is_exported_of_a_hostile_system_loads_again(cli: Cli, place: Place, more: list[str]) -> None:
    fill(place)
    assert cli("export", "--write", *more).code == 0
    checked = cli("validate")
    assert checked.code == 0, checked.err
    planned = cli("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out
    before = files(place)
    assert cli("export", "--write", *more).code == 0
    assert files(place) == before
    unseen = {
        char for text in before.values() for char in text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")
    }
    assert unseen <= {"\n"}
    assert [name for name, text in before.items() if silenced(text.encode())] == []
    assert sum(text.count("left out") for text in before.values()) > 200


@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.torture)], ids=["some", "all"])
def test_drift_that_is_hostile_comes_back_and_loads_again(cli: Cli, place: Place, step: int) -> None:
    """Each text into a value that a file states, one after the other."""
    for text in HOSTILE[::step]:
        place.sql("UPDATE esp_tenant SET name = ? WHERE email = 'ops@acme.example'", text)
        place.sql("UPDATE esp_role SET description = ?", text)
        assert cli("drift", "--write-back").code in (0, 2), ascii(text)
        checked = cli("validate")
        assert checked.code == 0, (ascii(text), checked.err)
        written = files(place)
        assert not any(silenced(each.encode()) for each in written.values()), ascii(text)
