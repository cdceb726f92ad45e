"""Where the address of the database may come from, which source wins, and that two that contradict are an error: on the
command line, with a database behind each."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repository import Cli, Place

NAMED = ("option", "variable", "variable-file")
"""One is as good as the other."""
PRECEDENCE = [(name, "credential") for name in NAMED] + [("credential",), ()]

Having = Callable[..., list[str]]


@pytest.fixture
def having(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Having:
    """Lets these sources name a database each, called as the source; the arguments that the command line needs. What
    the settings name is called esp.db."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()

    def file(source: str, name: str = "") -> str:
        shutil.copy(place.folder / "esp.db", secrets / f"{source}.db")
        path = secrets / (name or f"{source}.url")
        path.write_text(f"sqlite:///{secrets / source}.db\n", encoding="utf-8")
        return str(path)

    def told(*sources: str) -> list[str]:
        if "variable" in sources:
            monkeypatch.setenv("RECONCILER_DATABASE_URL", Path(file("variable")).read_text(encoding="utf-8"))
        if "variable-file" in sources:
            monkeypatch.setenv("RECONCILER_DATABASE_URL_FILE", file("variable-file"))
        if "credential" in sources:
            monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(Path(file("credential", "db_url")).parent))
        return ["--database-url-file", file("option")] if "option" in sources else []

    return told


def used(cli: Cli, arguments: list[str]) -> str:
    """The database that a command looks into."""
    ended = cli("doctor", *arguments)
    assert ended.code == 0, ended
    lines = (line.split(maxsplit=1) for line in ended.out.splitlines())
    return next(rest[0] for label, *rest in lines if label == "connection")


@pytest.mark.parametrize("sources", PRECEDENCE, ids="+".join)
def test_the_option_and_the_variables_win_over_credentials_and_these_over_the_settings(
    cli: Cli, having: Having, sources: tuple[str, ...]
) -> None:
    winner = sources[0] if sources else "esp"
    assert used(cli, having(*sources)) == f"{winner}.db"


CONTRADICTING = [pair for count in (2, 3) for pair in itertools.combinations(NAMED, count)]


@pytest.mark.parametrize("sources", CONTRADICTING, ids="+".join)
def test_two_of_one_rank_are_an_error_that_names_both(cli: Cli, having: Having, sources: tuple[str, ...]) -> None:
    """Also when they say the same: nobody is to guess which one is meant."""
    names = {
        "option": "--database-url-file",
        "variable": "RECONCILER_DATABASE_URL",
        "variable-file": "RECONCILER_DATABASE_URL_FILE",
    }
    ended = cli("plan", *having(*sources))
    assert ended.code == 1
    assert ended.err.startswith("error: " + " and ".join(names[source] for source in sources) + " are both set")


def test_an_empty_variable_is_not_set(cli: Cli, having: Having, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_DATABASE_URL", "")
    monkeypatch.setenv("RECONCILER_DATABASE_URL_FILE", "")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    assert used(cli, []) == "esp.db"
    assert used(cli, having("option")) == "option.db"


def test_a_source_that_fails_is_not_passed_over(cli: Cli, having: Having, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a plan would be made against another database than was meant."""
    having("credential")
    monkeypatch.setenv("RECONCILER_DATABASE_URL_FILE", "/nowhere/url")
    ended = cli("plan")
    assert ended.code == 1
    assert "RECONCILER_DATABASE_URL_FILE: /nowhere/url cannot be read" in ended.err


ELSEWHERE = [
    ("packages.d/packages.yaml", "role: Marketing", "role: ${SHOP_SECRET}"),
    ("roles.d/roles.yaml", "description: Sends", 'description: "is ${SHOP_SECRET}"'),
    ("tenants.d/eu.yaml", "name: Acme", "name: ${SHOP_SECRET:?is missing}"),
    ("reconciler.yaml", "project: test", "project: ${SHOP_SECRET}"),
]


@pytest.mark.parametrize(("file", "before", "after"), ELSEWHERE, ids=[after for _, _, after in ELSEWHERE])
def test_outside_of_a_url_no_environment_is_read(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, file: str, before: str, after: str
) -> None:
    """A change that somebody proposes cannot print what a pipeline keeps secret."""
    monkeypatch.setenv("SHOP_SECRET", "canary")
    place.replace(file, before, after)
    for command in ("validate", "plan", "apply --yes"):
        ended = cli(*command.split())
        assert ended.code == 1
        assert "read here" in ended.err + ended.out
        assert "canary" not in ended.err + ended.out


def test_a_name_is_what_it_says(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "canary")
    place.write("packages.d/more.yaml", "${SHOP_SECRET}:\n  role: Marketing\n")
    ended = cli("plan")
    assert "${SHOP_SECRET}" in ended.out
    assert "canary" not in ended.err + ended.out
