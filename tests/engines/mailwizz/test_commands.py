"""The commands on a MailWizz, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz
from tests.support.mailwizz_filled import fill


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    return fill(Mailwizz(empty_database, tmp_path / "repository").installed())


def typed(mail: Mailwizz, *words: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=mail.folder,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(mail.folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_after_an_apply_it_says_what_mailwizz_still_caches(mail: Mailwizz) -> None:
    mail.declare({"package": {"Growth": {"quota.emails": 30_000}}})
    code, out, _ = typed(mail, "apply", "--yes")
    assert code == 0
    notes = [line for line in out.splitlines() if line.startswith("note: ")]
    assert len(notes) == 3
    assert "MailWizz reads options once a process" in notes[0]
    assert "clear MailWizz's cache folder" in notes[1]
    code, out, _ = typed(mail, "apply", "--yes")
    assert code == 0
    assert "note: " not in out
    mail.declare({"package": {"Growth": {"quota.emails": 31_000}}})
    _, out, _ = typed(mail, "apply", "--yes", "--json")
    assert len(json.loads(out)["afterwards"]) == 3


def test_it_lists_exports_and_refuses(mail: Mailwizz) -> None:
    code, out, _ = typed(mail, "list", "package", "--search", "star")
    assert (code, "Starter" in out, "Growth" in out) == (0, True, False)
    code, _, err = typed(mail, "list", "role")
    assert (code, 'the target "mail" holds no role' in err) == (1, True)
    assert typed(mail, "export", "--write")[0] == 0
    assert typed(mail, "plan", "--detailed-exitcode")[0] == 0
    code, out, _ = typed(mail, "doctor")
    assert code == 0
    assert "mailwizz, version 2.1.13" in out
    code, _, err = typed(mail, "database", "seed")
    assert (code, "somebody else's system" in err) == (1, True)


def test_a_quota_of_the_files_is_told_in_a_sentence(mail: Mailwizz) -> None:
    mail.declare({"package": {"Monthly": {"quota": {"emails": 1000, "time_value": 1, "action": "reset"}}}})
    code, out, _ = typed(mail, "plan")
    assert code == 0
    assert "1,000 emails" in out
