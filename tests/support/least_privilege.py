"""A database with its owner and the two accounts of docs/least-privilege.md, and commands run as one of the three."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reconciler.cli.main import run
from reconciler.targets.sql.least_privilege import APPLYING, PLANNING
from tests.support import REPOSITORY
from tests.support.engines import Place, ServerPlace, place
from tests.support.engines import run as database
from tests.support.esp import CATALOGUES
from tests.support.esp_on_servers import ServerEsp
from tests.support.server_pool import ServerPool

PAGE = REPOSITORY / "docs" / "least-privilege.md"
PASSWORD = "one of your own"
OWNER = ""
ACCOUNTS = {PLANNING: "plan", APPLYING: "apply"}


@dataclass(frozen=True)
class Ended:
    """How one command line ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Who works with a repository and its database."""

    place: ServerPlace
    folder: Path
    ran: set[tuple[str, str]] = field(default_factory=set, compare=False)
    """(account, command)."""

    def name(self, account: str) -> str:
        """The account of this database: servers are shared, and accounts are of the whole server."""
        return f"{ACCOUNTS[account]}_{self.place.name}"

    def url(self, account: str) -> str:
        url = sa.make_url(self.place.url)
        if account:
            url = url.set(username=self.name(account), password=PASSWORD)
        return url.render_as_string(hide_password=False)

    def cli(self, account: str, *arguments: str, expects: int = 0) -> Ended:
        """One command line, its URL from a file."""
        secret = self.folder / f"{account or 'owner'}.url"
        secret.write_text(self.url(account), encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        config = ["-c", str(self.folder), "--database-url-file", str(secret)]
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*arguments, *config])
        self.ran.add((account, arguments[0]))
        ended = Ended(code, out.getvalue(), err.getvalue())
        assert code == expects, f"{arguments} as {account or 'owner'}: {ended}"
        return ended

    def doctor(self, account: str) -> dict[str, str]:
        """label → answer."""
        lines = self.cli(account, "doctor").out.splitlines()
        return dict(re.split(r"  +", line, maxsplit=1) for line in lines)

    def grant(self, printed: str) -> list[str]:
        """Execute the GRANTs in what was printed, for the accounts of this database; the statements."""
        statements = [self.renamed(line) for line in re.findall(r"GRANT .*;$", printed, re.M)]
        self.owner(*statements)
        return statements

    def renamed(self, statement: str) -> str:
        """The same for the accounts of this database."""
        for account in ACCOUNTS:
            statement = statement.replace(account, self.name(account))
        return statement

    def owner(self, *statements: str) -> None:
        with self.place.hand() as connection:
            for statement in statements:
                database(connection, statement)

    def let_through(self, account: str, *statements: str) -> list[str]:
        """Those that the server itself does not refuse the account. Nothing of them stays."""
        engine = sa.create_engine(self.url(account), poolclass=sa.NullPool)
        found = []
        with engine.connect() as connection:
            for statement in statements:
                try:
                    connection.exec_driver_sql(statement)
                    found.append(statement)
                except sa.exc.DBAPIError as error:
                    told = str(error.orig)
                    assert "denied" in told or "must be owner" in told, told
                connection.rollback()
        engine.dispose()
        return found

    def grantee(self, account: str) -> str:
        """The account as GRANT writes it."""
        return f"{self.name(account)}" if self.place.engine == "postgresql" else f"'{self.name(account)}'@'%'"

    def quoted(self, name: str) -> str:
        return f'"{name}"' if self.place.engine == "postgresql" else f"`{name}`"

    def create_accounts(self) -> None:
        """By the statements of the page."""
        sort = {"postgresql": "ROLE", "mariadb": "USER"}[self.place.engine]
        statements = re.findall(rf"^CREATE {sort} .*;$", PAGE.read_text(encoding="utf-8"), re.M)
        assert len(statements) == len(ACCOUNTS)
        self.owner(*map(self.renamed, statements))

    def drop_accounts(self) -> None:
        for account in ACCOUNTS:
            if self.place.engine == "postgresql":
                name = self.grantee(account)
                self.owner(f"REASSIGN OWNED BY {name} TO CURRENT_USER", f"DROP OWNED BY {name}", f"DROP ROLE {name}")
            else:
                self.owner(f"DROP USER {self.grantee(account)}")

    def create_accounts_anew(self) -> None:
        """They may nothing again."""
        self.drop_accounts()
        self.create_accounts()


@dataclass(frozen=True, kw_only=True)
class Operator(Staff):
    """The same with the built-in ESP in that database."""

    esp: ServerEsp


@contextmanager
def operator(engine: str, pool: ServerPool, folder: Path) -> Iterator[Operator]:
    """A database made by its owner, with catalogues and no customers; the accounts are there and may nothing yet."""
    found: Place = place(engine, pool, folder)
    assert isinstance(found, ServerPlace)
    esp = ServerEsp(folder / "repository", place=found, spares=iter(()))
    esp.folder.mkdir()
    esp.settings()
    esp.declare({})
    shop = Operator(place=found, folder=esp.folder, esp=esp)
    shop.cli(OWNER, "database", "create")
    with esp.hand() as connection:
        for catalogue, names in CATALOGUES.items():
            connection.executemany(f"INSERT INTO esp_{catalogue} (name) VALUES (?)", [(name,) for name in names])
    shop.create_accounts()
    try:
        yield shop
    finally:
        shop.drop_accounts()


def tables(shop: Operator) -> dict[str, list[str]]:
    """schema.table → its columns."""
    found: dict[str, list[str]] = {}
    for schema in shop.esp.place.schemas:
        rows: list[Any] = shop.esp.sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ? ORDER BY 1, 2",
            schema,
        )
        for table, column in rows:
            found.setdefault(f"{schema}.{table}", []).append(column)
    return found
