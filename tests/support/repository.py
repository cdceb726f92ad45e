"""A small operator's repository, and what a person does in it."""

from __future__ import annotations

import io
import sqlite3
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SETTINGS = """
    project: test
    targets:
      esp:
        type: native
        url: sqlite:///esp.db
"""

FILES = {
    "reconciler.yaml": SETTINGS,
    "roles.d/roles.yaml": """
        Marketing:
          description: Sends
    """,
    "packages.d/packages.yaml": """
        Starter Plan:
          role: Marketing
          sending:
            daily_limit: 5000
        Growth:
          role: Marketing
          sending:
            daily_limit: 25000
    """,
    "tenants.d/eu.yaml": """
        ops@acme.example:
          name: Acme
          package: Growth
        crm@beta.example:
          name: Beta
          package: Starter Plan
          overrides:
            sending:
              daily_limit: 6000
    """,
}


@dataclass(frozen=True)
class Ended:
    """How one command line ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """A repository, and what a person does in it."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def replace(self, name: str, before: str, after: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.folder / "esp.db")
        try:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
        finally:
            connection.close()
        return rows

    def live_limit(self, package: str = "Growth") -> object:
        return self.sql("SELECT sending_daily_limit FROM esp_package WHERE name = ?", package)[0][0]


Cli = Callable[..., Ended]


class Keyboard(io.StringIO):
    """Somebody at a terminal, who types this."""

    def isatty(self) -> bool:
        return True
