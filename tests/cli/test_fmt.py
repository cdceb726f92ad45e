"""`fmt` as a person calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.load import load
from reconciler.kinds import KINDS
from tests.support.repository import Cli, Place

UNTIDY = """
    # yaml-language-server: $schema=../schemas/package.schema.json
    Starter Plan:
      sending: {daily_limit: 5000}
      role: Marketing   # the smallest
    Growth:
      role: Marketing
      sending:
        daily_limit: 25000
"""


def stated(folder: Path) -> dict[str, dict[str, object]]:
    desired = load(folder, KINDS)
    assert not desired.findings
    return {kind: {key: dict(sheet.values_of(key)) for key in sheet} for kind, sheet in desired.sheets.items()}


def test_fmt_puts_files_in_order_and_changes_no_meaning(cli: Cli, place: Place) -> None:
    path = place.write("packages.d/packages.yaml", UNTIDY)
    before = stated(place.folder)
    ended = cli("fmt")
    assert (ended.code, ended.out) == (0, "packages.d/packages.yaml\ntenants.d/eu.yaml\n")
    assert path.read_text(encoding="utf-8").splitlines()[1:] == [
        "Growth:",
        "  role: Marketing",
        "  sending:",
        "    daily_limit: 25000",
        "Starter Plan:",
        "  role: Marketing   # the smallest",
        "  sending: {daily_limit: 5000}",
    ]
    assert stated(place.folder) == before
    assert cli("plan", "--detailed-exitcode").code == 0
    again = cli("fmt")
    assert (again.code, again.out) == (0, "")
    assert "in order" in again.err


def test_check_names_the_files_and_writes_none(cli: Cli, place: Place) -> None:
    path = place.write("packages.d/packages.yaml", UNTIDY)
    content, changed = path.read_bytes(), path.stat().st_mtime_ns
    ended = cli("fmt", "--check")
    assert (ended.code, ended.out) == (1, "packages.d/packages.yaml\ntenants.d/eu.yaml\n")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, changed)
    cli("fmt", "--quiet")
    ended = cli("fmt", "--check")
    assert (ended.code, ended.out) == (0, "")


def test_files_that_do_not_load_stop_all_formatting(cli: Cli, place: Place) -> None:
    path = place.write("packages.d/packages.yaml", UNTIDY)
    place.write("roles.d/wrong.yaml", "Support: {descripton: Helps}\n")
    content = path.read_bytes()
    for arguments in (["fmt"], ["fmt", "--check"]):
        ended = cli(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert "roles.d/wrong.yaml:1" in ended.err
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_put_in_order_stays_and_is_named(cli: Cli, place: Place) -> None:
    cli("fmt", "--quiet")
    text = "B: {role: Marketing, headers: &h {X-A: '1'}}\nA: {role: Marketing, headers: *h}\n"
    path = place.write("packages.d/more.yaml", text)
    ended = cli("fmt")
    assert (ended.code, ended.out) == (0, "")
    assert "packages.d/more.yaml stays as it is" in ended.err
    assert path.read_text(encoding="utf-8") == text
    assert cli("fmt", "--check").code == 0


def test_what_export_writes_is_in_order(cli: Cli, place: Place) -> None:
    place.write(
        "tenants.d/eu.yaml",
        """
        crm@beta.example:
          package: Growth
          overrides: {limits: {lists: 3, contacts: 5}, sending: {daily_limit: 6000, hourly_speed: 9}}
    """,
    )
    place.write("packages.d/headers.yaml", "Headed: {role: Marketing, headers: {X-B: one, X-A: two}}\n")
    assert cli("apply", "--yes").code == 0
    for path in place.folder.glob("*.d/*.yaml"):
        path.unlink()
    assert cli("export", "--write").code == 0
    assert cli("fmt", "--check").out == ""


@pytest.mark.parametrize("name", ["packages.d/line\nbreak.yaml"])
def test_a_name_that_cannot_be_shown_is_refused(cli: Cli, place: Place, name: str) -> None:
    place.write(name, UNTIDY)
    assert cli("fmt").code == 1


def test_the_mode_of_a_file_stays(cli: Cli, place: Place) -> None:
    path = place.write("packages.d/packages.yaml", UNTIDY)
    path.chmod(0o640)
    assert cli("fmt").code == 0
    assert path.stat().st_mode & 0o777 == 0o640
