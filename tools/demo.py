"""`make demo`: the whole idea on a running ESP, in a copy of the example repository under var/demo."""

from __future__ import annotations

import difflib
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from demo_runner import REPOSITORY, Step, emptied, play

EXAMPLE = ("reconciler.yaml", "packages.d", "roles.d", "tenants.d", "schemas")

HAND_EDIT = "UPDATE esp_package SET sending_daily_limit = 40000 WHERE name = 'Professional'"

TOMBSTONE = """\
# yaml-language-server: $schema=../schemas/package.schema.json
Legacy:
  lifecycle: removed
  reassign_to: Starter Plan
  note: "OPS-402: everyone moves to Starter Plan, then the package goes"
"""


def remedy(folder: Path) -> Iterator[str]:
    """Write what the refusal asked for into the files; the difference."""
    legacy = folder / "packages.d" / "legacy.yaml"
    legacy.write_text(TOMBSTONE, encoding="utf-8")
    yield from _difference("", TOMBSTONE, "packages.d/legacy.yaml")
    for path in sorted((folder / "tenants.d").glob("*.yaml")):
        before = path.read_text(encoding="utf-8")
        after = re.sub(r"^(  package:) Legacy$", r"\1 Starter Plan", before, flags=re.MULTILINE)
        path.write_text(after, encoding="utf-8")
        yield from _difference(before, after, f"tenants.d/{path.name}")


def edit_by_hand(folder: Path) -> Iterator[str]:
    """What somebody does in the admin panel, or with a database client."""
    yield f'$ sqlite3 var/esp.db "{HAND_EDIT}"'
    connection = sqlite3.connect(folder / "var" / "esp.db")
    changed = connection.execute(HAND_EDIT).rowcount
    connection.commit()
    connection.close()
    if changed != 1:
        raise SystemExit("demo: the edit by hand hit no row")


STEPS = (
    Step("An ESP that has been running for years: tables, then customers", "database create"),
    Step("", "database seed"),
    Step("Are the files right? Not quite: a package that tenants name was taken out of the files", "validate", 1),
    Step("What would happen to the live system? Everything is shown, and the deletion is refused", "plan", 3),
    Step("Do what the refusal says: move the users, then delete; and correct the tenants' lines", remedy),
    Step("Now the files are right", "validate"),
    Step("A plan that nothing blocks, kept in a file for review", "plan --out plan.json"),
    Step("Run exactly that plan", "apply plan.json"),
    Step("Nothing is left to do", "plan"),
    Step("Somebody changes a limit by hand", edit_by_hand),
    Step("It does not go unnoticed", "drift", 2),
    Step("The packages as the admin panel shows them", "list package"),
)


def _difference(before: str, after: str, name: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", n=1, lineterm="")
    yield from lines


def main(folder: Path) -> int:
    """Play every step in a copy of the example in `folder`; 1 when one did not end as expected."""
    for name in EXAMPLE:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "var").mkdir()
    return play(STEPS, folder)


if __name__ == "__main__":
    sys.exit(main(emptied("demo")))
