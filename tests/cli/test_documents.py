"""What README and docs say is what the program does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tools"))

import architecture
import demo
import readme
import reference


@pytest.mark.torture
def test_the_demo_ends_as_expected_and_the_readme_shows_it() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert readme.refreshed(text) == text, "run `make generate`"


def test_the_demo_says_when_a_step_ends_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "STEPS", (demo.Step("", "validate"),))
    (tmp_path / "demo").mkdir()
    assert demo.main(tmp_path / "demo") == 1
    assert "exit 1, expected 0" in capfd.readouterr().err


@pytest.mark.parametrize("name", reference.pages())
def test_the_reference_is_fresh(name: str) -> None:
    committed = (REPOSITORY / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == reference.pages()[name].rstrip("\n") + "\n", "run `make generate`"


def test_the_picture_of_the_floors_is_fresh() -> None:
    text = architecture.PAGE.read_text(encoding="utf-8")
    assert architecture.refreshed(text) == text, "run `make generate`"
    assert " --> " in architecture.picture()


def test_the_readme_lists_the_exit_codes() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert [
        line for line in text.splitlines() if line.startswith(tuple(f"| {n} " for n, _ in reference.EXIT_CODES))
    ] == [f"| {code} | {meaning} |" for code, meaning in reference.EXIT_CODES]


def test_the_lock_holds_hashes_and_no_address() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    packages = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line and line.endswith("\\") for line in packages)
