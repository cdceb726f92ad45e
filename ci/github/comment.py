"""Keeps one comment at a pull request up to date: found by its marker, written anew, never a second one.

A comment is a courtesy: what goes wrong here is said, and does not change how the plan ended.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from api import Refused, ask, pages, warn

MOST = 65_000
"""Characters; GitHub takes 65,536."""


def main() -> int:
    """Write the comment. Always 0."""
    environment = re.sub(r"[^A-Za-z0-9._-]", "-", os.environ["ENVIRONMENT"])
    marker = f"<!-- reconciler:comment:{environment} -->"
    number = int(os.environ["PULL_REQUEST"])
    body = f"{marker}\n{_text(Path(os.environ['RUNNER_TEMP']) / 'reconciler-plan' / 'plan.md')}"
    try:
        found = _found(number, marker)
        if found is None:
            ask("POST", f"issues/{number}/comments", {"body": body})
        else:
            ask("PATCH", f"issues/comments/{found}", {"body": body})
    except Refused as error:
        warn(f"the plan is not at the pull request as a comment: {error}")
    return 0


def _found(number: int, marker: str) -> int | None:
    """Our comment. Anybody can write the marker, so it has to be by us as well."""
    for comment in pages(f"issues/{number}/comments"):
        if comment["user"]["login"] == os.environ["AUTHOR"] and (comment["body"] or "").startswith(marker):
            return int(comment["id"])
    return None


def _text(report: Path) -> str:
    """The plan for reviewers, or a word where there is none, and the way to the run."""
    run = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(os.environ)
    last = f"\n\n[The whole run]({run})\n"
    if not report.is_file():
        return f"**No plan could be made** (exit code {int(os.environ['EXITCODE'])}). The run tells why.{last}"
    text = report.read_text(encoding="utf-8").rstrip("\n")
    if len(text) + len(last) > MOST:
        return f"**This plan is too long for a comment; the artifact of the run holds all of it.**{last}"
    return text + last


if __name__ == "__main__":
    sys.exit(main())
